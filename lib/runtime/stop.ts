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

  stop(): void {
    this.#stopping = true
    if (this.#inside.size === 0) this.#interrupt()
    else for (const one of [...this.#inside]) one.stop()
  }

  /** Begins something inside, which is to be stopped first. */
  enter(one: Stop): void {
    this.#inside.add(one)
    if (this.#stopping) one.stop()
  }

  /** It has ended, with what surrounds it. */
  leave(one: Stop): void {
    this.#inside.delete(one)
    if (this.#stopping && this.#inside.size === 0) this.#interrupt()
  }
}
