import type { ClientRequests } from "./client-requests.ts"
import type { InFlight, Reply, Room, Sink } from "./exchange.ts"
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { refusal } from "./reasons.ts"
import { refuse } from "./serve-request.ts"

/** One request of a peer in flight. Interrupted as disconnected it ends unanswered, as if its peer had cancelled it. */
export interface OpenRequest extends InFlight {
  readonly method: string
  /** Interrupts it and replies with this at once: its id is free, and a batch waits for it no longer. */
  readonly drop: (reply: Reply) => void
  /** The stream for its answer is gone, and what its client was asked there is given up. True where it goes on all the same. */
  readonly streamGone: () => boolean
  /** Whether it is to be answered still. */
  readonly isOpen: () => boolean
}

/** The requests of one peer that are in flight, by id. */
export interface InFlightRequests {
  /**
   * Starts a request with a sink of its own, unless its id is in use. Returns undefined where it was answered at once.
   * What the client was asked as part of it and has not answered by its end is given up.
   */
  readonly begin: (
    request: JsonRpcRequest,
    sink: Sink,
    start: (request: JsonRpcRequest, sink: Sink) => InFlight | undefined
  ) => OpenRequest | undefined
  /** Takes any notification; basic/utilities/cancellation: `initialize`, unknown and finished ids are ignored. */
  readonly notified: (notification: JsonRpcNotification) => void
  readonly size: () => number
  readonly interrupt: (why: "disconnected" | "drained") => void
  /** Ends those that would go on for ever. */
  readonly end: () => void
  /** Drops all of them with the reply for each id. */
  readonly drop: (reply: (id: RequestId) => Reply) => void
}

/** No requests yet. `onIdle` is called each time the last one ends. */
export const inFlightRequests = (requests: ClientRequests, onIdle: () => void): InFlightRequests =>
  new Requests(requests, onIdle)

/** A class: each idle session has one, and closures would take ten times the memory. */
class Requests implements InFlightRequests {
  readonly #requests: ClientRequests
  readonly #onIdle: () => void
  #open: Map<RequestId, OpenRequest> | undefined

  constructor(requests: ClientRequests, onIdle: () => void) {
    this.#requests = requests
    this.#onIdle = onIdle
  }

  begin(
    request: JsonRpcRequest,
    sink: Sink,
    start: (request: JsonRpcRequest, sink: Sink) => InFlight | undefined
  ): OpenRequest | undefined {
    const { id } = request
    this.#open ??= new Map()
    if (this.#open.has(id)) {
      const message = `Request id ${quoted(id)} is in use by a request in flight; use a new id for each request.`
      return refuse(sink, refusal("duplicate-id", message), "handshake", id)
    }
    const one = new Open(request, sink, this.#requests, this)
    const started = start(request, one)
    if (started === undefined || !one.isOpen()) return undefined
    one.started = started
    this.#open.set(id, one)
    return one
  }

  /** One has ended; it may never have been open. */
  ended(id: RequestId, one: OpenRequest): void {
    const open = this.#open!
    if (open.get(id) !== one) return
    open.delete(id)
    if (open.size === 0) this.#onIdle()
  }

  notified({ method, params }: JsonRpcNotification): void {
    if (method !== "notifications/cancelled") return
    const request = this.#open?.get(params?.["requestId"] as RequestId)
    if (request?.method !== "initialize") request?.drop(unanswered)
  }

  size(): number {
    return this.#open?.size ?? 0
  }

  interrupt(why: "disconnected" | "drained"): void {
    for (const [, one] of this.#all()) one.interrupt(why)
  }

  end(): void {
    for (const [, one] of this.#all()) one.end?.()
  }

  drop(reply: (id: RequestId) => Reply): void {
    for (const [id, one] of this.#all()) one.drop(reply(id))
  }

  /** As they are now, whatever ends meanwhile. */
  #all(): ReadonlyArray<readonly [RequestId, OpenRequest]> {
    return this.#open === undefined ? [] : [...this.#open]
  }
}

/** A request in flight, and the sink it writes to. */
class Open implements OpenRequest, Sink {
  readonly method: string
  readonly closeStream: Sink["closeStream"]
  /** Set once it is known that it goes on. */
  started: InFlight | undefined
  readonly #id: RequestId
  readonly #sink: Sink
  readonly #requests: ClientRequests
  readonly #all: Requests
  #asked: Array<RequestId> | undefined
  #ended = false

  constructor({ id, method }: JsonRpcRequest, sink: Sink, requests: ClientRequests, all: Requests) {
    this.method = method
    this.closeStream = sink.closeStream
    this.#id = id
    this.#sink = sink
    this.#requests = requests
    this.#all = all
  }

  notify(...notification: Parameters<Sink["notify"]>): Room {
    return this.#sink.notify(...notification)
  }

  ask(message: JsonRpcRequest | JsonRpcNotification): string | undefined {
    if ("id" in message) {
      if (this.#ended) return partOfEnded
      this.#asked ??= []
      this.#asked.push(message.id)
    }
    return this.#sink.ask(message)
  }

  reply(reply: Reply): void {
    if (this.#ended) return
    this.#abandonAsks(partOfEnded)
    this.#ended = true
    this.#all.ended(this.#id, this)
    this.#sink.reply(reply)
  }

  drop(reply: Reply): void {
    if (this.#ended) return
    this.started!.interrupt("disconnected")
    this.reply(reply)
  }

  streamGone(): boolean {
    this.#abandonAsks("the stream it was asked on is gone")
    return !this.#ended
  }

  isOpen(): boolean {
    return !this.#ended
  }

  interrupt(why: "disconnected" | "drained"): undefined {
    if (why === "disconnected") this.drop(unanswered)
    else this.started!.interrupt(why)
    return undefined
  }

  end(): void {
    this.started!.end?.()
  }

  #abandonAsks(why: string): void {
    if (this.#asked === undefined) return
    for (const one of this.#asked) this.#requests.abandon(one, why)
    this.#asked = undefined
  }
}

const partOfEnded = "the request that it was part of has ended"

/** A cancelled request gets no answer; over HTTP that is a stream of events without any. */
const unanswered: Reply = { status: 200, headers: { "content-type": "text/event-stream" } }
