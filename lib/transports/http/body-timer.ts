import { atTurnEnd, notAtTurnEnd } from "./turn-end.ts"

/**
 * Calls `late` after `millis` unless the returned function is called first. Most bodies come together with their head and are
 * read within this turn of the event loop; starting and stopping a timer for them would cost 2 µs a request.
 */
export const bodyTimer = (millis: number, late: () => void): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const arming = atTurnEnd(() => {
    timer = setTimeout(late, millis)
  })
  return () => {
    if (timer === undefined) {
      notAtTurnEnd(arming)
    } else {
      clearTimeout(timer)
    }
  }
}
