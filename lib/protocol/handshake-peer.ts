import { deepFreeze } from "../builder/component.ts"
import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { HttpInfo } from "../services/request-context.ts"
import type { SessionChange } from "../services/session-store.ts"
import type { SessionVisibility, VisibilityRule } from "../services/visibility.ts"
import { switchedKinds } from "../runtime/session-rules.ts"
import { type ClientRequests, clientRequests } from "./client-requests.ts"
import type { InFlight, Room, Sink } from "./exchange.ts"
import { type Handshaken, handshake } from "./handshake.ts"
import { deliverHooked } from "./hooked-message.ts"
import { type InFlightRequests, inFlightRequests } from "./in-flight.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { type Places, places } from "./places.ts"
import { handshakeRevisions } from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"
import { type Subscriptions, subscriptionsOf } from "./subscriptions.ts"

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
  /** Room for what it asks for. */
  readonly places: Places
  /**
   * Sends what belongs to no request, in the order of the calls; never throws. A duplex connection sends it at once. An
   * HTTP session sends it on one of its GET streams, and keeps it for the next while none is open; where too much waits,
   * the oldest is dropped.
   */
  readonly push: (notification: JsonRpcNotification) => Room
  /** What this client is told of. */
  readonly subscriptions: Subscriptions
  /** Makes a change that was made, or stored, in another process. */
  readonly apply: (change: SessionChange) => void
  /** Takes any notification. */
  readonly notified: (notification: JsonRpcNotification) => void
  /** Serves one request by what was agreed and the log level that was set. */
  readonly serve: (
    request: JsonRpcRequest,
    principal: PrincipalShape,
    http: HttpInfo | undefined,
    sink: Sink
  ) => InFlight | undefined
}

/** A peer that other processes serve too. */
export interface SharedPeer {
  /** Keeps the ids of what the client is asked apart from those of other processes. */
  readonly mark: string
  /** Hears of what this client changes, once it has. */
  readonly changed: (change: SessionChange) => void
}

/**
 * A client of the handshake era about which nothing is known yet. `push` is what the peer's own does. `onIdle` is called
 * each time its last request ends. `shared` is there where other processes know it too.
 */
export const handshakePeer = (
  running: Running,
  sessionId: string,
  push: HandshakePeer["push"],
  onIdle: () => void,
  shared?: SharedPeer
): HandshakePeer => new LivePeer(running, sessionId, push, onIdle, shared)

/** A class: each idle session has one, and closures would take several times the memory. */
export class LivePeer implements HandshakePeer, SessionVisibility {
  readonly sessionId: string
  readonly requests: ClientRequests
  readonly inFlight: InFlightRequests
  readonly places: Places = places()
  readonly subscriptions: Subscriptions
  readonly push: HandshakePeer["push"]
  readonly #running: Running
  readonly #shared: SharedPeer | undefined
  /** The same subscriptions, for changes that others made. */
  readonly #own: Subscriptions
  #agreed: Handshaken | undefined
  // server/utilities/logging: without a level set, the server decides
  #logLevel: LogLevel = "info"
  #rules: ReadonlyArray<VisibilityRule> = noRules

  constructor(
    running: Running,
    sessionId: string,
    push: HandshakePeer["push"],
    onIdle: () => void,
    shared: SharedPeer | undefined
  ) {
    this.#running = running
    this.#shared = shared
    this.sessionId = sessionId
    this.push = push
    this.requests = clientRequests(shared?.mark)
    this.inFlight = inFlightRequests(this.requests, onIdle)
    this.#own = subscriptionsOf(running, push)
    this.subscriptions = shared === undefined ? this.#own : observed(this.#own, shared.changed)
  }

  agreed(): Handshaken | undefined {
    return this.#agreed
  }

  agree(handshaken: Handshaken): void {
    // handlers of many requests share it
    this.#agreed = deepFreeze(handshaken)
  }

  apply(change: SessionChange): void {
    if (change.type === "log-level") this.#logLevel = change.level
    else if (change.type === "visibility") this.#rules = change.rules
    else if (change.type === "subscribed") this.#own.add(change.uri)
    else this.#own.remove(change.uri)
  }

  /** What handlers have switched for this session. */
  rules(): ReadonlyArray<VisibilityRule> {
    return this.#rules
  }

  set(rules: ReadonlyArray<VisibilityRule>): void {
    const kinds = switchedKinds(this.#running.catalogue(), this.#rules, rules)
    this.#rules = rules
    this.#shared?.changed({ type: "visibility", rules })
    for (const kind of kinds) this.push({ jsonrpc: "2.0", method: `notifications/${kind}/list_changed` })
  }

  notified(notification: JsonRpcNotification): void {
    deliverHooked(this.#running, notification, (hooked) => this.deliver(hooked))
  }

  /** Takes a notification that hooks have seen. */
  deliver(notification: JsonRpcNotification): void {
    if (notification.method !== "notifications/initialized") this.inFlight.notified(notification)
    else if (this.#agreed !== undefined) this.subscriptions.begin()
  }

  serve(
    request: JsonRpcRequest,
    principal: PrincipalShape,
    http: HttpInfo | undefined,
    sink: Sink
  ): InFlight | undefined {
    const row = findMethod(handshake, this.#running, request.method)
    if ("reason" in row) return refuse(sink, row, "handshake", request.id)
    const agreed = this.#agreed
    const level = () => this.#logLevel
    const caller: Caller = {
      revision: agreed?.revision ?? handshakeRevisions[0],
      capabilities: agreed?.capabilities ?? {},
      clientInfo: agreed?.clientInfo,
      meta: metaOf(request.params),
      principal,
      http,
      logLevel: level,
      setLogLevel: (level) => {
        this.#logLevel = level
        this.#shared?.changed({ type: "log-level", level })
      },
      asking: { type: "direct", requests: this.requests, push: this.push },
      sessionId: this.sessionId,
      visibility: this.#running.assembly.info.switchable === true ? this : undefined,
      subscriptions: this.subscriptions,
      places: this.places
    }
    return serveRequest(handshake, this.#running, row, request, caller, sink)
  }
}

const noRules: ReadonlyArray<VisibilityRule> = Object.freeze([])

const observed = (own: Subscriptions, changed: SharedPeer["changed"]): Subscriptions => ({
  ...own,
  add: (uri) => {
    const refused = own.add(uri)
    if (refused === undefined) changed({ type: "subscribed", uri })
    return refused
  },
  remove: (uri) => {
    own.remove(uri)
    changed({ type: "unsubscribed", uri })
  }
})
