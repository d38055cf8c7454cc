/** One kept value. */
interface Kept<A> {
  readonly value: A
  readonly bytes: number
  /** Milliseconds since 1970 from which on it is not given any more. */
  readonly expires: number
}

/** Values by key, the longest unused given up first, once there are too many or they take too many bytes. */
export class Lru<A> {
  readonly #kept = new Map<string, Kept<A>>()
  readonly #mostEntries: number
  readonly #mostBytes: number
  #bytes = 0

  constructor(mostEntries: number, mostBytes: number) {
    this.#mostEntries = mostEntries
    this.#mostBytes = mostBytes
  }

  get size(): number {
    return this.#kept.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string, now: number): A | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.expires <= now) {
      this.delete(key)
      return undefined
    }
    // a Map keeps its order of insertion
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.value
  }

  /** Keeps a value; one that takes more bytes than all may is not kept. */
  set(key: string, value: A, bytes: number, expires: number): void {
    this.delete(key)
    if (bytes > this.#mostBytes) return
    this.#kept.set(key, { value, bytes, expires })
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#mostEntries && this.#bytes <= this.#mostBytes) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= kept.bytes
  }

  /** Gives up all that fit. */
  deleteWhere(fits: (value: A) => boolean): void {
    for (const [key, { value }] of this.#kept) if (fits(value)) this.delete(key)
  }
}
