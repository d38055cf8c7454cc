import { expect } from "vitest"
import { send } from "../kit/raw-http.ts"

type Headers = Readonly<Record<string, string | undefined>>

/** A response, whole: what node adds to every response is left out, and the length is checked here. */
export interface Posted {
  readonly status: number
  readonly headers: Headers
  /** The JSON of a JSON body, the text of an event stream, or the empty string. */
  readonly body: unknown
}

/** Posts a body (a string as it is, all else as JSON) over a socket of its own. */
export const post = async (port: number, body: unknown, headers: Headers = {}): Promise<Posted> => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const response = await send(port, { body: text, headers })
  const { date: _, connection: __, "keep-alive": ___, "content-length": length, ...rest } = response.headers
  const chunked = rest["transfer-encoding"] === "chunked"
  if (!chunked) expect(Number(length)).toBe(Buffer.byteLength(response.body))
  const content = chunked ? unchunked(response.body) : response.body
  return {
    status: response.status,
    headers: rest,
    body: rest["content-type"] === "application/json" ? JSON.parse(content) : content
  }
}

/** What a response with a JSON body and nothing special looks like. */
export const json = (status: number, body: unknown): Posted => ({
  status,
  headers: { "content-type": "application/json" },
  body
})

/** 202 for a notification: no body, and so no type (2025-11-25 basic/transports, "Sending Messages to the Server"). */
export const accepted: Posted = { status: 202, headers: {}, body: "" }

/** A stream of events, byte for byte. */
export const events = (...lines: ReadonlyArray<string>): Posted => ({
  status: 200,
  headers: {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    // 2026-07-28 basic/transports: proxies must not hold events back
    "x-accel-buffering": "no",
    "transfer-encoding": "chunked"
  },
  body: lines.map((line) => `event: message\ndata: ${line}\n\n`).join("")
})

/**
 * The first stream of events of a POST in a session, byte for byte: its client can come back for what it missed, and is told
 * how before anything else where its revision understands that (2025-11-25 basic/transports, "Sending Messages to the Server").
 */
export const resumable = (revision: string, ...lines: ReadonlyArray<string>): Posted => ({
  ...events(),
  body: [
    ...(revision === "2025-11-25" ? ["id: p1.0\ndata: \n\n"] : []),
    ...lines.map((line, at) => `event: message\nid: p1.${at + 1}\ndata: ${line}\n\n`)
  ].join("")
})

const unchunked = (body: string): string => {
  let rest = Buffer.from(body)
  let text = ""
  for (;;) {
    const end = rest.indexOf("\r\n")
    const size = Number.parseInt(rest.subarray(0, end).toString(), 16)
    if (size === 0) return text
    text += rest.subarray(end + 2, end + 2 + size).toString()
    rest = rest.subarray(end + 2 + size + 2)
  }
}
