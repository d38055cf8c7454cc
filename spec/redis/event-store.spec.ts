import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type EventLimits, redisEventStore } from "mcpipe/redis"
import { expect, it } from "vitest"
import { EventStore, type EventStoreShape } from "../../lib/services/event-store.ts"
import { clients, elapse, freshPrefix, useRedis, withRedis } from "../kit/redis.ts"

withRedis("redisEventStore", () => {
  const { open } = useRedis(clients.ioredis)

  const withStore = (
    limits: EventLimits,
    use: (store: EventStoreShape, prefix: string) => Generator<Effect.Effect<any, any>, void, any>
  ) => {
    const prefix = freshPrefix()
    const build = Layer.build(redisEventStore({ client: open().client, prefix, ...limits }))
    return Effect.runPromise(
      Effect.scoped(Effect.flatMap(build, (context) => Effect.gen(() => use(Context.get(context, EventStore), prefix))))
    )
  }
  const append = (store: EventStoreShape, stream: string, number: number, text = "") =>
    store.append("s", stream, { number, text, last: false })
  const numbers = (store: EventStoreShape, stream: string, after = -1) =>
    Effect.map(store.after("s", stream, after), (events) => events?.map(({ number }) => number))
  const send = (...args: readonly [string, ...Array<string>]) => Effect.promise(() => open().send(...args))
  const bytes = (prefix: string) => Effect.map(send("HGET", `${prefix}events:{s}`, "bytes"), Number)

  it("keeps the newest events of a stream, as many as it is told to", () =>
    withStore({ maxEvents: 3 }, function* (store) {
      for (let number = 0; number < 10; number++) yield* append(store, "1", number)
      yield* append(store, "2", 1)
      expect(yield* numbers(store, "1")).toEqual([7, 8, 9])
      expect(yield* numbers(store, "2")).toEqual([1])
    }))

  it("counts a text as UTF-8 and each event 100 more, and makes room in the streams written to longest ago", () =>
    withStore({ maxSessionBytes: 1024 }, function* (store, prefix) {
      for (const [stream, number] of [
        ["a", 1],
        ["a", 2],
        ["b", 1],
        ["c", 1]
      ] as const) {
        yield* append(store, stream, number, "é".repeat(50))
        yield* elapse(open(), prefix, 1)
      }
      expect(yield* bytes(prefix)).toBe(800)
      yield* append(store, "d", 1, "x".repeat(124))
      expect(yield* bytes(prefix)).toBe(1024)
      yield* append(store, "d", 2, "")
      // below nine tenths of 1,024
      expect(yield* bytes(prefix)).toBe(724)
      expect(yield* numbers(store, "a")).toBeUndefined()
      expect(yield* numbers(store, "b")).toEqual([1])
      yield* append(store, "b", 2, "x".repeat(400))
      expect(yield* numbers(store, "c")).toBeUndefined()
      expect(yield* numbers(store, "d")).toEqual([2])
      expect(yield* numbers(store, "b")).toEqual([1, 2])
      expect(yield* bytes(prefix)).toBe(800)
    }))

  it("keeps the last event alone where it is larger than all that a session may have", () =>
    withStore({ maxSessionBytes: 1024 }, function* (store, prefix) {
      for (let number = 1; number <= 5; number++) yield* append(store, "1", number)
      yield* append(store, "2", 1)
      yield* append(store, "1", 6, "x".repeat(2000))
      expect(yield* numbers(store, "1")).toEqual([6])
      expect(yield* numbers(store, "2")).toBeUndefined()
      expect(yield* bytes(prefix)).toBe(2100)
    }))

  it("gives back the room of what is over, while the session goes on", () =>
    withStore({ ttl: 100_000 }, function* (store, prefix) {
      for (let number = 1; number <= 5; number++) yield* append(store, "old", number)
      yield* elapse(open(), prefix, 99_000)
      yield* append(store, "new", 1)
      yield* elapse(open(), prefix, 1_000)
      yield* append(store, "new", 2)
      expect(yield* bytes(prefix)).toBe(200)
      expect(yield* send("ZRANGE", `${prefix}events:{s}:written`, "0", "-1")).toEqual(["new"])
      expect((yield* send("HKEYS", `${prefix}events:{s}`)).sort()).toEqual(["bytes", "e1 new", "e2 new", "rnew"])
    }))

  it("begins a stream anew that was over when its next event came", () =>
    withStore({ ttl: 100_000 }, function* (store, prefix) {
      yield* append(store, "1", 1)
      yield* append(store, "2", 1)
      yield* elapse(open(), prefix, 99_000)
      yield* append(store, "2", 2)
      yield* elapse(open(), prefix, 1_000)
      yield* append(store, "1", 2)
      expect(yield* numbers(store, "1")).toEqual([2])
    }))

  it("keeps an event once that the client has sent again", () =>
    withStore({}, function* (store, prefix) {
      for (let again = 0; again < 3; again++) {
        for (const number of [1, 2]) yield* append(store, "1", number, "text")
      }
      expect(yield* numbers(store, "1")).toEqual([1, 2])
      expect(yield* bytes(prefix)).toBe(208)
    }))

  it("gives events in their order, though they came in another or one never came", () =>
    withStore({}, function* (store) {
      for (const number of [3, 1, 2, 7, 6]) yield* append(store, "1", number)
      expect(yield* numbers(store, "1")).toEqual([1, 2, 3, 6, 7])
      expect(yield* numbers(store, "1", 2)).toEqual([3, 6, 7])
    }))

  it("takes no longer for numbers that are far from those it has, which then are too old", () =>
    withStore({}, function* (store, prefix) {
      for (const number of [1, 2]) yield* append(store, "1", number)
      yield* append(store, "1", 999_999_999_999_999)
      expect(yield* numbers(store, "1")).toEqual([999_999_999_999_999])
      yield* append(store, "1", 3)
      expect(yield* numbers(store, "1")).toEqual([999_999_999_999_999])
      expect(yield* numbers(store, "1", 999_999_999_999_999)).toEqual([])
      expect(yield* bytes(prefix)).toBe(100)
    }))

  it("gives thousands of events in one piece", () =>
    withStore({}, function* (store) {
      const all = Array.from({ length: 3500 }, (_, at) => at)
      yield* Effect.forEach(all, (number) => append(store, "1", number), { concurrency: 100 })
      expect(yield* numbers(store, "1")).toEqual(all)
      expect(yield* numbers(store, "1", 999)).toEqual(all.slice(1000))
    }))
})
