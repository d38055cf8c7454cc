import { DefinitionError, Effect } from "mcpipe"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { EventStore, type EventStoreShape, type MemoryEventsOptions } from "../../lib/services/event-store.ts"
import { eventStoreContract } from "../contract/event-store.ts"

const run = <A>(program: Effect.Effect<A, unknown>) => Effect.runPromise(Effect.provide(program, TestClock.layer()))

eventStoreContract("EventStore.layerMemory", () => ({
  layer: EventStore.layerMemory(),
  ttl: 1_800_000,
  elapse: TestClock.adjust,
  run
}))

describe("EventStore.layerMemory", () => {
  const withStore = (
    options: MemoryEventsOptions,
    use: (store: EventStoreShape) => Generator<Effect.Effect<any, any>, void, any>
  ) =>
    run(
      Effect.provide(
        Effect.flatMap(EventStore, (store) => Effect.gen(() => use(store))),
        EventStore.layerMemory(options)
      )
    )
  const append = (store: EventStoreShape, session: string, stream: string, number: number, text = "") =>
    store.append(session, stream, { number, text, last: false })
  const numbers = (store: EventStoreShape, session: string, stream: string) =>
    Effect.map(store.after(session, stream, -1), (events) => events?.map(({ number }) => number))

  it("keeps the newest events of a stream, as many as it was told", () =>
    withStore({ maxEvents: 3 }, function* (store) {
      for (let n = 1; n <= 5; n++) yield* append(store, "s", "1", n)
      expect(yield* numbers(store, "s", "1")).toEqual([3, 4, 5])
    }))

  it("lets the oldest events of a session make room for its newest, and no other session's", () =>
    withStore({ maxSessionBytes: 1024 }, function* (store) {
      yield* append(store, "other", "1", 1, "x".repeat(400))
      for (let n = 1; n <= 4; n++) yield* append(store, "s", "old", n)
      yield* TestClock.adjust(1)
      for (let n = 1; n <= 6; n++) yield* append(store, "s", "new", n)
      // ten events of 100 bytes
      expect(yield* numbers(store, "s", "old")).toEqual([1, 2, 3, 4])
      yield* append(store, "s", "new", 7)
      expect(yield* numbers(store, "s", "old")).toEqual([3, 4])
      yield* append(store, "s", "new", 8, "x".repeat(1_000))
      expect(yield* numbers(store, "s", "old")).toBeUndefined()
      expect(yield* numbers(store, "s", "new")).toEqual([8])
      expect(yield* numbers(store, "other", "1")).toEqual([1])
    }))

  it("forgets the streams written to longest ago where all sessions together have too much", () =>
    withStore({ maxBytes: 1024 }, function* (store) {
      for (const session of "abcdefghij") {
        yield* append(store, session, "1", 1)
        yield* TestClock.adjust(1)
      }
      yield* append(store, "a", "1", 2)
      expect(yield* numbers(store, "a", "1")).toEqual([1, 2])
      expect(yield* numbers(store, "b", "1")).toBeUndefined()
      expect(yield* numbers(store, "c", "1")).toBeUndefined()
      expect(yield* numbers(store, "d", "1")).toEqual([1])
    }))

  it("gives back the room of what is removed and of what is over", () =>
    withStore({ maxBytes: 1024, ttl: 1000 }, function* (store) {
      for (let round = 0; round < 50; round++) {
        for (const session of "abcde") yield* append(store, session, "1", round)
        if (round % 2 === 0) yield* TestClock.adjust(1000)
        else for (const session of "abcde") yield* store.remove(session)
        yield* append(store, "s", "1", round, "x".repeat(200))
        expect(yield* numbers(store, "s", "1")).toContain(round)
      }
      for (const session of "abcd") yield* append(store, session, "1", 1)
      for (const session of "abcd") expect(yield* numbers(store, session, "1")).toEqual([1])
    }))

  it.each([
    [{ maxEvents: 0 }, "EventStore.layerMemory: maxEvents is 0; use an integer of 1 or more."],
    [{ maxSessionBytes: 1 }, "EventStore.layerMemory: maxSessionBytes is 1; use an integer of 1024 or more."],
    [{ maxBytes: 1.5 }, "EventStore.layerMemory: maxBytes is 1.5; use an integer of 1024 or more."],
    [{ ttl: -1 }, "EventStore.layerMemory: ttl is -1; use an integer of 1 or more."]
  ])("refuses %o", (options, message) => {
    expect(() => EventStore.layerMemory(options)).toThrow(new DefinitionError(message))
  })
})
