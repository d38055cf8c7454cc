import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import type { InFlight, Reply, Sink } from "./exchange.ts"
import { handshake, readInitialize } from "./handshake.ts"
import type { HttpSession } from "./http-session.ts"
import type { JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import type { ReadMessage } from "./read-message.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { assumedRevision, handshakeRevisions, isHandshakeRevision, sessionlessRevisions } from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"
import type { PostSink } from "./session-streams.ts"
import type { Sessions } from "./sessions.ts"

/**
 * `initialize` begins a session whatever session it names itself; clients that do not care for the header are served without.
 * Without `sessions` none is begun.
 */
export const receiveInitialize = (
  running: Running,
  sessions: Sessions | undefined,
  request: JsonRpcRequest,
  header: string | undefined,
  principal: PrincipalShape,
  http: HttpInfo,
  sink: Sink
): InFlight | undefined => {
  const read = readInitialize(request.params ?? {})
  const session = "reason" in read ? undefined : sessions?.begin(read, principal)
  if (session === undefined) return receiveStateless(running, request, header, principal, http, sink)
  if ("reason" in session) return refuse(sink, session, "handshake", request.id)
  const headers = { "mcp-session-id": session.sessionId }
  const inFlight = session.serve(request, principal, http, {
    notify: (notification) => sink.notify(notification, headers),
    ask: () => "it has no session yet in which it could",
    reply: (reply) => {
      if (!isResult(reply)) {
        // a middleware may refuse it
        sessions!.end(session)
        sink.reply(reply)
        return
      }
      const begun = { ...reply, headers: { ...reply.headers, ...headers } }
      const stored = sessions!.stored(session)
      if (stored === undefined) sink.reply(begun)
      else {
        // the client's next request may be another process's
        stored.then(
          () => sink.reply(begun),
          (refused: Refusal) => {
            sessions!.end(session)
            refuse(sink, refused, "handshake", request.id)
          }
        )
      }
    }
  })
  return inFlight === undefined ? undefined : goingOn(inFlight, () => true)
}

/** A request of a client that named its session; `post` is where its stream of events is, if it has one. */
export const receiveInSession = (
  session: HttpSession,
  request: JsonRpcRequest,
  principal: PrincipalShape,
  http: HttpInfo,
  sink: Sink,
  post: PostSink
): InFlight | undefined => {
  const open = session.inFlight.begin(request, sink, (request, own) => session.serve(request, principal, http, own))
  if (open === undefined) return undefined
  // a client that can come back can answer then, too
  return goingOn(open, () => (post.disconnected() ? open.isOpen() : open.streamGone()), post.begin)
}

/** A response or notification of a client that named its session. */
export const receiveOther = (
  session: HttpSession,
  read: Extract<ReadMessage, { readonly type: "response" | "notification" }>,
  sink: Sink
): undefined => {
  if (read.type === "response") session.answered(read.message)
  else session.notified(read.message)
  // whatever they are about may have ended already, which is no fault
  sink.reply({ status: 202 })
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
    logLevel: info,
    setLogLevel: undefined,
    asking: undefined,
    sessionId: undefined
  }
  const inFlight = serveRequest(handshake, running, row, request, caller, sink)
  return inFlight === undefined ? undefined : goingOn(inFlight, () => true)
}

/** 2025-11-25 basic/transports: a disconnection is not a cancellation. */
const goingOn = (inFlight: InFlight, disconnected: () => boolean, begin?: PostSink["begin"]): InFlight => ({
  interrupt: (why) => (why === "disconnected" ? disconnected() : inFlight.interrupt(why)),
  begin,
  end: () => inFlight.end?.()
})

const isResult = ({ message }: Reply): boolean => message !== undefined && "result" in message

/** server/utilities/logging: without a level set, the server decides. */
const info = (): LogLevel => "info"
