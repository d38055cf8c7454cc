import { quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** Where an event was: on which stream, and as which of its events. */
export interface EventId {
  /** `g` for a stream that a GET opened, `p` for that of a POST, and what tells it from others of its session. */
  readonly key: string
  readonly number: number
}

/** Reads a `Last-Event-ID`; undefined where it is none of ours. */
export const readEventId = (text: string): EventId | undefined => {
  const found = /^([gp][0-9a-f]{1,24})\.(\d{1,15})$/.exec(text)
  return found === null ? undefined : { key: found[1]!, number: Number(found[2]) }
}

export const isOfGet = ({ key }: EventId): boolean => key.startsWith("g")

/** 400: a 404 would tell the client that its session has ended (2025-11-25 basic/transports, "Session Management"). */
export const unknownEvent = (id: string): Refusal =>
  refusal(
    "invalid-request",
    `Last-Event-ID ${quoted(id)} is not known in this session, or its stream is kept no longer; send GET without it to listen from now on.`
  )
