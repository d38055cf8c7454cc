/** A message that waits for its client to listen. */
export interface Waiting {
  readonly message: string
  /** It is never dropped. The client waits for few of those: each is a question, and somebody waits for the answer. */
  readonly keep: boolean
}

/** Messages that wait; of what may be lost the oldest makes room. */
export interface Outbox {
  readonly add: (waiting: Waiting) => void
  readonly isEmpty: () => boolean
  /** Takes the oldest out; undefined where none waits. */
  readonly take: () => Waiting | undefined
}

/** Most messages, and most characters of them, that wait. */
const mostMessages = 64
const mostCharacters = 32_768

export const outbox = (): Outbox => {
  const all: Array<Waiting> = []
  let characters = 0

  const remove = (at: number): Waiting => {
    const [one] = all.splice(at, 1)
    characters -= one!.message.length
    return one!
  }

  return {
    add: (waiting) => {
      all.push(waiting)
      characters += waiting.message.length
      while (all.length > mostMessages || characters > mostCharacters) {
        const oldest = all.findIndex((one) => !one.keep)
        if (oldest === -1) return
        remove(oldest)
      }
    },
    isEmpty: () => all.length === 0,
    take: () => (all.length === 0 ? undefined : remove(0))
  }
}
