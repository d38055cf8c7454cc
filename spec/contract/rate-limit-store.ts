import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { type RateLimit, RateLimitStore } from "../../lib/services/rate-limit-store.ts"

/** How the contract makes a store, and lets time pass for it. */
export interface RateLimitStoreSubject {
  readonly layer: Layer.Layer<RateLimitStore, unknown>
  /** Lets so many milliseconds pass on the store's clock. */
  readonly elapse: (millis: number) => Effect.Effect<unknown>
  /** Provides the clock, and whatever else programs need. */
  readonly run: <A>(program: Effect.Effect<A, unknown>) => Promise<A>
  /** Milliseconds by which times may be off, as a clock that does not stand still makes them; a multiple of windows below. */
  readonly slack: number
}

/** Long enough for nothing to come back while a case runs. */
const window = 10_000_000

const bucket = (more: Partial<RateLimit> = {}): RateLimit => ({
  name: "bucket",
  algorithm: "token-bucket",
  limit: 10,
  window,
  burst: 10,
  ...more
})

const sliding = (more: Partial<RateLimit> = {}): RateLimit => ({
  name: "sliding",
  algorithm: "sliding-window",
  limit: 10,
  window,
  burst: 10,
  ...more
})

const [tens, tensInAny] = [bucket(), sliding()]

/** What every RateLimitStore promises. `subject` is called once a case, and gives a store with nothing in it. */
export const rateLimitStoreContract = (name: string, subject: () => RateLimitStoreSubject): void => {
  interface Used {
    readonly take: (limit: RateLimit, key: string, weight?: number) => Effect.Effect<number, unknown>
    readonly elapse: RateLimitStoreSubject["elapse"]
    /** Between so much and so much less as the clock may have gone on. */
    readonly about: (wait: number, millis: number) => void
  }

  const withStore = (use: (used: Used) => Generator<Effect.Effect<any, any>, void, any>) => async (): Promise<void> => {
    const { layer, elapse, run, slack } = subject()
    const store = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, RateLimitStore))
    const program = Effect.flatMap(store, (store) => {
      const take: Used["take"] = (limit, key, weight = 1) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const wait = store.take(limit, key, weight, now)
          return typeof wait === "number" ? Effect.succeed(wait) : wait
        })
      const about: Used["about"] = (wait, millis) => {
        expect(wait).toBeLessThanOrEqual(millis)
        expect(wait).toBeGreaterThanOrEqual(millis - slack)
        expect(wait).toSatisfy(Number.isInteger)
      }
      return Effect.gen(() => use({ take, elapse, about }))
    })
    await run(Effect.scoped(program))
  }

  describe(`${name}, as a RateLimitStore`, () => {
    it(
      "gives a bucket's tokens at once, then says when the next comes back, and takes nothing where it refuses",
      withStore(function* ({ take, elapse, about }) {
        for (let n = 0; n < 10; n++) expect(yield* take(tens, "a")).toBe(0)
        for (let n = 0; n < 3; n++) about(yield* take(tens, "a"), window / 10)
        about(yield* take(tens, "a", 4), (window / 10) * 4)
        yield* elapse(window / 10)
        expect(yield* take(tens, "a")).toBe(0)
        about(yield* take(tens, "a"), window / 10)
      })
    )

    it(
      "fills a bucket up to its burst, and no further",
      withStore(function* ({ take, elapse, about }) {
        for (const burst of [2, 25]) {
          const limit = bucket({ burst, name: `burst-${burst}` })
          for (let round = 0; round < 2; round++) {
            expect(yield* take(limit, "a", burst)).toBe(0)
            about(yield* take(limit, "a"), window / 10)
            yield* elapse(10 * window)
          }
        }
      })
    )

    it(
      "takes fractions, and adds them up as they are",
      withStore(function* ({ take }) {
        for (const limit of [tens, tensInAny]) {
          for (let n = 0; n < 100; n++) expect(yield* take(limit, "a", 0.1)).toBe(0)
          expect(yield* take(limit, "a", 0.1)).toBeGreaterThan(0)
        }
      })
    )

    it(
      "counts in a sliding window all of what was taken, until it is a window ago and up to a twentieth longer",
      withStore(function* ({ take, elapse }) {
        expect(yield* take(tensInAny, "a", 4)).toBe(0)
        yield* elapse(window / 2)
        expect(yield* take(tensInAny, "a", 6)).toBe(0)
        const wait = yield* take(tensInAny, "a", 4)
        expect(wait).toBeGreaterThan(window / 2 - window / 100)
        expect(wait).toBeLessThanOrEqual(window / 2 + window / 20)
        expect(yield* take(tensInAny, "a", 5)).toBeGreaterThan(window - window / 100)
        yield* elapse(window / 2)
        const rest = yield* take(tensInAny, "a")
        expect(rest).toBeGreaterThan(0)
        expect(rest).toBeLessThanOrEqual(window / 20)
        yield* elapse(window / 20)
        expect(yield* take(tensInAny, "a", 4)).toBe(0)
        expect(yield* take(tensInAny, "a")).toBeGreaterThan(0)
        yield* elapse(3 * window)
        expect(yield* take(tensInAny, "a", 10)).toBe(0)
      })
    )

    it(
      "keeps keys and limits apart, whatever characters they have",
      withStore(function* ({ take }) {
        const keys = ["a", "A", "a:b", "{a}", "a b", "a\n", "ä", "__proto__", "constructor", ""]
        for (const limit of [bucket({ limit: 1, burst: 1 }), sliding({ limit: 1, burst: 1 })]) {
          for (const key of keys) expect(yield* take(limit, key)).toBe(0)
          for (const key of keys) expect(yield* take(limit, key)).toBeGreaterThan(0)
        }
        const others = [
          bucket({ limit: 1, burst: 1, name: "other" }),
          sliding({ limit: 1, burst: 1, name: "other" }),
          sliding({ limit: 1, burst: 1, name: "other", window: window * 2 })
        ]
        for (const limit of others) expect(yield* take(limit, "a")).toBe(0)
      })
    )

    it(
      "lets exactly as many through as there are, of many that come at the same time",
      withStore(function* ({ take }) {
        for (const limit of [tens, tensInAny]) {
          const unbounded = { concurrency: "unbounded" } as const
          const waits: Array<number> = yield* Effect.forEach(
            Array.from({ length: 100 }),
            () => take(limit, "a"),
            unbounded
          )
          expect(waits.filter((wait) => wait === 0)).toHaveLength(10)
        }
      })
    )

    it(
      "lets through again after as long as it said",
      withStore(function* ({ take, elapse }) {
        for (const limit of [bucket({ limit: 7, burst: 3 }), sliding({ limit: 7, burst: 7, window: window + 7 })]) {
          for (let n = 0; n < 20; n++) {
            const wait: number = yield* take(limit, "a", 3)
            if (wait === 0) continue
            yield* elapse(wait)
            expect(yield* take(limit, "a", 3)).toBe(0)
          }
        }
      })
    )
  })
}
