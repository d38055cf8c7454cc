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
  /** UTF-8 bytes of `message.result` and of the brace that ends the message, where they were prepared at assembly (lists). */
  readonly tailBytes?: Uint8Array | undefined
}

/**
 * What a writer is told of its reader: undefined where there is room for more; else a promise that settles once there is, or
 * once nobody reads any more. Never rejects.
 */
export type Room = Promise<void> | undefined

/** Where one wire request writes. A transport makes one per request. Its functions may be methods: call them on it. */
export interface Sink {
  /**
   * A notification about this request (progress, log): zero or more, all before `reply`. `headers` join those of the HTTP
   * response where nothing of it was sent yet.
   */
  readonly notify: (notification: JsonRpcNotification, headers?: Reply["headers"]) => Room
  /**
   * A request of the server's own to whoever sent this one (2025-11-25 basic/transports, "Sending Messages to the Server"),
   * or word that it is cancelled; all before `reply`. Gives why it cannot be sent; undefined where it is on its way.
   */
  readonly ask: (message: JsonRpcRequest | JsonRpcNotification) => string | undefined
  /** The answer, exactly once, unless the request was cancelled or interrupted as disconnected: then never. May be called before `receive` returns. */
  readonly reply: (reply: Reply) => void
  /**
   * Closes the connection and lets the client come back for the rest after so many milliseconds; undefined where it could not
   * (2025-11-25 basic/transports, "Sending Messages to the Server").
   */
  readonly closeStream?: ((retryMillis: number) => void) | undefined
}

/** One event of a stream (WHATWG HTML §9.2). */
export interface StreamEvent {
  readonly id?: string | undefined
  /** One message as JSON, as text or as UTF-8 bytes; the empty string for none. */
  readonly data: string | Uint8Array
  /** Milliseconds after which the client shall come back once the connection has ended. */
  readonly retry?: number | undefined
  /** One line for whoever looks at the stream; clients take no notice of it. */
  readonly comment?: string | undefined
}

/** The response to one HTTP request. */
export interface HttpSink extends Sink {
  /** Whether it can be a stream of events: the client takes one, and so does the server's operator. */
  readonly events: boolean
  /** Sends the head of a stream of events now, where nothing of the response was sent yet. */
  readonly begin: (headers?: Reply["headers"]) => void
  /** Writes one event, as far as the response can be a stream of events and has not ended. */
  readonly event: (event: StreamEvent, headers?: Reply["headers"]) => Room
  /** Ends the stream of events; `reply` is called all the same, once the request has ended, and then writes nothing. */
  readonly close: () => void
}

/** Whether whoever reads a sink can be told of things before the answer. */
export const takesEvents = (sink: Sink & Partial<HttpSink>): boolean => sink.events !== false

/** A wire request in flight. */
export interface InFlight {
  /**
   * `"disconnected"`: interrupt, send nothing more. `"drained"`: the grace period is over; interrupt and reply with a
   * refusal. True where a disconnection does not end the request: it goes on, and `reply` is still called at its end,
   * after this has returned.
   */
  readonly interrupt: (why: "disconnected" | "drained") => boolean | undefined
  /** Begins the stream of events of a request that has not been answered for a while, so that its client can come back to it. */
  readonly begin?: (() => void) | undefined
  /** Ends what would go on for ever, such as a subscription, with its answer. Missing for requests that end by themselves. */
  readonly end?: (() => void) | undefined
}

/** What is known of the HTTP request that carried a message. Header names are lower case. */
export interface HttpHead {
  readonly method: string
  /** Absolute URL, as the client named the server. */
  readonly url: string
  readonly headers: { get(name: string): string | undefined }
  readonly remoteAddress: string | undefined
}

/** The protocol's door for HTTP: one parsed body in, one reply out. */
export interface HttpPort {
  /**
   * `body` is parsed JSON (depth already checked). Returns undefined when the reply was already given.
   * The era is decided here, from body and headers.
   */
  readonly receive: (body: unknown, head: HttpHead, principal: PrincipalShape, sink: HttpSink) => InFlight | undefined
  /**
   * A GET: a stream of events of the session that its head names, or the rest of one whose connection was lost (2025-11-25
   * basic/transports, "Listening for Messages from the Server", "Resumability and Redelivery"). Refusals are replied; a
   * stream ends with `close`. Interrupted as drained it ends.
   */
  readonly listen: (head: HttpHead, principal: PrincipalShape, sink: HttpSink) => InFlight | undefined
  /** A DELETE: ends the session that its head names (2025-11-25 basic/transports, "Session Management"). */
  readonly end: (head: HttpHead, principal: PrincipalShape, sink: HttpSink) => InFlight | undefined
}

/** How HTTP is served to clients of the handshake era. */
export interface HttpPortOptions {
  /** False: no session is ever begun, and every request stands for itself. */
  readonly sessions: SessionLimits | false
}

/** How long sessions over HTTP are kept, and how many. */
export interface SessionLimits {
  /** Milliseconds after which a session ends that has neither a request in flight nor a GET stream. Default 30 minutes. */
  readonly idleTimeout?: number | undefined
  /** Most sessions at once; the one unused for longest makes room. Default 10,000. */
  readonly max?: number | undefined
}

/** A peer on a duplex transport (stdio, in memory, any structurally matching MCP `Transport`). */
export interface Peer {
  /** Sends one message, or one 2025-03-26 batch. `tailBytes` as in `Reply`. Never throws. */
  readonly send: (message: JsonRpcMessage | ReadonlyArray<JsonRpcResponse>, tailBytes?: Uint8Array) => Room
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
  /** Ends what would go on for ever, and tells of nothing any more: the server is about to drain. */
  readonly end: () => void
  /** The peer will send nothing more: what it was asked stays unanswered. It may still read what it asked for. */
  readonly ended: () => void
}

/** What the protocol room gives to transports for one running app. */
export interface Ports {
  /** A door for one HTTP endpoint, with sessions of its own. */
  readonly http: (options?: HttpPortOptions) => HttpPort
  /** A door for one duplex peer, which is `principal`; anonymous by default. */
  readonly connect: (peer: Peer, principal?: PrincipalShape) => Connection
}
