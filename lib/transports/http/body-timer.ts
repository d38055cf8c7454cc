import type { Linked } from "./linked-list.ts"
import { notAtTurnEnd, type Waiting, waitForTurnEnd } from "./turn-end.ts"

/**
 * Calls `late` `millis` after it was made, unless it is stopped before. Most bodies come together with their head and are read
 * within this turn of the event loop; starting and stopping a timer for them would cost 2 µs a request.
 */
export class BodyTimer implements Waiting {
  before: Linked | undefined = undefined
  after: Linked | undefined = undefined
  readonly #millis: number
  readonly #late: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(millis: number, late: () => void) {
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
