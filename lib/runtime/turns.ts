/** One turn of the event loop: everything that was ready has run. */
export const macrotask: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => void setImmediate(resolve))
    : () => new Promise((resolve) => void setTimeout(resolve, 0))

/** Counts movements, and lets one waiter wait for the next. */
export interface Mover {
  readonly move: () => void
  readonly count: () => number
  /** Settles with true once more than `seen` have been counted, with false where that takes longer than `millis`. */
  readonly moved: (seen: number, millis?: number) => Promise<boolean>
}

export const mover = (): Mover => {
  let count = 0
  let wake: (() => void) | undefined
  return {
    move: () => {
      count++
      wake?.()
    },
    count: () => count,
    moved: (seen, millis) =>
      new Promise((resolve) => {
        if (count !== seen) return resolve(true)
        const timer = millis === undefined ? undefined : setTimeout(() => done(false), millis)
        const done = (moved: boolean) => {
          wake = undefined
          clearTimeout(timer)
          resolve(moved)
        }
        wake = () => done(true)
      })
  }
}
