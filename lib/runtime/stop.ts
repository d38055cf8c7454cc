/**
 * What is stopped where a call has to wait for its client: first what is inside, so that the hooks around that see a pause and
 * no interruption, then what is around it.
 */
export class Stop {
  readonly #interrupt: () => void
  readonly #inside = new Set<Stop>()
  #stopping = false

  constructor(interrupt: () => void) {
    this.#interrupt = interrupt
  }

  /** May be called again: what is inside is stopped once, and may take its time. */
  stop(): void {
    const isNew = !this.#stopping
    this.#stopping = true
    if (this.#inside.size === 0) this.#interrupt()
    else if (isNew) for (const one of [...this.#inside]) one.stop()
  }

  /** Something inside begins, which is to be stopped first. */
  enter(one: Stop): void {
    this.#inside.add(one)
  }

  /** It has ended, with what surrounds it. */
  leave(one: Stop): void {
    if (this.#inside.delete(one) && this.#stopping && this.#inside.size === 0) this.#interrupt()
  }
}
