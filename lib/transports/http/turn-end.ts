import { LinkedList, type Linked } from "./linked-list.ts"

/** Something that may wait for the end of a turn of the event loop; itself the node of the list of those that wait. */
export interface Waiting extends Linked {
  atTurnEnd(): void
}

const waiting = new LinkedList<Waiting>()

/** What is being called; empty otherwise. */
const due = new LinkedList<Waiting>()
let scheduled = false

/** When the first of those that wait came, or when those before it were called. */
let since = 0

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
    since = performance.now()
    setImmediate(() => {
      scheduled = false
      endTurn()
    })
  }
}

/** Forgets what waits for the end of this turn; does nothing where it does not. */
export const notAtTurnEnd = (one: Waiting): void => {
  waiting.delete(one)
}

/** Milliseconds after which what is there already no longer waits for what else came in its turn. */
const longMillis = 1

/** Whether something has waited for the end of this turn for long. */
export const turnIsLong = (): boolean => performance.now() - since > longMillis

/** Calls what waits for the end of this turn now, all of it; then throws what the first that failed threw. */
export const endTurn = (): void => {
  let failed: { readonly error: unknown } | undefined
  since = performance.now()
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
