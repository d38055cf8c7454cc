import type { Combination } from "./eras.ts"

/** What crossed a client's transport, in the order it did. */
export interface Tap {
  readonly sent: ReadonlyArray<any>
  readonly received: ReadonlyArray<any>
}

type Handler = (message: object, extra: unknown) => void

/** Listens to a client's transport without changing what crosses it. */
export const tap = (transport: any): Tap => {
  const sent: Array<unknown> = []
  const received: Array<unknown> = []
  const send = transport.send.bind(transport)
  transport.send = (message: unknown, options: unknown) => {
    sent.push(message)
    return send(message, options)
  }
  const seen = new WeakSet<object>()
  let tapped: Handler | undefined
  Object.defineProperty(transport, "onmessage", {
    get: () => tapped,
    set: (handler: Handler | undefined) => {
      tapped =
        handler &&
        ((message, extra) => {
          // clients put handlers around the one they find, so a message may come by more than once
          if (!seen.has(message)) received.push(message)
          seen.add(message)
          handler(message, extra)
        })
    }
  })
  return { sent, received }
}

const versionKey = "io.modelcontextprotocol/protocolVersion"

/** Fails unless the messages themselves show the era and revision that a combination asks for. */
export const assertEra = ({ sent, received }: Tap, { era, revision }: Combination): void => {
  const initialize = sent.find(({ method }) => method === "initialize")
  const negotiated =
    initialize === undefined
      ? new Set(sent.filter(({ id }) => id !== undefined).map(({ params }) => params?._meta?.[versionKey]))
      : new Set([received.find(({ id }) => id === initialize.id)?.result?.protocolVersion])
  const shown = initialize === undefined ? "sessionless" : "handshake"
  if (shown !== era || negotiated.size !== 1 || !negotiated.has(revision)) {
    throw new Error(
      `The spec asked for ${era} ${revision}; the wire negotiated ${shown} ${[...negotiated].join(", ")}.`
    )
  }
}
