import type { Running } from "../runtime/app.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import type { InFlight, Reply, Sink } from "./exchange.ts"
import { handshake, readInitialize } from "./handshake.ts"
import type { HandshakePeer } from "./handshake-peer.ts"
import type { JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import type { ReadMessage } from "./read-message.ts"
import { refusal } from "./reasons.ts"
import { assumedRevision, handshakeRevisions, isHandshakeRevision, sessionlessRevisions } from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"
import type { Sessions } from "./sessions.ts"

/** `initialize` begins a session whatever session it names itself; clients that do not care for the header are served without. */
export const receiveInitialize = (
  running: Running,
  sessions: Sessions,
  request: JsonRpcRequest,
  header: string | undefined,
  principal: PrincipalShape,
  http: HttpInfo,
  sink: Sink
): InFlight | undefined => {
  const read = readInitialize(request.params ?? {})
  const session = "reason" in read ? undefined : sessions.begin(read, principal)
  if (session === undefined) return receiveStateless(running, request, header, principal, http, sink)
  if ("reason" in session) return refuse(sink, session, "handshake", request.id)
  const headers = { "mcp-session-id": session.sessionId }
  const inFlight = session.serve(request, principal, http, {
    notify: (notification) => sink.notify(notification, headers),
    ask: () => "it has no session yet in which it could",
    reply: (reply) => {
      if (isResult(reply)) sink.reply({ ...reply, headers: { ...reply.headers, ...headers } })
      else {
        // a middleware may refuse it
        sessions.end(session)
        sink.reply(reply)
      }
    }
  })
  return inFlight === undefined ? undefined : goingOn(inFlight, () => true)
}

/** One message of a client that named its session. */
export const receiveInSession = (
  session: HandshakePeer,
  read: Exclude<ReadMessage, { readonly type: "refused" }>,
  principal: PrincipalShape,
  http: HttpInfo,
  sink: Sink
): InFlight | undefined => {
  if (read.type === "request") {
    const open = session.inFlight.begin(read.message, sink, (request, own) =>
      session.serve(request, principal, http, own)
    )
    return open === undefined ? undefined : goingOn(open, open.streamGone)
  }
  if (read.type === "response") session.requests.receive(read.message)
  else session.inFlight.notified(read.message)
  // whatever they are about may have ended already, which is no fault
  sink.reply({ status: 202 })
  return undefined
}

/** Without a session every request stands for itself, and what `initialize` said is not remembered. */
export const receiveStateless = (
  running: Running,
  request: JsonRpcRequest,
  header: string | undefined,
  principal: PrincipalShape,
  http: HttpInfo,
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
    http,
    // server/utilities/logging: without a level set, the server decides
    logLevel: "info",
    setLogLevel: undefined,
    asking: undefined,
    sessionId: undefined
  }
  const inFlight = serveRequest(handshake, running, row, request, caller, sink)
  return inFlight === undefined ? undefined : goingOn(inFlight, () => true)
}

/** 2025-11-25 basic/transports: a disconnection is not a cancellation. */
const goingOn = (inFlight: InFlight, disconnected: () => boolean): InFlight => ({
  interrupt: (why) => (why === "disconnected" ? disconnected() : inFlight.interrupt(why))
})

const isResult = ({ message }: Reply): boolean => message !== undefined && "result" in message
