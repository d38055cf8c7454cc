/**
 * Calls `late` after `millis` unless the returned function is called first. Most bodies come together with their head and are
 * read within this turn of the event loop; starting and stopping a timer for them would cost 2 µs a request.
 */
export const bodyTimer = (millis: number, late: () => void): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const arm = () => {
    timer = setTimeout(late, millis)
  }
  // Workers have no setImmediate.
  const soon = typeof setImmediate === "function" ? setImmediate(arm) : arm()
  return () => {
    if (soon !== undefined) {
      clearImmediate(soon)
    }
    if (timer !== undefined) {
      clearTimeout(timer)
    }
  }
}
