/** Calls that wait for their clients and are remembered; those that have waited longest go first. */
const most = 10_000

/** When calls of several rounds began, on this process's clock: the longest waiting of more than 10,000 is forgotten. */
export class CallStarts {
  readonly #elapsed = new Map<string, () => number>()

  /** The measure of a call that has waited, which began with its first round; undefined where that ran elsewhere or long ago. */
  take(callId: string): (() => number) | undefined {
    const elapsed = this.#elapsed.get(callId)
    this.#elapsed.delete(callId)
    return elapsed
  }

  /** Remembers the measure of a call that waits from now on. */
  keep(callId: string, elapsed: () => number): void {
    this.#elapsed.set(callId, elapsed)
    if (this.#elapsed.size > most) this.#elapsed.delete(this.#elapsed.keys().next().value!)
  }

  get size(): number {
    return this.#elapsed.size
  }
}
