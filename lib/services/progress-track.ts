import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { type ErrorOf, invokerOf, type ServicesOf, type SuccessOf } from "../builder/handler.ts"
import { read } from "./current-call.ts"
import type { Meter } from "./progress-meter.ts"

export interface TrackOptions<A> {
  /** How many items there are. Default: the `length` or `size` of the items; unknown where they have none. */
  readonly total?: number | undefined
  /** How many items are worked on at once, a whole number above 0 or `"unbounded"`. Default 1. */
  readonly concurrency?: number | "unbounded" | undefined
  /** Told with each report, or made from the item just finished. Default: none. */
  readonly message?: string | ((item: NoInfer<A>, index: number) => string) | undefined
}

/** What `Progress.track` walks through; a Stream or AsyncIterable is pulled as far as it is worked on. */
export type Tracked<A, E = never, R = never> = Iterable<A> | AsyncIterable<A> | Stream.Stream<A, E, R>

/** `Progress.track`, needing `S` beside what the items and `each` need. */
export type Track<S = never> = <A, Ret, E = never, R = never>(
  items: Tracked<A, E, R>,
  each: (item: A, index: number) => Ret,
  options?: TrackOptions<A>
) => Effect.Effect<Array<SuccessOf<Ret>>, E | ErrorOf<Ret>, S | R | ServicesOf<Ret>>

/** Runs `each` for every item, tells the meter after each, and gives the results in the order of the items. */
export const trackWith = (
  meter: Meter | undefined,
  given: Tracked<unknown, unknown, unknown>,
  each: (item: any, index: number) => unknown,
  options: TrackOptions<unknown> = {}
): Effect.Effect<Array<any>, any, any> => {
  const { total, concurrency = 1, message } = options
  const fault = faultOf(given, total, concurrency)
  if (fault !== undefined) return Effect.die(fault)
  // the characters of a string are fewer than its length says
  const items = typeof given === "string" ? [...given] : given
  const size = sizeOf(items)
  meter?.expect(total ?? size, total === undefined)
  const run = invokerOf(each)
  const one =
    meter === undefined
      ? run
      : (item: unknown, index: number) =>
          Effect.flatMap(run(item, index), (result) =>
            Effect.as(read(meter.increment(1, wordsOf(message, item, index))), result)
          )
  if (size !== undefined) return Effect.forEach(items as Iterable<unknown>, one, { concurrency })
  // most servers never need Stream, and it would cost each of them 30 ms at start
  return Effect.flatMap(
    Effect.promise(() => import("effect/Stream")),
    ({ fromAsyncIterable, fromIterable, mapEffect, runCollect }) => {
      const run = (stream: Stream.Stream<unknown, unknown, unknown>) =>
        runCollect(mapEffect(stream, one, { concurrency }))
      if (isStream(items)) return run(items)
      if (Symbol.asyncIterator in items) return run(fromAsyncIterable(items, (error) => error))
      // a Stream of an iterable leaves it open where it is not read to its end
      const iterator = items[Symbol.iterator]()
      const rest = { [Symbol.iterator]: () => iterator }
      return Effect.ensuring(
        run(fromIterable(rest, { chunkSize: 1 })),
        Effect.sync(() => void iterator.return?.())
      )
    }
  )
}

const wordsOf = (message: TrackOptions<unknown>["message"], item: unknown, index: number): string | undefined => {
  const words: unknown = typeof message === "function" ? message(item, index) : message
  if (words === undefined || typeof words === "string") return words
  throw new TypeError(`Progress.track: message must be a string, not ${typeof words}.`)
}

const isStream = (items: object): items is Stream.Stream<unknown, unknown, unknown> => "~effect/Stream" in items

const sizeOf = (items: Tracked<unknown, unknown, unknown>): number | undefined => {
  if (!(Symbol.iterator in items)) return undefined
  const { length, size } = items as { readonly length?: unknown; readonly size?: unknown }
  return [length, size].find((n): n is number => Number.isInteger(n) && (n as number) >= 0)
}

const faultOf = (items: unknown, total: unknown, concurrency: unknown): Error | undefined => {
  if (Effect.isEffect(items)) {
    return new TypeError("Progress.track: items is an Effect; yield* it first, and pass what it gives.")
  }
  const walkable =
    typeof items === "string" ||
    (typeof items === "object" &&
      items !== null &&
      (Symbol.iterator in items || Symbol.asyncIterator in items || isStream(items)))
  if (!walkable) return new TypeError("Progress.track: items must be an Iterable, an AsyncIterable or a Stream.")
  if (total !== undefined && !(Number.isFinite(total) && (total as number) >= 0)) {
    return new RangeError(`Progress.track: total is ${total}; it must be a number of at least 0.`)
  }
  if (concurrency !== "unbounded" && !(Number.isInteger(concurrency) && (concurrency as number) > 0)) {
    return new RangeError(`Progress.track: concurrency is ${concurrency}; use a whole number above 0, or "unbounded".`)
  }
  return undefined
}
