import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EventStore, type EventStoreShape, type StoredEvent } from "../../lib/services/event-store.ts"

/** How the contract makes a store, and lets time pass for it. */
export interface EventStoreSubject {
  /** Keeps at least 1,000 events a stream, and what fits into 4 MiB a session. */
  readonly layer: Layer.Layer<EventStore, unknown>
  /** More events than the layer keeps of a stream. Default 20,000. */
  readonly tooMany?: number | undefined
  /** Milliseconds for which the layer keeps a stream after its last event. */
  readonly ttl: number
  /** Lets so many milliseconds pass on the store's clock. */
  readonly elapse: (millis: number) => Effect.Effect<unknown>
  /** Provides the clock, and whatever else programs need. */
  readonly run: <A>(program: Effect.Effect<A, unknown>) => Promise<A>
}

/** What every EventStore promises. `subject` is called once a case, and gives a store with nothing in it. */
export const eventStoreContract = (name: string, subject: () => EventStoreSubject): void => {
  type Use = (store: EventStoreShape, subject: EventStoreSubject) => Generator<Effect.Effect<any, any>, void, any>

  const withStore = (use: Use) => async (): Promise<void> => {
    const made = subject()
    const store = Effect.map(Layer.build(Layer.fresh(made.layer)), (context) => Context.get(context, EventStore))
    await made.run(Effect.scoped(Effect.flatMap(store, (store) => Effect.gen(() => use(store, made)))))
  }

  const event = (number: number, text = `{"n":${number}}`, last = false): StoredEvent => ({ number, text, last })
  const append = (store: EventStoreShape, session: string, stream: string, ...numbers: ReadonlyArray<number>) =>
    Effect.forEach(numbers, (number) => store.append(session, stream, event(number, `${session} ${stream} ${number}`)))
  const numbers = (store: EventStoreShape, session: string, stream: string, after = -1) =>
    Effect.map(store.after(session, stream, after), (events) => events?.map(({ number }) => number))

  describe(`${name}, as an EventStore`, () => {
    it(
      "gives back what was appended after a number, oldest first, character by character",
      withStore(function* (store) {
        const texts = ["", ...fc.sample(fc.json(), 20), "é€😀".repeat(1000), '{"a":"\\u0000"}']
        const events = texts.map((text, at) => event(at, text, at === texts.length - 1))
        for (const one of events) yield* store.append("s", "1", one)
        expect(yield* store.after("s", "1", -1)).toEqual(events)
        expect(yield* store.after("s", "1", 0)).toEqual(events.slice(1))
        expect(yield* store.after("s", "1", 7)).toEqual(events.slice(8))
      })
    )

    it(
      "tells a stream that has nothing after a number from one it does not know",
      withStore(function* (store) {
        yield* append(store, "s", "1", 1, 2)
        expect(yield* store.after("s", "1", 2)).toEqual([])
        expect(yield* store.after("s", "1", 99)).toEqual([])
        for (const stream of ["2", "", "11", "*", "__proto__", "constructor"]) {
          expect(yield* store.after("s", stream, -1)).toBeUndefined()
        }
        expect(yield* store.after("other", "1", -1)).toBeUndefined()
      })
    )

    it(
      "keeps sessions and streams apart, whatever their names have in common",
      withStore(function* (store) {
        const places = [
          ["s", "1"],
          ["s", "2"],
          ["s:1", "1"],
          ["s", "1:1"],
          ["S", "1"],
          ["s1", ""],
          ["s*", "1"],
          ["{s}", "__proto__"]
        ] as const
        for (const [session, stream] of places) yield* append(store, session, stream, 1, 2)
        for (const [session, stream] of places) {
          expect(yield* store.after(session, stream, 1)).toEqual([event(2, `${session} ${stream} 2`)])
        }
      })
    )

    it(
      "keeps the order of appends that nobody waited for",
      withStore(function* (store) {
        const all = Array.from({ length: 500 }, (_, at) => at + 1)
        yield* Effect.forEach(all, (number) => store.append("s", "1", event(number)), { concurrency: "unbounded" })
        expect(yield* numbers(store, "s", "1")).toEqual(all)
      })
    )

    it(
      "forgets all streams of a session that is removed, and of no other",
      withStore(function* (store) {
        yield* append(store, "s", "1", 1)
        yield* append(store, "s", "2", 1)
        yield* append(store, "s2", "1", 1)
        yield* store.remove("s")
        yield* store.remove("never there")
        expect(yield* numbers(store, "s", "1")).toBeUndefined()
        expect(yield* numbers(store, "s", "2")).toBeUndefined()
        expect(yield* numbers(store, "s2", "1")).toEqual([1])
        yield* append(store, "s", "1", 7)
        expect(yield* numbers(store, "s", "1")).toEqual([7])
      })
    )

    it(
      "forgets a stream when its lifetime is over, which each of its events begins anew",
      withStore(function* (store, { ttl, elapse }) {
        yield* append(store, "s", "old", 1)
        yield* append(store, "s", "1", 1)
        yield* elapse(ttl * 0.6)
        yield* append(store, "s", "1", 2)
        yield* elapse(ttl * 0.6)
        expect(yield* numbers(store, "s", "1")).toEqual([1, 2])
        expect(yield* numbers(store, "s", "old")).toBeUndefined()
        yield* elapse(ttl * 0.5)
        expect(yield* numbers(store, "s", "1")).toBeUndefined()
      })
    )

    it(
      "keeps a bounded number of events a stream, the newest, and leaves other streams alone",
      withStore(function* (store, { tooMany = 20_000 }) {
        yield* append(store, "s", "quiet", 1)
        const all = Array.from({ length: tooMany }, (_, at) => at + 1)
        yield* Effect.forEach(all, (number) => store.append("s", "1", event(number, "x")), { concurrency: 100 })
        const kept: ReadonlyArray<number> = (yield* numbers(store, "s", "1")) ?? []
        expect(kept.length).toBeGreaterThanOrEqual(1000)
        expect(kept.length).toBeLessThan(tooMany)
        expect(kept).toEqual(all.slice(-kept.length))
        expect(yield* numbers(store, "s", "quiet")).toEqual([1])
      })
    )

    it(
      "keeps the last event of a stream, however large it is",
      withStore(function* (store) {
        yield* append(store, "s", "1", 1, 2)
        const large = event(3, "x".repeat(3_000_000), true)
        yield* store.append("s", "1", large)
        expect((yield* store.after("s", "1", 2)) as unknown).toEqual([large])
      })
    )

    it(
      "does nothing before it is run",
      withStore(function* (store) {
        store.append("s", "1", event(1))
        expect(yield* numbers(store, "s", "1")).toBeUndefined()
        yield* append(store, "s", "1", 1)
        store.remove("s")
        expect(yield* numbers(store, "s", "1")).toEqual([1])
      })
    )
  })
}
