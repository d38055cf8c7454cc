/** What happened to one held call, in order. */
export interface Journal {
  readonly record: (event: string) => void
  /** All events so far, once `event` is among them as often as this. Default once. */
  readonly until: (event: string, times?: number) => Promise<ReadonlyArray<string>>
  readonly released: Promise<void>
  readonly release: () => void
}

const journals = new Map<string, Journal>()

/** The journal of a key, made at its first use. */
export const journal = (key: string): Journal => {
  let known = journals.get(key)
  if (known === undefined) {
    known = make()
    journals.set(key, known)
  }
  return known
}

const make = (): Journal => {
  const events: Array<string> = []
  const waiting = new Set<() => void>()
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return {
    record: (event) => {
      events.push(event)
      for (const look of [...waiting]) look()
    },
    until: (event, times = 1) =>
      new Promise((resolve) => {
        const look = () => {
          if (events.filter((one) => one === event).length < times) return
          waiting.delete(look)
          resolve([...events])
        }
        waiting.add(look)
        look()
      }),
    released,
    release
  }
}
