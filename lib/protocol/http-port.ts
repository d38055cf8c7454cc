import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import { receiveBatch } from "./batch.ts"
import type { HttpHead, HttpPort, InFlight, Sink } from "./exchange.ts"
import { handshake } from "./handshake.ts"
import { checkNameHeader, checkParamHeaders, checkStandardHeaders } from "./headers.ts"
import type { JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { readMessage } from "./read-message.ts"
import { refusal } from "./reasons.ts"
import {
  assumedRevision,
  handshakeRevisions,
  sessionlessRevisions,
  isHandshakeRevision,
  looksSessionless,
  metaKeys
} from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"
import { checkRevision, claimsSessionless, readEnvelope, sessionless } from "./sessionless.ts"

/** Serves single HTTP requests of both eras; the era is decided here, from the body's claim and the headers. */
export const httpPortOf = (running: Running): HttpPort => ({
  receive: (body, head, principal, sink) => {
    const header = head.headers.get("mcp-protocol-version")?.trim()
    if (Array.isArray(body)) {
      return receiveBatch(body, header ?? assumedRevision, sink, (message, one) =>
        receiveOne(running, message, header, head, principal, one)
      )
    }
    return receiveOne(running, body, header, head, principal, sink)
  }
})

const receiveOne = (
  running: Running,
  body: unknown,
  header: string | undefined,
  head: HttpHead,
  principal: PrincipalShape,
  sink: Sink
): InFlight | undefined => {
  const read = readMessage(body)
  const era = header !== undefined && looksSessionless(header) ? "sessionless" : "handshake"
  switch (read.type) {
    case "refused":
      return refuse(sink, read.refusal, era, read.id)
    case "response":
      return refuse(
        sink,
        refusal("invalid-request", "This server waits for no response: it sends no requests over stateless HTTP."),
        era,
        undefined
      )
    case "notification":
      // cancelling is closing the stream (2026-07-28); without a session there is nothing a notification could reach
      sink.reply({ status: 202 })
      return undefined
    case "request":
      return claimsSessionless(read.message.params) || era === "sessionless"
        ? receiveSessionless(running, read.message, header, head, principal, sink)
        : receiveHandshake(running, read.message, header, head, principal, sink)
  }
}

const receiveSessionless = (
  running: Running,
  request: JsonRpcRequest,
  header: string | undefined,
  head: HttpHead,
  principal: PrincipalShape,
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
    setLogLevel: undefined
  }
  return serveRequest(sessionless, running, row, request, caller, sink, (operation) => {
    if (operation.type !== "tool") return undefined
    const declared = operation.entry.component["~mcpipe/Component"].headers
    return declared.length === 0 ? undefined : checkParamHeaders(headers, declared, operation.args)
  })
}

/** Stateless handshake: every request stands for itself, and what `initialize` said is not remembered. */
const receiveHandshake = (
  running: Running,
  request: JsonRpcRequest,
  header: string | undefined,
  head: HttpHead,
  principal: PrincipalShape,
  sink: Sink
): InFlight | undefined => {
  const { id, method, params } = request
  // `initialize` negotiates: a client may put there what it hopes for
  if (header !== undefined && !isHandshakeRevision(header) && method !== "initialize") {
    const known = [...sessionlessRevisions, ...handshakeRevisions].join(", ")
    const message = `MCP-Protocol-Version ${quoted(header)} is not supported; use one of ${known}.`
    return refuse(sink, refusal("unsupported-version", message), "handshake", id)
  }
  const row = findMethod(handshake, running, method)
  if ("reason" in row) return refuse(sink, row, "handshake", id)
  const caller: Caller = {
    revision: isHandshakeRevision(header) ? header : assumedRevision,
    capabilities: {},
    clientInfo: undefined,
    meta: metaOf(params),
    principal,
    http: new HeadInfo(head),
    // server/utilities/logging: without a level set, the server decides
    logLevel: "info",
    setLogLevel: undefined
  }
  const inFlight = serveRequest(handshake, running, row, request, caller, sink)
  if (inFlight === undefined) return undefined
  // 2025-11-25 basic/transports: a disconnection is not a cancellation
  return { interrupt: (why) => (why === "disconnected" ? true : inFlight.interrupt(why)) }
}

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
