import { type Refusal, refusal } from "../protocol/reasons.ts"

/** Work that a transport has accepted and can wait for. */
export interface Drainable {
  readonly pending: () => number
  /** Calls `listener` each time `pending` falls to zero, until the returned function is called. */
  readonly onIdle: (listener: () => void) => () => void
  /** Interrupts what is left; it still answers. */
  readonly interrupt: () => void
}

/** How long interrupted work may take to run its finalizers and answer, in milliseconds. */
const settleMillis = 1_000

/** Waits for work in flight; interrupts what is left after `graceMillis` and gives that a moment to answer. Never rejects. */
export const drained = async (work: Drainable, graceMillis: number): Promise<void> => {
  if (await idleWithin(work, graceMillis)) {
    return
  }
  work.interrupt()
  await idleWithin(work, settleMillis)
}

const idleWithin = (work: Drainable, millis: number): Promise<boolean> =>
  new Promise((resolve) => {
    if (work.pending() === 0) {
      resolve(true)
      return
    }
    const done = (idle: boolean) => {
      clearTimeout(timer)
      off()
      resolve(idle)
    }
    const timer = setTimeout(() => done(false), millis)
    const off = work.onIdle(() => done(true))
  })

/** How long layers may take to be built or released once closing has begun: the grace period, but a second at least. */
export const layerMillis = (graceMillis: number): number => Math.max(graceMillis, settleMillis)

/** Whether a promise settles within `millis`; rejects as it does. */
export const within = (promise: Promise<unknown>, millis: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), millis)
    promise.then(
      () => {
        clearTimeout(timer)
        resolve(true)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })

/** A list of idle listeners, for transports that count their own work. */
export const idleListeners = () => {
  const listeners = new Set<() => void>()
  return {
    add: (listener: () => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    notify: () => {
      // nobody listens but while draining, and requests come and go
      if (listeners.size > 0) {
        for (const listener of [...listeners]) {
          listener()
        }
      }
    }
  }
}

/** The refusal of work that comes after shutdown has begun. */
export const shuttingDown: Refusal = refusal(
  "draining",
  "The server is shutting down; try again, another may answer.",
  {
    headers: { "retry-after": "1" }
  }
)
