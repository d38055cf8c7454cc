/** One turn of the event loop: everything that was ready has run. */
export const macrotask: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => void setImmediate(resolve))
    : () => new Promise((resolve) => void setTimeout(resolve, 0))

/** Runs something once this turn's code has ended; node's `queueMicrotask` makes a resource of async hooks each time. */
export const microtask = (run: () => void): void => void done.then(run)

const done = Promise.resolve()

/** Counts movements, and lets one waiter wait for the next. */
export class Moves {
  count = 0
  #wake: (() => void) | undefined

  move(): void {
    this.count++
    this.#wake?.()
  }

  /** Settles with true once more than `seen` have been counted, with false where that takes longer than `millis`. */
  next(seen: number, millis?: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.count !== seen) return resolve(true)
      const timer = millis === undefined ? undefined : setTimeout(() => done(false), millis)
      const done = (moved: boolean) => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve(moved)
      }
      this.#wake = () => done(true)
    })
  }
}
