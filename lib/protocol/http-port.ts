import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import { receiveBatch } from "./batch.ts"
import type { HttpHead, HttpPort, InFlight, Reply, Sink } from "./exchange.ts"
import type { HandshakePeer } from "./handshake-peer.ts"
import { checkNameHeader, checkParamHeaders, checkStandardHeaders } from "./headers.ts"
import { receiveInitialize, receiveInSession, receiveStateless } from "./http-handshake.ts"
import type { JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { readMessage } from "./read-message.ts"
import { type Era, errorOf, type Refusal, refusal, statusOf } from "./reasons.ts"
import { assumedRevision, looksSessionless, metaKeys } from "./revisions.ts"
import { type Caller, findMethod, refuse, serveRequest } from "./serve-request.ts"
import { checkRevision, claimsSessionless, readEnvelope, sessionless } from "./sessionless.ts"
import { type Sessions, sessionsOf } from "./sessions.ts"

/** One HTTP request, as far as its head tells. */
interface Arrival {
  /** `MCP-Protocol-Version`. */
  readonly header: string | undefined
  readonly era: Era
  /** The session it names; a refusal where it may not. */
  readonly session: HandshakePeer | Refusal | undefined
  readonly head: HttpHead
  readonly principal: PrincipalShape
}

/** Serves HTTP requests of both eras; the era is decided here, from the body's claim and the headers. */
export const httpPortOf = (running: Running, sessions: Sessions = sessionsOf(running)): HttpPort => ({
  receive: (body, head, principal, sink) => {
    const header = versionOf(head)
    const era = eraOf(header)
    // 2026-07-28 has no sessions: what names one all the same is served without it
    const session = era === "sessionless" ? undefined : sessionOf(sessions, header, head, principal)
    const at: Arrival = { header, era, session, head, principal }
    if (!Array.isArray(body)) return receiveOne(running, sessions, body, at, sink)
    if (session !== undefined && "reason" in session) return refuse(sink, session, "handshake", undefined)
    const revision = session?.agreed()?.revision ?? header ?? assumedRevision
    return receiveBatch(body, revision, sink, (message, one) => receiveOne(running, sessions, message, at, one))
  },
  end: (head, principal) => {
    const session = sessionOf(sessions, undefined, head, principal)
    if (session === undefined) return replyOf(noSessionNamed)
    if ("reason" in session) return replyOf(session)
    sessions.end(session)
    return { status: 200 }
  }
})

const versionOf = (head: HttpHead): string | undefined => head.headers.get("mcp-protocol-version")?.trim()

const eraOf = (header: string | undefined): Era =>
  header !== undefined && looksSessionless(header) ? "sessionless" : "handshake"

const sessionOf = (
  sessions: Sessions,
  header: string | undefined,
  head: HttpHead,
  principal: PrincipalShape
): HandshakePeer | Refusal | undefined => {
  const id = head.headers.get("mcp-session-id")?.trim()
  if (id === undefined) return undefined
  const session = sessions.find(id, principal)
  if ("reason" in session) return session
  const revision = session.agreed()?.revision
  if (header === undefined || header === revision) return session
  const message = `MCP-Protocol-Version is ${quoted(header)}, but this session agreed on ${revision}.`
  return refusal("unsupported-version", message)
}

const receiveOne = (
  running: Running,
  sessions: Sessions,
  body: unknown,
  at: Arrival,
  sink: Sink
): InFlight | undefined => {
  const { era, header, session, head, principal } = at
  const read = readMessage(body)
  if (read.type === "refused") return refuse(sink, read.refusal, era, read.id)
  if (read.type === "request") {
    const { message: request } = read
    if (era === "sessionless" || claimsSessionless(request.params)) {
      return receiveSessionless(running, request, at, sink)
    }
    if (request.method === "initialize") {
      return receiveInitialize(running, sessions, request, header, principal, new HeadInfo(head), sink)
    }
  }
  if (session !== undefined) {
    return "reason" in session
      ? refuse(sink, session, era, read.type === "request" ? read.message.id : undefined)
      : receiveInSession(session, read, principal, new HeadInfo(head), sink)
  }
  switch (read.type) {
    case "request":
      return receiveStateless(running, read.message, header, principal, new HeadInfo(head), sink)
    case "response":
      return refuse(sink, era === "sessionless" ? unasked : unnamed, era, undefined)
    case "notification":
      // cancelling is closing the stream (2026-07-28); without a session there is nothing a notification could reach
      sink.reply({ status: 202 })
      return undefined
  }
}

const receiveSessionless = (
  running: Running,
  request: JsonRpcRequest,
  { header, head, principal }: Arrival,
  sink: Sink
): InFlight | undefined => {
  const { id, method, params } = request
  const { headers } = head
  const envelope = readEnvelope(params)
  if ("reason" in envelope) return refuse(sink, envelope, "sessionless", id)
  const refused = checkStandardHeaders(headers, header, envelope.revision, method) ?? checkRevision(envelope.revision)
  if (refused !== undefined) return refuse(sink, refused, "sessionless", id)
  const row = findMethod(sessionless, running, method)
  if ("reason" in row) return refuse(sink, row, "sessionless", id)
  const misnamed = row.name === undefined ? undefined : checkNameHeader(headers, row.name(params!))
  if (misnamed !== undefined) return refuse(sink, misnamed, "sessionless", id)
  const caller: Caller = {
    revision: envelope.revision,
    capabilities: envelope.capabilities,
    clientInfo: envelope.clientInfo,
    meta: envelope.meta,
    principal,
    http: new HeadInfo(head),
    logLevel: envelope.meta[metaKeys.logLevel] as LogLevel | undefined,
    setLogLevel: undefined,
    asking: replayed,
    sessionId: undefined
  }
  return serveRequest(sessionless, running, row, request, caller, sink, (operation) => {
    if (operation.type !== "tool") return undefined
    const declared = operation.entry.component["~mcpipe/Component"].headers
    return declared.length === 0 ? undefined : checkParamHeaders(headers, declared, operation.args)
  })
}

const replayed: Caller["asking"] = { type: "replay" }

const unasked = refusal(
  "invalid-request",
  "This server waits for no response: it sends no requests to clients of 2026-07-28."
)

const unnamed = refusal(
  "invalid-request",
  "A response needs the Mcp-Session-Id of the session it was asked for in; without a session nobody is asked."
)

const noSessionNamed = refusal(
  "invalid-request",
  "DELETE ends a session; send the Mcp-Session-Id that the answer to initialize had."
)

const replyOf = (refused: Refusal): Reply => ({
  status: statusOf(refused, "handshake"),
  headers: refused.headers,
  message: errorOf(refused, "handshake", undefined)
})

class HeadInfo implements HttpInfo {
  readonly #head: HttpHead
  constructor(head: HttpHead) {
    this.#head = head
  }
  get method(): string {
    return this.#head.method
  }
  get url(): string {
    return this.#head.url
  }
  get remoteAddress(): string | undefined {
    return this.#head.remoteAddress
  }
  get header(): HttpInfo["header"] {
    return (name) => this.#head.headers.get(name.toLowerCase())
  }
}
