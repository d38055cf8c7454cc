import type { StreamEvent } from "../../protocol/exchange.ts"

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

/**
 * One event as it is written (WHATWG HTML §9.2.6). JSON holds no line breaks, so one `data` line is enough. An event with an
 * id and no message has an empty one, which tells the id; without both, nothing but `retry` and the comment is told.
 */
export const sseText = ({ id, data, retry, comment }: StreamEvent): string => {
  const text = typeof data === "string" ? data : decoder.decode(data)
  const kind = text === "" ? "" : "event: message\n"
  const identity = id === undefined ? "" : `id: ${id}\n`
  const delay = retry === undefined ? "" : `retry: ${retry}\n`
  const remark = comment === undefined ? "" : `: ${comment}\n`
  const message = text === "" && id === undefined ? "" : `data: ${text}\n`
  return `${remark}${kind}${identity}${delay}${message}\n`
}

/** A line that says nothing, so that nobody between client and server takes a quiet stream for a dead one. */
export const sseComment = ":\n\n"

/** Why a client could not be asked; these complete "The client did not answer: …". */
export const cannotAsk = {
  gone: "the stream it was asked on is gone",
  acceptsNoEvents: "its Accept header does not admit text/event-stream, the only way to ask it",
  readsNothing: "it does not read what it is sent"
} as const
