/**
 * Something that may wait for the end of a turn of the event loop. It is itself the node of the list of those that wait: one that
 * waits no longer leaves nothing behind, where an array would hold it, and the collector carry it along, to the end of a long turn.
 */
export abstract class Waiting {
  /** Its neighbours while it waits. */
  before: Waiting | undefined = undefined
  after: Waiting | undefined = undefined

  abstract atTurnEnd(): void
}

/** The two ends of a list; nothing else in it is called. */
class Ends extends Waiting {
  constructor() {
    super()
    this.before = this
    this.after = this
  }
  atTurnEnd(): void {}
}

class Calling extends Waiting {
  readonly #run: () => void
  constructor(run: () => void) {
    super()
    this.#run = run
  }
  atTurnEnd(): void {
    this.#run()
  }
}

const waiting = new Ends()

/** What is being called; empty otherwise. */
const due = new Ends()
let scheduled = false

/**
 * Calls `one.atTurnEnd` at the end of this turn of the event loop, with one immediate for all that wait. Most requests are
 * answered within the turn they came in: what is only needed for others costs them nothing but this.
 */
export const waitForTurnEnd = (one: Waiting): void => {
  // Workers have no setImmediate.
  if (typeof setImmediate !== "function") {
    one.atTurnEnd()
    return
  }
  link(waiting, one)
  if (!scheduled) {
    scheduled = true
    setImmediate(() => {
      scheduled = false
      endTurn()
    })
  }
}

/** `waitForTurnEnd` for a function. */
export const atTurnEnd = (run: () => void): Waiting => {
  const one = new Calling(run)
  waitForTurnEnd(one)
  return one
}

/** Forgets what waits for the end of this turn; does nothing where it does not. */
export const notAtTurnEnd = (one: Waiting): void => {
  if (one.after !== undefined) {
    unlink(one)
  }
}

/** Calls what waits for the end of this turn now, all of it; then throws what the first that failed threw. */
export const endTurn = (): void => {
  let failed: { readonly error: unknown } | undefined
  // called by one of those, it calls the rest of them too
  moveAll(waiting, due)
  for (let one = due.after!; one !== due; one = due.after!) {
    unlink(one)
    try {
      one.atTurnEnd()
    } catch (error) {
      failed ??= { error }
    }
  }
  if (failed !== undefined) {
    throw failed.error
  }
}

const link = (list: Ends, one: Waiting): void => {
  const last = list.before!
  one.before = last
  one.after = list
  last.after = one
  list.before = one
}

const unlink = (one: Waiting): void => {
  one.before!.after = one.after
  one.after!.before = one.before
  one.before = undefined
  one.after = undefined
}

const moveAll = (from: Ends, to: Ends): void => {
  const first = from.after!
  if (first === from) {
    return
  }
  const last = from.before!
  first.before = to.before
  to.before!.after = first
  last.after = to
  to.before = last
  from.before = from
  from.after = from
}
