import type { Encoded } from "../../protocol/encode.ts"

/** Response headers of an event stream, as a flat list for node's `writeHead`. */
export const sseHeaderList: ReadonlyArray<string> = [
  "content-type",
  "text/event-stream",
  "cache-control",
  "no-cache",
  // nginx would hold events back until its buffer is full.
  "x-accel-buffering",
  "no"
]

/** The same headers, for a fetch `Response`. */
export const sseHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-accel-buffering": "no"
}

const decoder = new TextDecoder()

/** One JSON-RPC message as an event; JSON holds no line breaks, so one `data` line is enough. */
export const sseEvent = (message: Encoded): string =>
  `event: message\ndata: ${typeof message === "string" ? message : decoder.decode(message)}\n\n`

/** Notifications are dropped while more bytes than this wait for a slow reader, so that it cannot fill our memory. */
export const maxUnreadBytes = 1_048_576

/** Why a client could not be asked; these complete "The client did not answer: …". */
export const cannotAsk = {
  gone: "the stream it was asked on is gone",
  acceptsNoEvents: "its Accept header does not admit text/event-stream, the only way to ask it",
  readsNothing: "it does not read what it is sent"
} as const
