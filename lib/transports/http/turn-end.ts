/** Something that waits for the end of a turn. */
export interface Waiting {
  run: (() => void) | undefined
}

// Arrays that live for a turn: a set that lives for ever would carry its closures into the old generation, which cost a list
// a sixth of its time.
let waiting: Array<Waiting> = []
let scheduled = false

/** How many wait, forgotten ones included, before those are let go. */
let most = 1_024

/** What is being called, and how many of it were. */
let walked: Array<Waiting> = []
let called = 0

/**
 * Calls `run` at the end of this turn of the event loop, with one immediate for all that wait. Most requests are answered
 * within the turn they came in: what is only needed for others costs them nothing but this.
 */
export const atTurnEnd = (run: () => void): Waiting => {
  const one: Waiting = { run }
  // Workers have no setImmediate.
  if (typeof setImmediate !== "function") {
    one.run = undefined
    run()
    return one
  }
  if (waiting.push(one) > most) {
    waiting = waiting.filter(({ run }) => run !== undefined)
    most = Math.max(1_024, 2 * waiting.length)
  }
  if (!scheduled) {
    scheduled = true
    setImmediate(() => {
      scheduled = false
      endTurn()
    })
  }
  return one
}

/** Forgets what waits for the end of this turn: requests that follow each other in microtasks alone may make a long one. */
export const notAtTurnEnd = (one: Waiting): void => {
  one.run = undefined
}

/** Calls what waits for the end of this turn now, all of it; then throws what the first that failed threw. */
export const endTurn = (): void => {
  let failed: { readonly error: unknown } | undefined
  // called by one of those, it calls the rest of them too
  walked = called < walked.length ? [...walked.slice(called), ...waiting] : waiting
  called = 0
  waiting = []
  while (called < walked.length) {
    const { run } = walked[called]!
    walked[called++]!.run = undefined
    try {
      run?.()
    } catch (error) {
      failed ??= { error }
    }
  }
  walked = []
  called = 0
  if (failed !== undefined) {
    throw failed.error
  }
}
