import type { HttpHead } from "../../protocol/exchange.ts"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { looksSessionless } from "../../protocol/revisions.ts"
import { shuttingDown } from "../drain.ts"
import { show } from "../options.ts"
import type { HostRule } from "./hosts.ts"

/** What the gate looks at; both adapters' heads have it. */
export interface GateHead extends HttpHead {
  /** The request's path, without query. */
  readonly path: string
  /** The name the client used for this server, from `Host` or, behind a trusted proxy, `X-Forwarded-Host`. */
  readonly host: string | undefined
}

/** Bits of what the client accepts. */
export const acceptsJson = 1
export const acceptsEvents = 2

/** The bit of a message that may pass while the server drains: it may answer what a call in flight asked, or cancel the call. */
export const onlyAnswers = 4

/** A head that passed: the accepted media types and `onlyAnswers` as bits. A head that did not: why. */
export type Verdict = number | Refusal

export interface GateOptions {
  readonly path: string
  readonly rule: HostRule
  readonly maxBodyBytes: number
  /** Whether there are sessions, which GET and DELETE are for. */
  readonly sessions: boolean
  /** Whether a POST is answered by JSON only. */
  readonly jsonOnly: boolean
}

export type Gate = (head: GateHead, draining: boolean) => Verdict

/** Longer media-type headers than this are nobody's honest request. */
const maxHeader = 1_024

/** Makes the checks on a request's head, all of them pure and before any of its body is read. */
export const makeGate = ({ path, rule, maxBodyBytes, sessions, jsonOnly }: GateOptions): Gate => {
  const notFound = refusal("not-found", `Nothing is served at this path; MCP is served at ${path}.`)
  const mostDigits = `${maxBodyBytes}`.length
  return (head, draining) => {
    const { headers } = head
    if (draining && (head.method !== "POST" || headers.get("mcp-session-id") === undefined)) {
      return shuttingDown
    }
    if (head.path !== path) {
      return notFound
    }
    const host = head.host
    if (host === undefined || !rule.host(host)) {
      return forbiddenHost(host)
    }
    const origin = headers.get("origin")
    if (origin !== undefined && !rule.origin(origin)) {
      return forbiddenOrigin(origin)
    }
    if (head.method !== "POST") {
      const version = headers.get("mcp-protocol-version")?.trim()
      if (!sessions || (version !== undefined && looksSessionless(version))) {
        return postOnly
      }
      switch (head.method) {
        case "GET":
          return (accepts(headers.get("accept")) & acceptsEvents) === 0 ? acceptsNoEvents : acceptsEvents
        case "DELETE":
          return acceptsJson
        default:
          return methodNotAllowed
      }
    }
    if (!isJson(headers.get("content-type"))) {
      return unsupportedMediaType
    }
    const encoding = headers.get("content-encoding")
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
      return unsupportedEncoding
    }
    const offered = accepts(headers.get("accept"))
    const accepted = jsonOnly ? offered & acceptsJson : offered
    if (accepted === 0) {
      return jsonOnly ? acceptsNoJson : notAcceptable
    }
    const length = headers.get("content-length")
    // fewer digits are no more bytes
    if (length !== undefined && length.length >= mostDigits && Number(length) > maxBodyBytes) {
      return bodyTooLarge(maxBodyBytes)
    }
    return draining ? accepted | onlyAnswers : accepted
  }
}

/** The refusal of a body beyond the limit (413). */
export const bodyTooLarge = (maxBodyBytes: number): Refusal =>
  refusal("body-too-large", `The body is larger than ${maxBodyBytes} bytes, the most this server reads.`)

/** The refusal of a body that came too slowly (408). */
export const bodyTimeout = (millis: number): Refusal =>
  refusal("body-timeout", `The body was not complete after ${millis} ms.`)

/** The refusal of a name that is not one of this server's (403). */
export const forbiddenHost = (host: string | undefined) =>
  refusal(
    "forbidden-host",
    host === undefined
      ? "The request names no Host."
      : `This server does not answer to the Host ${show(host)}; its operator can add it to the \`hosts\` option.`
  )

/** The refusal of a page's request that may not come from there (403). */
export const forbiddenOrigin = (origin: string) =>
  refusal(
    "forbidden-origin",
    `Requests from the Origin ${show(origin)} are not allowed; the operator can add it to the \`origins\` option.`
  )

/** 2026-07-28 basic/transports: POST and nothing else; so too where there are no sessions. */
const postOnly = refusal("method-not-allowed", "MCP is served by POST only.", { headers: { allow: "POST" } })

/** 2025-11-25 basic/transports, "Session Management". */
const methodNotAllowed = refusal(
  "method-not-allowed",
  "MCP is served by POST; GET listens to a session and DELETE ends it.",
  { headers: { allow: "GET, POST, DELETE" } }
)

// A safelisted type such as text/plain would let any web page post here without a preflight.
const unsupportedMediaType = refusal(
  "unsupported-media-type",
  "The Content-Type must be application/json, in UTF-8 if it names a charset."
)

const unsupportedEncoding = refusal(
  "unsupported-media-type",
  "The body has a Content-Encoding; send it without compression."
)

const notAcceptable = refusal(
  "not-acceptable",
  "The Accept header must admit application/json or text/event-stream; clients send both."
)

const acceptsNoJson = refusal(
  "not-acceptable",
  "The Accept header must admit application/json: this server answers by nothing else."
)

/** 2025-11-25 basic/transports, "Listening for Messages from the Server". */
const acceptsNoEvents = refusal(
  "not-acceptable",
  "The Accept header of a GET must admit text/event-stream, which is what it is answered by."
)

const isJson = (value: string | undefined): boolean => {
  if (value === "application/json") {
    return true
  }
  if (value === undefined || value.length > maxHeader) {
    return false
  }
  const [type, ...parameters] = value.toLowerCase().split(";")
  return type!.trim() === "application/json" && parameters.every(isUtf8Parameter)
}

const isUtf8Parameter = (parameter: string): boolean => {
  const [name, value = ""] = parameter.split("=", 2)
  return name!.trim() !== "charset" || /^"?utf-?8"?$/.test(value.trim())
}

const accepts = (value: string | undefined): number => {
  switch (value) {
    case undefined:
    case "application/json":
      return acceptsJson
    case "application/json, text/event-stream":
    case "text/event-stream, application/json":
    case "*/*":
      return acceptsJson | acceptsEvents
    default:
      return value.length > maxHeader ? 0 : readAccept(value)
  }
}

const readAccept = (value: string): number => {
  let bits = 0
  let refused = 0
  for (const range of value.toLowerCase().split(",")) {
    const [type, ...parameters] = range.split(";")
    const admitted = mediaBits[type!.trim()] ?? 0
    if (parameters.some(isZeroWeight)) {
      refused |= type!.includes("*") ? 0 : admitted
    } else {
      bits |= admitted
    }
  }
  // `*/*, text/event-stream;q=0`: the more specific range wins (RFC 9110 §12.5.1).
  return bits & ~refused
}

const isZeroWeight = (parameter: string): boolean => /^q=0(?:\.0{0,3})?$/.test(parameter.trim())

const mediaBits: { readonly [type: string]: number | undefined } = Object.assign(Object.create(null), {
  "application/json": acceptsJson,
  "application/*": acceptsJson,
  "text/event-stream": acceptsEvents,
  "text/*": acceptsEvents,
  "*/*": acceptsJson | acceptsEvents
})
