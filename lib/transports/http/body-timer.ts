import { notAtTurnEnd, Waiting, waitForTurnEnd } from "./turn-end.ts"

/**
 * Calls `late` `millis` after it was made, unless it is stopped before. Most bodies come together with their head and are read
 * within this turn of the event loop; starting and stopping a timer for them would cost 2 µs a request.
 */
export class BodyTimer extends Waiting {
  readonly #millis: number
  readonly #late: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(millis: number, late: () => void) {
    super()
    this.#millis = millis
    this.#late = late
    waitForTurnEnd(this)
  }

  atTurnEnd(): void {
    this.#timer = setTimeout(this.#late, this.#millis)
  }

  stop(): void {
    if (this.#timer === undefined) {
      notAtTurnEnd(this)
    } else {
      clearTimeout(this.#timer)
    }
  }
}
