import { DefinitionError, Effect } from "mcpipe"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { type MemoryStoreOptions, StateStore, type StateStoreShape } from "../../lib/services/state-store.ts"
import { stateStoreContract } from "../contract/state-store.ts"

const run = <A>(program: Effect.Effect<A, unknown>) => Effect.runPromise(Effect.provide(program, TestClock.layer()))

stateStoreContract("StateStore.layerMemory", () => ({
  layer: StateStore.layerMemory(),
  elapse: TestClock.adjust,
  run
}))

describe("StateStore.layerMemory", () => {
  const withStore = (
    options: MemoryStoreOptions,
    use: (store: StateStoreShape) => Generator<Effect.Effect<any, any>, void, any>
  ) =>
    run(
      Effect.provide(
        Effect.flatMap(StateStore, (store) => Effect.gen(() => use(store))),
        StateStore.layerMemory(options)
      )
    )
  const kept = (store: StateStoreShape, keys: string) =>
    Effect.map(
      Effect.forEach([...keys], (key) => store.get(key)),
      (found) => [...keys].filter((_, at) => found[at] !== undefined).join("")
    )

  it("drops what was not used for longest once there are too many: reading and writing are uses", () =>
    withStore({ maxEntries: 3 }, function* (store) {
      for (const key of "abc") yield* store.put(key, key, undefined, 1000)
      const version = (yield* store.get("a"))?.version
      yield* store.put("b", "B", (yield* store.get("b"))?.version, 1000)
      yield* store.put("d", "d", undefined, 1000)
      expect(yield* kept(store, "abcd")).toBe("abd")
      expect(yield* store.put("c", "c", undefined, 1000)).toBe(true)
      expect(yield* store.put("a", "late", version, 1000)).toBe(false)
    }))

  it("counts two bytes a character of keys and texts, and gives back the room of what is replaced, removed or over", () =>
    withStore({ maxBytes: 2 ** 20 }, function* (store) {
      const third = "x".repeat(2 ** 19 / 3 - 1)
      for (const key of "abc") yield* store.put(key, third, undefined, 1000)
      yield* store.put("c", third, (yield* store.get("c"))?.version, 1000)
      expect(yield* kept(store, "abc")).toBe("abc")
      yield* store.remove("b")
      yield* store.put("d", third, undefined, 5000)
      expect(yield* kept(store, "acd")).toBe("acd")
      yield* TestClock.adjust(1000)
      expect(yield* kept(store, "acd")).toBe("d")
      for (const key of "ef") yield* store.put(key, third, undefined, 1000)
      expect(yield* kept(store, "def")).toBe("def")
      yield* store.put("g", "xxx", undefined, 1000)
      expect(yield* kept(store, "defg")).toBe("efg")
    }))

  it("keeps 10,000 by default", () =>
    withStore({}, function* (store) {
      for (let at = 0; at <= 10_000; at++) yield* store.put(String(at), "", undefined, 1000)
      expect(yield* store.get("0")).toBeUndefined()
      expect((yield* store.get("1"))?.text).toBe("")
    }))

  it.each([
    [{ maxEntries: 0 }, "StateStore.layerMemory: maxEntries is 0; use an integer of 1 or more."],
    [{ maxEntries: 1.5 }, "StateStore.layerMemory: maxEntries is 1.5; use an integer of 1 or more."],
    [{ maxBytes: 1000 }, "StateStore.layerMemory: maxBytes is 1000; use an integer of 1048576 or more."]
  ])("refuses %o", (options, message) => {
    expect(() => StateStore.layerMemory(options)).toThrow(new DefinitionError(message))
  })
})
