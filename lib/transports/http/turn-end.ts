let waiting: Array<() => void> = []

/**
 * Calls `run` at the end of this turn of the event loop, with one immediate for all that wait. Most requests are answered
 * within the turn they came in: what is only needed for others costs them nothing but this.
 */
export const atTurnEnd = (run: () => void): void => {
  // Workers have no setImmediate.
  if (typeof setImmediate !== "function") {
    run()
  } else if (waiting.push(run) === 1) {
    setImmediate(endTurn)
  }
}

/** Calls what waits for the end of this turn now. */
export const endTurn = (): void => {
  const now = waiting
  waiting = []
  for (const run of now) {
    run()
  }
}
