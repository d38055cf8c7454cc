export type CircuitState = "closed" | "open" | "half-open"

/** When circuits open, and for how long. */
export interface CircuitSettings {
  readonly failures: number
  readonly window: number
  readonly openFor: number
  readonly halfOpen: number
}

/** How a call ended, as far as a circuit cares; `"neither"` says nothing of what is behind it. */
export type Verdict = "success" | "failure" | "neither"

/** A call that was let through, or how many milliseconds it should wait. */
export type Entered =
  | { readonly type: "refused"; readonly wait: number }
  | { readonly type: "passed"; readonly leave: (verdict: Verdict, now: number) => void }

/**
 * One circuit: closed while things go well, open after too many failures, half open to find out. `changed` hears of each
 * change of state, after it. Times are milliseconds since 1970.
 */
export class Circuit {
  readonly #settings: CircuitSettings
  readonly #changed: (from: CircuitState, to: CircuitState) => void
  #state: CircuitState = "closed"
  /** When the last calls failed, oldest first; only those within the window, while closed. */
  #failed: Array<number> = []
  #openUntil = 0
  /** Calls under way, and those that went well, while half open. */
  #trials = 0
  #successes = 0
  /** Counts changes of state: what a call comes to later says nothing any more. */
  #epoch = 0

  constructor(settings: CircuitSettings, changed: (from: CircuitState, to: CircuitState) => void) {
    this.#settings = settings
    this.#changed = changed
  }

  /** Whether nothing would be lost with it. */
  isIdle(now: number): boolean {
    if (this.#state !== "closed") return false
    this.#forget(now)
    return this.#failed.length === 0
  }

  enter(now: number): Entered {
    if (this.#state === "open") {
      // a clock that was set back must not keep it open until it is there again
      this.#openUntil = Math.min(this.#openUntil, now + this.#settings.openFor)
      if (now < this.#openUntil) return { type: "refused", wait: this.#openUntil - now }
      this.#become("half-open")
    }
    const trial = this.#state === "half-open"
    if (trial) {
      if (this.#trials + this.#successes >= this.#settings.halfOpen) return { type: "refused", wait: 1 }
      this.#trials++
    }
    const epoch = this.#epoch
    return {
      type: "passed",
      leave: (verdict, at) => {
        if (epoch !== this.#epoch) return
        if (trial) this.#tried(verdict, at)
        else if (verdict === "failure") this.fail(at)
      }
    }
  }

  #tried(verdict: Verdict, now: number): void {
    this.#trials--
    if (verdict === "failure") this.#open(now)
    else if (verdict === "success" && ++this.#successes >= this.#settings.halfOpen) this.#become("closed")
  }

  /** A call failed that nobody was watching when it began. */
  fail(now: number): void {
    if (this.#state !== "closed") return
    this.#forget(now)
    this.#failed.push(now)
    if (this.#failed.length >= this.#settings.failures) this.#open(now)
  }

  #open(now: number): void {
    this.#openUntil = now + this.#settings.openFor
    this.#become("open")
  }

  #forget(now: number): void {
    const since = now - this.#settings.window
    while (this.#failed.length > 0 && this.#failed[0]! <= since) this.#failed.shift()
  }

  #become(state: CircuitState): void {
    const from = this.#state
    this.#state = state
    this.#epoch++
    this.#failed = []
    this.#trials = 0
    this.#successes = 0
    this.#changed(from, state)
  }
}
