/** Turns of the event loop in which nothing may have changed. */
const quietTurns = 100

/** Waits until a number above 0 stands still: everything that could happen by itself has happened. */
export const settled = async (count: () => number): Promise<number> => {
  let last = count()
  for (let quiet = 0; quiet < quietTurns; quiet++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const now = count()
    if (now !== last || now === 0) quiet = 0
    last = now
  }
  return last
}
