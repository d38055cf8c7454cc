import type { JsonRpcMessage, JsonRpcNotification, JsonRpcRequest, JsonRpcResponse } from "./json-rpc.ts"
import type { PrincipalShape } from "../services/principal.ts"

/** The answer to one wire request. */
export interface Reply {
  /** HTTP status; transports without statuses ignore it. */
  readonly status: number
  /** Extra HTTP response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Missing for an accepted notification (HTTP 202); an array answers a 2025-03-26 batch. */
  readonly message?: JsonRpcResponse | ReadonlyArray<JsonRpcResponse> | undefined
  /** UTF-8 bytes of `message.result`, where they were prepared at assembly (lists). */
  readonly resultBytes?: Uint8Array | undefined
}

/** Where one wire request writes. A transport makes one per request. */
export interface Sink {
  /**
   * A notification about this request (progress, log): zero or more, all before `reply`. `headers` join those of the HTTP
   * response where nothing of it was sent yet.
   */
  readonly notify: (notification: JsonRpcNotification, headers?: Reply["headers"]) => void
  /**
   * A request of the server's own to whoever sent this one (2025-11-25 basic/transports, "Sending Messages to the Server"),
   * or word that it is cancelled; all before `reply`. Gives why it cannot be sent; undefined where it is on its way.
   */
  readonly ask: (message: JsonRpcRequest | JsonRpcNotification) => string | undefined
  /** The answer, exactly once, unless the request was cancelled or interrupted as disconnected: then never. May be called before `receive` returns. */
  readonly reply: (reply: Reply) => void
}

/** A wire request in flight. */
export interface InFlight {
  /**
   * `"disconnected"`: interrupt, send nothing more. `"drained"`: the grace period is over; interrupt and reply with a
   * refusal. True where a disconnection does not end the request: it goes on, and `reply` is still called at its end,
   * after this has returned.
   */
  readonly interrupt: (why: "disconnected" | "drained") => boolean | undefined
}

/** What is known of the HTTP request that carried a message. Header names are lower case. */
export interface HttpHead {
  readonly method: string
  /** Absolute URL, as the client named the server. */
  readonly url: string
  readonly headers: { readonly get: (name: string) => string | undefined }
  readonly remoteAddress: string | undefined
}

/** The protocol's door for HTTP: one parsed body in, one reply out. */
export interface HttpPort {
  /**
   * `body` is parsed JSON (depth already checked). Returns undefined when the reply was already given.
   * The era is decided here, from body and headers.
   */
  readonly receive: (body: unknown, head: HttpHead, principal: PrincipalShape, sink: Sink) => InFlight | undefined
  /** A DELETE: ends the session that its head names (2025-11-25 basic/transports, "Session Management"). */
  readonly end: (head: HttpHead, principal: PrincipalShape) => Reply
}

/** A peer on a duplex transport (stdio, in memory, any structurally matching MCP `Transport`). */
export interface Peer {
  /** Sends one message, or one 2025-03-26 batch. `resultBytes` as in `Reply`. Never throws. */
  readonly send: (message: JsonRpcMessage | ReadonlyArray<JsonRpcResponse>, resultBytes?: Uint8Array) => void
}

/** The protocol's door for duplex transports; remembers what `initialize` negotiated. */
export interface Connection {
  /** One parsed JSON value from the wire. Never throws; bad messages are answered through the peer. */
  readonly receive: (message: unknown) => void
  /** Number of wire requests in flight. */
  readonly pending: () => number
  /** Called once each time `pending` falls to zero. */
  readonly onIdle: (listener: () => void) => void
  /** `"drained"`: interrupt all in flight, answering them. `"disconnected"`: interrupt all, answer nobody. */
  readonly interrupt: (why: "disconnected" | "drained") => void
  /** The peer will send nothing more: what it was asked stays unanswered. It may still read what it asked for. */
  readonly ended: () => void
}

/** What the protocol room gives to transports for one running app. */
export interface Ports {
  readonly http: HttpPort
  readonly connect: (peer: Peer) => Connection
}
