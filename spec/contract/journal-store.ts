import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { JournalStore, type JournalStoreShape } from "../../lib/services/journal-store.ts"

/** How the contract makes a store, and lets time pass for it. */
export interface JournalStoreSubject {
  /** Each build is one more process that uses the store. */
  readonly layer: Layer.Layer<JournalStore, unknown>
  /** Lets so many milliseconds pass on the store's clock. */
  readonly elapse: (millis: number) => Effect.Effect<unknown>
  /** Provides the clock, and whatever else programs need. */
  readonly run: <A>(program: Effect.Effect<A, unknown>) => Promise<A>
}

/** What every JournalStore promises. `subject` is called once a case, and gives a store with nothing in it. */
export const journalStoreContract = (name: string, subject: () => JournalStoreSubject): void => {
  type Use = (
    store: JournalStoreShape,
    elapse: JournalStoreSubject["elapse"],
    another: Effect.Effect<JournalStoreShape, unknown, Scope.Scope>
  ) => Effect.Effect<void, unknown, Scope.Scope>

  const withStore = (use: Use) => async (): Promise<void> => {
    const { layer, elapse, run } = subject()
    const process = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, JournalStore))
    await run(Effect.scoped(Effect.flatMap(process, (store) => use(store, elapse, process))))
  }

  describe(`${name}, as a JournalStore`, () => {
    it(
      "gives back what was put, character by character",
      withStore((store) =>
        Effect.gen(function* () {
          const texts = fc.sample(fc.json(), 50)
          for (const [at, text] of [...texts, "", "\u0000", "é€😀".repeat(20_000)].entries()) {
            yield* store.put(`journal ${at}`, text, 1000)
            expect(yield* store.get(`journal ${at}`)).toBe(text)
          }
        })
      )
    )

    it(
      "gives undefined for an id that was never put",
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.put("a", "A", 1000)
          for (const id of ["b", "", "A", "a ", "*", "__proto__", "constructor"]) {
            expect(yield* store.get(id)).toBeUndefined()
          }
        })
      )
    )

    it(
      "keeps ids apart, whatever characters they have",
      withStore((store) =>
        Effect.gen(function* () {
          const ids = ["a", "A", "a:b", "a/b", "a*", "a?", "{a}", "a b", "a\n", "ä", "a\u0308", "__proto__", "0", "00"]
          for (const id of ids) yield* store.put(id, `text of ${id}`, 1000)
          for (const id of ids) expect(yield* store.get(id)).toBe(`text of ${id}`)
        })
      )
    )

    it(
      "replaces a text, and its lifetime",
      withStore((store, elapse) =>
        Effect.gen(function* () {
          yield* store.put("a", "first", 1000)
          yield* elapse(600)
          yield* store.put("a", "second", 1000)
          yield* elapse(600)
          expect(yield* store.get("a")).toBe("second")
          yield* store.put("a", "third", 100)
          yield* elapse(100)
          expect(yield* store.get("a")).toBeUndefined()
        })
      )
    )

    it(
      "forgets a text when its lifetime is over, no earlier, however often it is read",
      withStore((store, elapse) =>
        Effect.gen(function* () {
          yield* store.put("short", "S", 1000)
          yield* store.put("long", "L", 5000)
          yield* elapse(900)
          expect(yield* store.get("short")).toBe("S")
          yield* elapse(100)
          expect(yield* store.get("short")).toBeUndefined()
          expect(yield* store.get("long")).toBe("L")
          yield* elapse(4000)
          expect(yield* store.get("long")).toBeUndefined()
        })
      )
    )

    it(
      "forgets what is removed, at once, and only that",
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.put("a", "A", 1000)
          yield* store.put("b", "B", 1000)
          yield* store.remove("a")
          yield* store.remove("never put")
          expect(yield* store.get("a")).toBeUndefined()
          expect(yield* store.get("b")).toBe("B")
          yield* store.put("a", "again", 1000)
          expect(yield* store.get("a")).toBe("again")
        })
      )
    )

    it(
      "does nothing before it is run, and the same each time it is",
      withStore((store) =>
        Effect.gen(function* () {
          const put = store.put("a", "A", 1000)
          const get = store.get("a")
          expect(yield* get).toBeUndefined()
          yield* put
          expect(yield* get).toBe("A")
          yield* store.remove("a")
          yield* put
          expect(yield* get).toBe("A")
        })
      )
    )

    it(
      "takes many journals at the same time",
      withStore((store) =>
        Effect.gen(function* () {
          const ids = Array.from({ length: 200 }, (_, at) => `call ${at}`)
          const unbounded = { concurrency: "unbounded" } as const
          yield* Effect.forEach(ids, (id) => store.put(id, id.repeat(10), 1000), unbounded)
          expect(yield* Effect.forEach(ids, (id) => store.get(id), unbounded)).toEqual(ids.map((id) => id.repeat(10)))
        })
      )
    )

    it(
      "says truly whether other processes see what it holds",
      withStore((store, _, another) =>
        Effect.gen(function* () {
          const other = yield* another
          yield* store.put("a", "A", 1000)
          expect(yield* other.get("a")).toBe(store.shared ? "A" : undefined)
          yield* other.remove("a")
          expect(yield* store.get("a")).toBe(store.shared ? undefined : "A")
          expect(other.shared).toBe(store.shared)
        })
      )
    )
  })
}
