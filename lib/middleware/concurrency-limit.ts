import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { TryAgainLater } from "../builder/errors.ts"
import type { Needs } from "../builder/handler.ts"
import { type Middleware, middleware, type Outcome } from "../builder/middleware.ts"
import { OptionReader, upToAYear } from "../builder/options.ts"
import type { ByLayerOf } from "../builder/server-types.ts"
import { RequestContext } from "../services/request-context.ts"
import { perApp } from "./per-app.ts"
import { type Gate, gates, type Place } from "./gates.ts"
import { keyReader, type RequestKey, together } from "./request-key.ts"
import { requestScope, type RequestScope, selectionOptions } from "./selection.ts"

export interface ConcurrencyLimitOptions<R = never> extends RequestScope {
  /** Calls of one key that run at once, an integer from 1 to 1,000,000. */
  readonly max: number
  /** Which calls share the places. Default: all calls of the app together. */
  readonly key?: RequestKey<R> | undefined
  /** Calls of one key that wait, in their order, for a place; one more is refused. An integer from 0 to 1,000,000, default 0. */
  readonly queue?: number | undefined
  /** Milliseconds that a call waits at most before it is refused, an integer from 1 to a year. Default 30,000. */
  readonly queueTimeout?: number | undefined
}

const thing = "concurrencyLimit"

const known = ["max", "key", "queue", "queueTimeout", ...selectionOptions] as const

/**
 * Limits how many calls run at once in this process; those beyond wait in line, or are refused with a `TryAgainLater` (error
 * -32603; over HTTP 503, or 429 where calls have keys). Whoever is cancelled gives its place back, in line or not. On
 * 2026-07-28 a call that asks its client has no place between its rounds, and its next round gets in line again; in handshake
 * revisions it keeps its place while it waits for the answer. Used on a server and on one mounted in it, it takes one place a
 * call. A handler that calls its own server through a client waits for places that it holds itself: leave such calls out with
 * `except`. Throws a DefinitionError for options that cannot be.
 * @example server(info).use(concurrencyLimit({ max: 4, queue: 100, only: ["render"] }))
 */
export const concurrencyLimit = <R = never>(
  options: ConcurrencyLimitOptions<R>
): Middleware<never, ByLayerOf<Needs<R>>> => {
  const read = new OptionReader(thing, options, known)
  const max = read.integer("max", { min: 1, max: 1_000_000 })
  const queue = read.integer("queue", { min: 0, max: 1_000_000 }, 0)
  const queueTimeout = read.integer("queueTimeout", upToAYear, 30_000)
  const inScope = requestScope(read)
  const keyOf = keyReader(read, together)
  const gatesOf = perApp(() => gates(max, queue))

  const because = options.key === undefined ? "server" : "client"
  const whose = because === "server" ? "of these calls at once" : "of this caller's calls at once"
  const refuse = (why: string) =>
    Effect.fail(
      new TryAgainLater(`${why}; the most that run ${whose} is ${max}: try again later.`, {
        because,
        retryAfter: 1,
        data: { max }
      })
    )
  const full = refuse(queue === 0 ? "All places are taken" : "All places are taken, and so are those in line")
  const late = refuse(`No place came free within ${queueTimeout} ms`)

  const inside = (next: Effect.Effect<Outcome, unknown>, key: string, context: Context.Context<never>) => {
    const gate: Gate = gatesOf(context)
    const request = Context.getUnsafe(context as Context.Context<any>, RequestContext)
    if (gate.has(request)) return next
    let place: Place | undefined
    const enter = Effect.suspend((): Effect.Effect<Outcome, unknown> => {
      place = gate.enter(key, request)
      if (place === undefined) return full
      if (place.held) return next
      return Effect.andThen(Effect.timeoutOrElse(place.waits, { duration: queueTimeout, orElse: () => late }), next)
    })
    // registered before the place is taken, so that no interruption comes between
    return Effect.ensuring(
      enter,
      Effect.sync(() => place?.leave())
    )
  }

  return middleware({
    request: (next, request) => {
      if (!inScope(request)) return next
      return Effect.withFiber((fiber) => {
        const key = keyOf(request, fiber.context)
        if (key === undefined) return next
        if (typeof key === "string") return inside(next, key, fiber.context)
        return Effect.flatMap(key, (found) => (found === undefined ? next : inside(next, found, fiber.context)))
      })
    }
  }) as Middleware<never, any>
}
