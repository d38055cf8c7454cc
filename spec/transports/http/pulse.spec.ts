import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { pulseOf } from "../../../lib/transports/http/pulse.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe("a pulse of 16 seconds", () => {
  it("beats about when it was told to first, and then once a period", () => {
    const pulse = pulseOf(16_000)
    const beats: Array<number> = []
    const start = Date.now()
    pulse.join(() => void beats.push(Date.now() - start), 5_000)
    vi.advanceTimersByTime(60_000)
    expect(beats).toStrictEqual([5_000, 21_000, 37_000, 53_000])
  })

  it("lets nobody wait for longer than a period, and everybody for a part of one", () => {
    const pulse = pulseOf(16_000)
    const beats: Array<string> = []
    pulse.join(() => void beats.push("late"), 100_000)
    pulse.join(() => void beats.push("soon"), 0)
    vi.advanceTimersByTime(1_000)
    expect(beats).toStrictEqual(["soon"])
    vi.advanceTimersByTime(15_000)
    expect(beats).toStrictEqual(["soon", "late"])
  })

  it("spreads those that join at different times, and calls nobody who has left", () => {
    const pulse = pulseOf(16_000)
    const beats: Array<number> = []
    const leave = [0, 1, 2].map((n) => {
      const left = pulse.join(() => void beats.push(n), 16_000)
      vi.advanceTimersByTime(1_000)
      return left
    })
    vi.advanceTimersByTime(13_000)
    expect(beats).toStrictEqual([0])
    leave[1]!()
    vi.advanceTimersByTime(2_000)
    expect(beats).toStrictEqual([0, 2])
  })

  it("can be left by one that is being called, for another of the same part", () => {
    const pulse = pulseOf(16_000)
    const beats: Array<string> = []
    const leaves: Array<() => void> = []
    const one = () => {
      beats.push("one")
      leaves[1]!()
    }
    leaves.push(pulse.join(one, 1_000))
    leaves.push(pulse.join(() => void beats.push("two"), 1_000))
    vi.advanceTimersByTime(40_000)
    expect(beats).toStrictEqual(["one", "one", "one"])
  })

  it("keeps no timer while nobody has joined", () => {
    const pulse = pulseOf(16_000)
    expect(vi.getTimerCount()).toBe(0)
    const leave = pulse.join(() => {}, 1_000)
    expect(vi.getTimerCount()).toBe(1)
    leave()
    leave()
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(0)
    pulse.join(() => {}, 1_000)
    expect(vi.getTimerCount()).toBe(1)
  })
})
