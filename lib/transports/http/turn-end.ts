import { LinkedList, type Linked } from "./linked-list.ts"

/** Something that may wait for the end of a turn of the event loop; itself the node of the list of those that wait. */
export interface Waiting extends Linked {
  atTurnEnd(): void
}

class Calling implements Waiting {
  before: Linked | undefined = undefined
  after: Linked | undefined = undefined
  readonly #run: () => void
  constructor(run: () => void) {
    this.#run = run
  }
  atTurnEnd(): void {
    this.#run()
  }
}

const waiting = new LinkedList<Waiting>()

/** What is being called; empty otherwise. */
const due = new LinkedList<Waiting>()
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
  waiting.add(one)
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
  waiting.delete(one)
}

/** Calls what waits for the end of this turn now, all of it; then throws what the first that failed threw. */
export const endTurn = (): void => {
  let failed: { readonly error: unknown } | undefined
  // called by one of those, it calls the rest of them too
  due.take(waiting)
  for (let one = due.first(); one !== undefined; one = due.first()) {
    due.delete(one)
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
