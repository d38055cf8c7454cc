import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { StateStore, type StateStoreShape } from "../../lib/services/state-store.ts"

/** How the contract makes a store, and lets time pass for it. */
export interface StateStoreSubject {
  readonly layer: Layer.Layer<StateStore, unknown>
  /** Lets so many milliseconds pass on the store's clock. */
  readonly elapse: (millis: number) => Effect.Effect<unknown>
  /** Provides the clock, and whatever else programs need. */
  readonly run: <A>(program: Effect.Effect<A, unknown>) => Promise<A>
}

/** What every StateStore promises. `subject` is called once a case, and gives a store with nothing in it. */
export const stateStoreContract = (name: string, subject: () => StateStoreSubject): void => {
  type Use = (
    store: StateStoreShape,
    elapse: StateStoreSubject["elapse"]
  ) => Generator<Effect.Effect<any, any>, void, any>

  const withStore = (use: Use) => async (): Promise<void> => {
    const { layer, elapse, run } = subject()
    const store = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, StateStore))
    await run(Effect.scoped(Effect.flatMap(store, (store) => Effect.gen(() => use(store, elapse)))))
  }

  const textOf = (store: StateStoreShape, key: string) => Effect.map(store.get(key), (stored) => stored?.text)
  const versionOf = (store: StateStoreShape, key: string) => Effect.map(store.get(key), (stored) => stored?.version)

  describe(`${name}, as a StateStore`, () => {
    it(
      "gives back what was put, character by character",
      withStore(function* (store) {
        const texts = fc.sample(fc.oneof(fc.json(), fc.string({ unit: "binary", maxLength: 500 })), 50)
        for (const [at, text] of [...texts, "", "\u0000", "é€😀".repeat(20_000)].entries()) {
          expect(yield* store.put(`key ${at}`, text, undefined, 1000)).toBe(true)
          expect(yield* textOf(store, `key ${at}`)).toBe(text)
        }
      })
    )

    it(
      "keeps keys apart, whatever characters they have, and knows nothing under others",
      withStore(function* (store) {
        const keys = ["a", "A", "a:b", "a/b", "a*", "{a}", "a b", "a\n", "ä", "a\u0308", "__proto__", '["a","b"]', ""]
        for (const key of keys) yield* store.put(key, `text of ${key}`, undefined, 1000)
        for (const key of keys) expect(yield* textOf(store, key)).toBe(`text of ${key}`)
        for (const key of ["b", "a ", "*", "constructor"]) expect(yield* store.get(key)).toBeUndefined()
      })
    )

    it(
      "puts a first text only where none is",
      withStore(function* (store) {
        expect(yield* store.put("a", "first", undefined, 1000)).toBe(true)
        expect(yield* store.put("a", "second", undefined, 1000)).toBe(false)
        expect(yield* textOf(store, "a")).toBe("first")
      })
    )

    it(
      "replaces a text only for whoever has seen it as it is",
      withStore(function* (store) {
        yield* store.put("a", "first", undefined, 1000)
        const first = yield* versionOf(store, "a")
        expect(yield* store.put("a", "second", first, 1000)).toBe(true)
        const second = yield* versionOf(store, "a")
        expect(second).not.toBe(first)
        expect(yield* store.put("a", "late", first, 1000)).toBe(false)
        expect(yield* store.put("a", "made up", "no such version", 1000)).toBe(false)
        expect(yield* store.get("a")).toEqual({ text: "second", version: second })
        expect(yield* store.put("b", "never there", first, 1000)).toBe(false)
        expect(yield* store.get("b")).toBeUndefined()
      })
    )

    it(
      "gives the same text a new version, and no version twice",
      withStore(function* (store) {
        const seen: Array<string | undefined> = []
        for (let round = 0; round < 5; round++) {
          yield* store.put("a", "same", undefined, 1000)
          const made = yield* versionOf(store, "a")
          yield* store.put("a", "same", made, 1000)
          seen.push(made, yield* versionOf(store, "a"))
          yield* store.remove("a")
          expect(yield* store.put("a", "ghost", made, 1000)).toBe(false)
        }
        expect(new Set(seen).size).toBe(10)
      })
    )

    it(
      "forgets a text when its lifetime is over, no earlier, however often it is read",
      withStore(function* (store, elapse) {
        yield* store.put("short", "S", undefined, 1000)
        yield* store.put("long", "L", undefined, 5000)
        yield* elapse(900)
        expect(yield* textOf(store, "short")).toBe("S")
        yield* elapse(100)
        expect(yield* store.get("short")).toBeUndefined()
        expect(yield* textOf(store, "long")).toBe("L")
        expect(yield* store.put("short", "again", undefined, 1000)).toBe(true)
      })
    )

    it(
      "begins the lifetime anew with every put, and takes none from one that was refused",
      withStore(function* (store, elapse) {
        yield* store.put("a", "first", undefined, 1000)
        yield* elapse(600)
        expect(yield* store.put("a", "refused", undefined, 9000)).toBe(false)
        yield* store.put("a", "second", yield* versionOf(store, "a"), 1000)
        yield* elapse(600)
        expect(yield* textOf(store, "a")).toBe("second")
        yield* elapse(400)
        expect(yield* store.get("a")).toBeUndefined()
      })
    )

    it(
      "does not take an expired text for the one that was seen",
      withStore(function* (store, elapse) {
        yield* store.put("a", "first", undefined, 1000)
        const first = yield* versionOf(store, "a")
        yield* elapse(1000)
        expect(yield* store.put("a", "second", first, 1000)).toBe(false)
        expect(yield* store.get("a")).toBeUndefined()
      })
    )

    it(
      "forgets what is removed, at once, and only that",
      withStore(function* (store) {
        yield* store.put("a", "A", undefined, 1000)
        yield* store.put("b", "B", undefined, 1000)
        yield* store.remove("a")
        yield* store.remove("never put")
        expect(yield* store.get("a")).toBeUndefined()
        expect(yield* textOf(store, "b")).toBe("B")
      })
    )

    it(
      "does nothing before it is run, and the same each time it is",
      withStore(function* (store) {
        const put = store.put("a", "A", undefined, 1000)
        const remove = store.remove("a")
        expect(yield* store.get("a")).toBeUndefined()
        expect([yield* put, yield* put]).toEqual([true, false])
        yield* remove
        expect(yield* put).toBe(true)
      })
    )

    it(
      "lets exactly one of many win that put at the same time",
      withStore(function* (store) {
        const racers = Array.from({ length: 50 }, (_, at) => `racer ${at}`)
        const race = (seen: string | undefined) =>
          Effect.map(
            Effect.forEach(racers, (text) => store.put("a", text, seen, 1000), { concurrency: "unbounded" }),
            (won) => racers.filter((_, at) => won[at])
          )
        for (let round = 0; round < 5; round++) {
          const winners: Array<string> = yield* race(yield* versionOf(store, "a"))
          expect(winners).toHaveLength(1)
          expect(yield* textOf(store, "a")).toBe(winners[0])
        }
      })
    )
  })
}
