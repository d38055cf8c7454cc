import { DefinitionError, Effect } from "mcpipe"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { memoryLimits } from "../../lib/services/rate-limit-memory.ts"
import { type RateLimit, RateLimitStore } from "../../lib/services/rate-limit-store.ts"
import { rateLimitStoreContract } from "../contract/rate-limit-store.ts"

rateLimitStoreContract("RateLimitStore.layerMemory", () => ({
  layer: RateLimitStore.layerMemory(),
  elapse: TestClock.adjust,
  run: (program) => Effect.runPromise(Effect.provide(program, TestClock.layer())),
  slack: 0
}))

const limit = (more: Partial<RateLimit> = {}): RateLimit => ({
  name: "limit",
  algorithm: "token-bucket",
  limit: 10,
  window: 1_000,
  burst: 10,
  ...more
})

describe("RateLimitStore.layerMemory", () => {
  it("knows limits apart by what they are, not by their name", () => {
    const { take } = memoryLimits(10)
    const [one, two] = [limit({ burst: 1 }), limit({ burst: 1 })]
    expect([take(one, "a", 1, 0), take(two, "a", 1, 0), take(one, "a", 1, 0)]).toEqual([0, 0, 100])
  })

  it("gives nothing twice and takes nothing away when the clock is set back", () => {
    const { take } = memoryLimits(10)
    const [bucket, sliding] = [limit(), limit({ algorithm: "sliding-window" })]
    for (const one of [bucket, sliding]) {
      expect(take(one, "a", 10, 1_000_000)).toBe(0)
      expect(take(one, "a", 1, 1_000)).toBeGreaterThan(0)
      expect(take(one, "a", 10, 1_000 + 1_100)).toBe(0)
    }
  })

  it("never lets more than the limit into any window, and says after how long it would let more in", () => {
    const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 5 })), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (steps) => {
        const { take } = memoryLimits(10)
        const sliding = limit({ algorithm: "sliding-window" })
        const taken: Array<readonly [at: number, weight: number]> = []
        let now = 0
        for (const [later, weight] of steps) {
          now += later
          const wait = take(sliding, "a", weight, now) as number
          if (wait > 0) {
            now += wait
            expect(take(sliding, "a", weight, now)).toBe(0)
          }
          taken.push([now, weight])
          const recent = taken.filter(([at]) => at > now - sliding.window)
          expect(recent.reduce((sum, [, weight]) => sum + weight, 0)).toBeLessThanOrEqual(10)
        }
      })
    )
  })

  it("never gives a bucket more than its burst and what has come back since", () => {
    const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 10 })), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (steps) => {
        const { take } = memoryLimits(10)
        const bucket = limit()
        let [now, sum] = [0, 0]
        for (const [later, weight] of steps) {
          now += later
          if (take(bucket, "a", weight, now) === 0) sum += weight
          expect(sum).toBeLessThanOrEqual(10 + now / 100 + 1e-6)
        }
      })
    )
  })

  it("forgets what has its whole limit back, two for each new key, while there are 1,000 or more", () => {
    const { take, size } = memoryLimits(10_000)
    const one = limit()
    for (let n = 0; n < 2_000; n++) take(one, `old ${n}`, 1, 0)
    expect(size()).toBe(2_000)
    for (let n = 0; n < 500; n++) take(one, `new ${n}`, 10, 100)
    expect(size()).toBe(1_500)
    for (let n = 0; n < 600; n++) take(one, `newer ${n}`, 10, 100)
    expect(size()).toBe(1_100)
  })

  it("makes room by forgetting what has its limit back, or will have it first, of the 16 used longest ago", () => {
    const { take, size } = memoryLimits(3)
    const one = limit()
    take(one, "a", 9, 0)
    take(one, "b", 2, 0)
    take(one, "c", 5, 0)
    take(one, "d", 10, 0)
    expect(size()).toBe(3)
    // b is new again, and takes the room of c
    expect(take(one, "b", 10, 0)).toBe(0)
    expect([take(one, "a", 9, 0), take(one, "d", 1, 0)]).toEqual([800, 100])
    expect(size()).toBe(3)
  })

  it("keeps 100,000 keys by default, and no more, however many come", () => {
    const { take, size } = memoryLimits(100_000)
    const one = limit({ algorithm: "sliding-window" })
    for (let n = 0; n < 110_000; n++) take(one, `key ${n}`, 10, 0)
    expect(size()).toBe(100_000)
    expect(take(one, "key 109999", 1, 0)).toBeGreaterThan(0)
    expect(take(one, "key 0", 1, 0)).toBe(0)
  })

  it.each([0, 1.5, Number.NaN])("refuses to keep %s keys", (maxKeys) => {
    expect(() => RateLimitStore.layerMemory({ maxKeys })).toThrow(
      new DefinitionError(`RateLimitStore.layerMemory: maxKeys is ${maxKeys}; use an integer of 1 or more.`)
    )
  })
})
