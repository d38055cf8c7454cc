import { deepFreeze } from "../builder/component.ts"
import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import { type ClientRequests, clientRequests } from "./client-requests.ts"
import type { InFlight, Sink } from "./exchange.ts"
import { type Handshaken, handshake } from "./handshake.ts"
import { type InFlightRequests, inFlightRequests } from "./in-flight.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { handshakeRevisions } from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"

/** What is remembered of a client between its requests, by a duplex connection or an HTTP session. */
export interface HandshakePeer {
  /** Unguessable: whoever knows it over HTTP speaks for the session. */
  readonly sessionId: string
  /** What `initialize` agreed on; undefined before it. */
  readonly agreed: () => Handshaken | undefined
  readonly agree: (agreed: Handshaken) => void
  /** What this client was asked. */
  readonly requests: ClientRequests
  /** What this client asked for. */
  readonly inFlight: InFlightRequests
  /**
   * Sends what belongs to no request, in the order of the calls; never throws. A duplex connection sends it at once. An
   * HTTP session sends it on one of its GET streams, and keeps it for the next while none is open; where too much waits,
   * the oldest is dropped.
   */
  readonly push: (notification: JsonRpcNotification) => void
  /** Serves one request by what was agreed and the log level that was set. */
  readonly serve: (
    request: JsonRpcRequest,
    principal: PrincipalShape,
    http: HttpInfo | undefined,
    sink: Sink
  ) => InFlight | undefined
}

/**
 * A client of the handshake era about which nothing is known yet. `push` is what the peer's own does. `onIdle` is called
 * each time its last request ends.
 */
export const handshakePeer = (
  running: Running,
  sessionId: string,
  push: HandshakePeer["push"],
  onIdle: () => void
): HandshakePeer => {
  const requests = clientRequests()
  const asking: Caller["asking"] = { type: "direct", requests }
  let agreed: Handshaken | undefined
  // server/utilities/logging: without a level set, the server decides
  let logLevel: LogLevel = "info"
  const setLogLevel = (level: LogLevel) => {
    logLevel = level
  }
  return {
    sessionId,
    agreed: () => agreed,
    agree: (handshaken) => {
      // handlers of many requests share it
      agreed = deepFreeze(handshaken)
    },
    requests,
    inFlight: inFlightRequests(requests, onIdle),
    push,
    serve: (request, principal, http, sink) => {
      const row = findMethod(handshake, running, request.method)
      if ("reason" in row) return refuse(sink, row, "handshake", request.id)
      const caller: Caller = {
        revision: agreed?.revision ?? handshakeRevisions[0],
        capabilities: agreed?.capabilities ?? {},
        clientInfo: agreed?.clientInfo,
        meta: metaOf(request.params),
        principal,
        http,
        logLevel,
        setLogLevel,
        asking,
        sessionId
      }
      return serveRequest(handshake, running, row, request, caller, sink)
    }
  }
}
