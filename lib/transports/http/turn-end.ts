const waiting = new Set<() => void>()
let scheduled = false

/**
 * Calls `run` at the end of this turn of the event loop, with one immediate for all that wait. Most requests are answered
 * within the turn they came in: what is only needed for others costs them nothing but this.
 */
export const atTurnEnd = (run: () => void): void => {
  // Workers have no setImmediate.
  if (typeof setImmediate !== "function") {
    run()
    return
  }
  waiting.add(run)
  if (!scheduled) {
    scheduled = true
    setImmediate(() => {
      scheduled = false
      endTurn()
    })
  }
}

/** Forgets what waits for the end of this turn: requests that follow each other in microtasks alone may make a long one. */
export const notAtTurnEnd = (run: () => void): void => {
  waiting.delete(run)
}

/** Calls what waits for the end of this turn now, all of it; then throws what the first that failed threw. */
export const endTurn = (): void => {
  let failed: { readonly error: unknown } | undefined
  // one of them may have another forgotten
  for (const run of [...waiting]) {
    if (!waiting.delete(run)) {
      continue
    }
    try {
      run()
    } catch (error) {
      failed ??= { error }
    }
  }
  if (failed !== undefined) {
    throw failed.error
  }
}
