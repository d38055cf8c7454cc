/** Calls back, each at its own time of a common period, with one timer for all. */
export interface Pulse {
  /**
   * Calls `beat` after about so many milliseconds, at most a period, and then once a period, until the returned function is
   * called. Beats are spread over the period, so that ten thousand streams do not write at once.
   */
  readonly join: (beat: () => void, afterMillis: number) => () => void
}

/** Parts of a period; a beat comes up to one of them late. */
const parts = 16

/** A pulse with a period in milliseconds. Its timer runs only while somebody has joined, and keeps no process alive. */
export const pulseOf = (periodMillis: number): Pulse => {
  const step = Math.max(1, periodMillis / parts)
  const slots = Array.from({ length: parts }, () => new Set<() => void>())
  let timer: ReturnType<typeof setInterval> | undefined
  let now = 0
  let joined = 0

  const tick = () => {
    if (joined === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    now = (now + 1) % parts
    const slot = slots[now]!
    for (const beat of [...slot]) if (slot.has(beat)) beat()
  }

  return {
    join: (beat, afterMillis) => {
      const ahead = Math.min(parts, Math.max(1, Math.ceil(afterMillis / step)))
      const slot = slots[(now + ahead) % parts]!
      slot.add(beat)
      joined++
      if (timer === undefined) {
        timer = setInterval(tick, step)
        // a number in browsers and Workers
        if (typeof timer === "object") timer.unref()
      }
      return () => {
        if (slot.delete(beat)) joined--
      }
    }
  }
}
