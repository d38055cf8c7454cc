import type { Running } from "../runtime/app.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import { receiveBatch } from "./batch.ts"
import { readHooked } from "./hooked-message.ts"
import type { HttpHead, HttpPort, HttpPortOptions, HttpSink, InFlight, Sink } from "./exchange.ts"
import { checkNameHeader, checkParamHeaders, checkStandardHeaders } from "./headers.ts"
import { receiveInitialize, receiveInSession, receiveOther, receiveStateless } from "./http-handshake.ts"
import type { HttpSession } from "./http-session.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { type Era, type Refusal, refusal } from "./reasons.ts"
import {
  assumedRevision,
  handshakeRevisions,
  isHandshakeRevision,
  looksSessionless,
  sessionlessRevisions
} from "./revisions.ts"
import { type Caller, findMethod, refuse, serveRequest } from "./serve-request.ts"
import { checkRevision, claimsSessionless, levelOf, readEnvelope, sessionless } from "./sessionless.ts"
import type { PostSink } from "./session-streams.ts"
import { type Sessions, sessionsOf } from "./sessions.ts"

/** One HTTP request, as far as its head tells. */
interface Arrival {
  /** `MCP-Protocol-Version`. */
  readonly header: string | undefined
  readonly era: Era
  /** The session it names; a refusal where it may not. */
  readonly session: HttpSession | Refusal | undefined
  readonly head: HttpHead
  readonly principal: PrincipalShape
}

/** Serves HTTP requests of both eras; the era is decided here, from the body's claim and the headers. */
export const httpPortOf = (running: Running, options: HttpPortOptions = { sessions: {} }): HttpPort => {
  const sessions = options.sessions === false ? undefined : sessionsOf(running, options.sessions)

  const receive = (body: unknown, at: Arrival, sink: HttpSink): InFlight | undefined => {
    const { header, session } = at
    if (!Array.isArray(body)) return receiveOne(running, sessions, body, at, sink, undefined)
    if (session !== undefined && "reason" in session) return refuse(sink, session, "handshake", undefined)
    const revision = session?.agreed()?.revision ?? header ?? assumedRevision
    const post = session?.streams.post(sink)
    const inFlight = receiveBatch(body, revision, post ?? sink, (message, one) =>
      receiveOne(running, sessions, message, at, one, post)
    )
    return inFlight && { ...inFlight, begin: post?.begin }
  }

  return {
    receive: (body, head, principal, sink) => {
      const header = versionOf(head)
      const era = eraOf(header)
      // 2026-07-28 has no sessions: what names one all the same is served without it
      const session =
        era === "sessionless" || sessions === undefined ? undefined : sessionOf(sessions, header, head, principal)
      if (!(session instanceof Promise)) return receive(body, { header, era, session, head, principal }, sink)
      return once(session, sink, (found) => receive(body, { header, era, session: found, head, principal }, sink))
    },
    listen: (head, principal, sink) => {
      if (sessions === undefined) return refuse(sink, nothingToHear, "handshake", undefined)
      return once(sessionOf(sessions, versionOf(head), head, principal), sink, (session) => {
        if (session === undefined) return refuse(sink, noSessionToHear, "handshake", undefined)
        if ("reason" in session) return refuse(sink, session, "handshake", undefined)
        return session.streams.listen(sink, head.headers.get("last-event-id"))
      })
    },
    end: (head, principal, sink) => {
      if (sessions === undefined) return refuse(sink, nothingToHear, "handshake", undefined)
      return once(sessionOf(sessions, versionOf(head), head, principal), sink, (session) => {
        if (session === undefined) return refuse(sink, noSessionNamed, "handshake", undefined)
        if ("reason" in session) return refuse(sink, session, "handshake", undefined)
        const ended = sessions.end(session)
        if (ended === undefined) {
          sink.reply({ status: 200 })
          return undefined
        }
        ended.then(
          () => sink.reply({ status: 200 }),
          (refused: Refusal) => refuse(sink, refused, "handshake", undefined)
        )
        return {
          interrupt: (why) => {
            if (why === "drained") refuse(sink, drained, "handshake", undefined)
          }
        }
      })
    }
  }
}

/** Why a notification under a revision that nobody serves is refused: its body may say another one. */
const misplaced = ({ method, params }: JsonRpcNotification, header: string, { headers }: HttpHead): Refusal => {
  const envelope = claimsSessionless(params) ? readEnvelope(params) : undefined
  if (envelope !== undefined && "reason" in envelope) return { ...envelope, status: 400 }
  const mismatch = envelope && checkStandardHeaders(headers, header, envelope.revision, method)
  return mismatch ?? checkRevision(header)!
}

const servedRevisions: ReadonlyArray<string> = [...sessionlessRevisions, ...handshakeRevisions]

const isServedRevision = (revision: string): boolean => servedRevisions.includes(revision)

const versionOf = (head: HttpHead): string | undefined => head.headers.get("mcp-protocol-version")?.trim()

const eraOf = (header: string | undefined): Era =>
  header !== undefined && looksSessionless(header) ? "sessionless" : "handshake"

const sessionOf = (
  sessions: Sessions,
  header: string | undefined,
  head: HttpHead,
  principal: PrincipalShape
): Arrival["session"] | Promise<Arrival["session"]> => {
  const id = head.headers.get("mcp-session-id")?.trim()
  if (id === undefined) return undefined
  const session = sessions.find(id, principal)
  return session instanceof Promise ? session.then((found) => checked(found, header)) : checked(session, header)
}

const checked = (session: HttpSession | Refusal, header: string | undefined): HttpSession | Refusal => {
  if ("reason" in session) return session
  // what was agreed counts; clients that name another revision all the same are out there, and the suite of 2025-11-25 is one
  if (header === undefined || isHandshakeRevision(header)) return session
  const message = `MCP-Protocol-Version is ${quoted(header)}, but this session agreed on ${session.agreed()?.revision}.`
  return refusal("unsupported-version", message)
}

/** Goes on as soon as the session is known, which is at once unless the store has to be asked. */
const once = (
  session: Arrival["session"] | Promise<Arrival["session"]>,
  sink: HttpSink,
  goOn: (session: Arrival["session"]) => InFlight | undefined
): InFlight | undefined => {
  if (!(session instanceof Promise)) return goOn(session)
  let stopped: "disconnected" | "drained" | undefined
  let inFlight: InFlight | undefined
  void session.then((found) => {
    if (stopped === "drained") refuse(sink, drained, "handshake", undefined)
    else if (stopped === undefined) inFlight = goOn(found)
  })
  return {
    interrupt: (why) => {
      stopped ??= why
      return inFlight?.interrupt(why)
    },
    begin: () => inFlight?.begin?.(),
    end: () => inFlight?.end?.()
  }
}

/** `batch` is where the session's messages of a batch go together; a single one goes to the response itself. */
const receiveOne = (
  running: Running,
  sessions: Sessions | undefined,
  body: unknown,
  at: Arrival,
  sink: Sink | HttpSink,
  batch: PostSink | undefined
): InFlight | undefined => {
  const { era, header, session, head, principal } = at
  const read = readHooked(running, body)
  if (read.type === "refused") return refuse(sink, read.refusal, era, read.id)
  if (read.type === "request") {
    const { message: request } = read
    if (era === "sessionless" || claimsSessionless(request.params)) {
      return receiveSessionless(running, request, at, sink)
    }
    if (request.method === "initialize") {
      // 2025-11-25 basic/transports, "Session Management": 404 for a session that there is not
      if (session !== undefined && "reason" in session) return refuse(sink, session, era, request.id)
      return receiveInitialize(running, sessions, request, header, principal, new HeadInfo(head), sink)
    }
  }
  if (session !== undefined) {
    if ("reason" in session) return refuse(sink, session, era, read.type === "request" ? read.message.id : undefined)
    if (read.type !== "request") return receiveOther(session, read, sink)
    const post = batch ?? session.streams.post(sink as HttpSink)
    const to = batch === undefined ? post : sink
    return receiveInSession(session, read.message, principal, new HeadInfo(head), to, post)
  }
  switch (read.type) {
    case "request":
      return receiveStateless(running, read.message, header, principal, new HeadInfo(head), sink)
    case "response":
      return refuse(sink, era === "sessionless" ? unasked : unnamed, era, undefined)
    case "notification":
      if (header !== undefined && !isServedRevision(header)) {
        const refused = misplaced(read.message, header, head)
        return refuse(sink, refused, eraOf(header), undefined)
      }
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
    logLevel: levelOf(envelope.meta),
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

const noSessionToHear = refusal(
  "invalid-request",
  "GET listens to a session; send the Mcp-Session-Id that the answer to initialize had."
)

/** 2025-11-25 basic/transports, "Listening for Messages from the Server". */
const nothingToHear = refusal("method-not-allowed", "This server has no sessions: MCP is served by POST only.", {
  headers: { allow: "POST" }
})

const drained = refusal("interrupted", "The server is shutting down; try again, another may answer.")

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
