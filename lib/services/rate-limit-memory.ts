import type { RateLimit, RateLimitStoreShape } from "./rate-limit-store.ts"

/** The parts that a sliding window is counted in. */
export const slotsPerWindow = 20

/** What is left of a limit for one key, in the order of last use. */
abstract class Count {
  readonly key: string
  readonly limit: RateLimit
  older: Count | undefined
  newer: Count | undefined
  constructor(limit: RateLimit, key: string) {
    this.limit = limit
    this.key = key
  }
  /** Takes a weight; gives the milliseconds to wait where there is not enough. */
  abstract take(weight: number, now: number): number
  /** When nothing will be missing any more, in milliseconds since 1970. */
  abstract fullAt(): number
}

/** Keys that are worth no effort to forget. */
const few = 1_000

/** How many of those used longest ago are looked at for one to forget. */
const mostLookedAt = 16

/** Counts in memory, those of all limits in the order of their last use; each `take` costs the same however many there are. */
export const memoryLimits = (maxKeys: number): RateLimitStoreShape & { readonly size: () => number } => {
  const limits = new Map<RateLimit, Map<string, Count>>()
  let size = 0
  let oldest: Count | undefined
  let newest: Count | undefined

  const append = (count: Count): void => {
    count.older = newest
    count.newer = undefined
    if (newest === undefined) oldest = count
    else newest.newer = count
    newest = count
  }

  const detach = ({ older, newer }: Count): void => {
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }

  const forget = (count: Count): void => {
    detach(count)
    limits.get(count.limit)!.delete(count.key)
    size--
  }

  const makeRoom = (now: number): void => {
    if (size < Math.min(maxKeys, few)) return
    // two for one, so that what nobody uses any more goes
    for (let n = 0; n < 2 && oldest !== undefined && oldest.fullAt() <= now; n++) forget(oldest)
    if (size < maxKeys) return
    let best = oldest!
    for (let n = 0, at = oldest; n < mostLookedAt && at !== undefined; n++, at = at.newer) {
      if (at.fullAt() < best.fullAt()) best = at
      if (best.fullAt() <= now) break
    }
    forget(best)
  }

  const added = (limit: RateLimit, key: string, now: number): Count => {
    makeRoom(now)
    let home = limits.get(limit)
    if (home === undefined) {
      home = new Map()
      limits.set(limit, home)
    }
    const count = limit.algorithm === "token-bucket" ? new TokenBucket(limit, key, now) : new SlidingWindow(limit, key)
    home.set(key, count)
    append(count)
    size++
    return count
  }

  return {
    shared: false,
    size: () => size,
    take: (limit, key, weight, now) => {
      let count = limits.get(limit)?.get(key)
      if (count === undefined) count = added(limit, key, now)
      else if (count !== newest) {
        detach(count)
        append(count)
      }
      return count.take(weight, now)
    }
  }
}

/** What adding thirds may lose. */
const nothing = 1e-9

class TokenBucket extends Count {
  #tokens: number
  #at: number
  constructor(limit: RateLimit, key: string, now: number) {
    super(limit, key)
    this.#tokens = limit.burst
    this.#at = now
  }

  take(weight: number, now: number): number {
    const { limit, window, burst } = this.limit
    const rate = limit / window
    // a clock that was set back gives nothing, and takes nothing
    if (now > this.#at) this.#tokens = Math.min(burst, this.#tokens + (now - this.#at) * rate)
    this.#at = now
    if (this.#tokens + nothing < weight) return Math.max(1, Math.ceil((weight - this.#tokens) / rate - nothing))
    this.#tokens -= weight
    return 0
  }

  fullAt(): number {
    const { limit, window, burst } = this.limit
    return this.#at + (burst - this.#tokens) * (window / limit)
  }
}

class SlidingWindow extends Count {
  /** Slots by number and what was taken in them, by turns, oldest first. */
  #slots: Array<number> = []
  #total = 0

  take(weight: number, now: number): number {
    const slot = Math.floor(now / this.#width)
    this.#drop(slot)
    const slots = this.#slots
    const { limit } = this.limit
    if (this.#total + weight > limit + nothing) {
      let missing = this.#total + weight - limit - nothing
      let at = 0
      for (; missing > slots[at + 1]!; at += 2) missing -= slots[at + 1]!
      return Math.max(1, Math.ceil(this.#endOf(slots[at]!) - now))
    }
    this.#total += weight
    if (slots.at(-2) === slot) slots[slots.length - 1]! += weight
    else slots.push(slot, weight)
    return 0
  }

  fullAt(): number {
    return this.#slots.length === 0 ? 0 : this.#endOf(this.#slots.at(-2)!)
  }

  #drop(slot: number): void {
    const slots = this.#slots
    let gone = 0
    for (; gone < slots.length && slots[gone]! < slot - slotsPerWindow; gone += 2) this.#total -= slots[gone + 1]!
    if (gone > 0) slots.splice(0, gone)
    if (slots.length === 0) this.#total = 0
    // the clock was set back
    else if (slots.at(-2)! > slot) this.#slots = [slot, this.#total]
  }

  /** A slot counts until its last moment is a window ago. */
  #endOf(slot: number): number {
    return (slot + slotsPerWindow + 1) * this.#width
  }

  get #width(): number {
    return this.limit.window / slotsPerWindow
  }
}
