import { encodeReply } from "../../protocol/encode.ts"
import type { HttpPort, InFlight, Reply, Room, StreamEvent } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import type { PrincipalShape } from "../../services/principal.ts"
import { shuttingDown } from "../drain.ts"
import { maxUnreadBytes } from "../unread.ts"
import { type HttpCore, refusedReply } from "./core.ts"
import { type Reading, readBody } from "./fetch-body.ts"
import type { GateHead } from "./gate.ts"
import { HttpExchange } from "./http-exchange.ts"
import type { Linked } from "./linked-list.ts"
import { sseComment, sseHeaders, sseText } from "./sse.ts"
import { notAtTurnEnd, waitForTurnEnd } from "./turn-end.ts"

/** What the exchanges of one handler share. */
export interface FetchState {
  readonly core: HttpCore
  /** GET streams; nobody waits for them to end. */
  readonly streams: Set<InFlight>
  readonly isDraining: () => boolean
  readonly enter: (work: FetchWork) => void
  readonly leave: (work: FetchWork) => void
}

/** What a handler that drains waits for. */
export interface FetchWork extends InFlight, Linked {}

/** Serves one fetch request. Callbacks, as in node-exchange.ts, and no stream unless there is something to stream. */
export const exchange = (
  state: FetchState,
  port: HttpPort,
  request: Request,
  head: GateHead,
  accepted: number
): Promise<Response> =>
  new Promise((resolve) => {
    new Exchange(state, port, request, head, accepted, resolve).start()
  })

class Exchange extends HttpExchange {
  readonly #state: FetchState
  readonly #port: HttpPort
  readonly #request: Request
  readonly #resolve: (response: Response) => void
  readonly #listens: boolean
  readonly #work: Work
  #reading: Reading | undefined
  #disconnected: (() => void) | undefined
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(
    state: FetchState,
    port: HttpPort,
    request: Request,
    head: GateHead,
    accepted: number,
    resolve: (response: Response) => void
  ) {
    super(state.core, head, accepted)
    this.#state = state
    this.#port = port
    this.#request = request
    this.#resolve = resolve
    this.#listens = head.method === "GET"
    this.#work = new Work(this)
  }

  start(): void {
    const { streams, enter } = this.#state
    if (this.#listens) {
      streams.add(this.#work)
    } else {
      enter(this.#work)
    }
    this.authenticate()
    if (!this.ended) {
      // Listening costs 4 % of a request, so only what outlives this turn does.
      waitForTurnEnd(this)
    }
  }

  begin(headers?: Reply["headers"]): void {
    if (!this.ended && this.events) {
      this.#open(headers)
    }
  }

  event(event: StreamEvent, headers?: Reply["headers"]): Room {
    if (this.ended || !this.events) {
      return undefined
    }
    const stream = this.#open(headers)
    stream.enqueue(encoder.encode(sseText(event)))
    return stream.desiredSize! < 0 ? this.full() : undefined
  }

  close(): void {
    if (!this.ended) {
      this.goesOn = true
      close(this.#open())
      this.#finish()
    }
  }

  reply(reply: Reply): void {
    if (this.ended) {
      if (this.goesOn) {
        this.#state.leave(this.#work)
      }
      return
    }
    if (this.#stream === undefined && this.answersJson(reply)) {
      this.#resolve(toResponse(reply))
    } else {
      const stream = this.#open(reply.headers)
      if (reply.message !== undefined) {
        stream.enqueue(encoder.encode(sseText({ data: encodeReply(reply) })))
      }
      close(stream)
    }
    this.#finish()
  }

  protected refuse(refused: Refusal): void {
    this.reply(refusedReply(refused))
  }

  /** As work of the handler's. */
  interrupt(why: "disconnected" | "drained"): void {
    if (this.inFlight !== undefined) {
      this.inFlight.interrupt(why)
    } else {
      this.stopAuthenticate?.()
      this.refuse(shuttingDown)
    }
  }

  /** As work of the handler's. */
  end(): void {
    this.inFlight?.end?.()
  }

  protected read(principal: PrincipalShape): void {
    this.#reading = readBody(this.#request, this.core, (body) => this.#take(body, principal))
    if (this.#disconnected !== undefined) {
      // the turn has ended, before who is calling was known
      this.#reading?.limitTime()
    }
  }

  #take(body: Uint8Array | Refusal, principal: PrincipalShape): void {
    if (this.ended) {
      return
    }
    if (!(body instanceof Uint8Array)) {
      this.refuse(body)
      return
    }
    const text = decode(body)
    if (text === undefined) {
      this.refuse(notUtf8)
      return
    }
    this.receive(this.#port, text, principal)
  }

  #open(headers?: Reply["headers"]): ReadableStreamDefaultController<Uint8Array> {
    if (this.#stream !== undefined) {
      return this.#stream
    }
    let controller: ReadableStreamDefaultController<Uint8Array>
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (made) => {
          controller = made
        },
        // called whenever there is room, and does nothing where nobody waits for it
        pull: () => this.resume?.(),
        cancel: () => this.#disconnect()
      },
      { highWaterMark: maxUnreadBytes, size: (chunk) => chunk!.length }
    )
    this.#resolve(
      new Response(stream, {
        status: 200,
        headers: headers === undefined ? sseHeaders : { ...headers, ...sseHeaders }
      })
    )
    this.#stream = controller!
    return controller!
  }

  protected isDraining(): boolean {
    return this.#state.isDraining()
  }

  protected unread(): number {
    return this.#stream === undefined ? 0 : maxUnreadBytes - this.#stream.desiredSize!
  }

  protected isStreaming(): boolean {
    return this.#stream !== undefined
  }

  protected signOfLife(): void {
    const stream = this.#open()
    // what waits to be read says as much
    if (stream.desiredSize! >= maxUnreadBytes) stream.enqueue(comment)
  }

  /** Listens for the client's leaving, and gives what is left of the body its time. */
  atTurnEnd(): void {
    if (this.ended) {
      return
    }
    this.#reading?.limitTime()
    const { signal } = this.#request
    this.#disconnected = () => this.#disconnect()
    if (signal.aborted) {
      this.#disconnect()
    } else {
      signal.addEventListener("abort", this.#disconnected)
    }
  }

  #disconnect(): void {
    if (this.ended) {
      return
    }
    this.stopAuthenticate?.()
    // a call that fails to ask may end, and reply, right here
    this.ended = true
    this.goesOn = this.inFlight?.interrupt("disconnected") === true
    this.#finish()
    if (this.#stream === undefined) {
      // Nobody reads this answer; the promise must settle all the same.
      this.#resolve(new Response(null, { status: 499 }))
    } else {
      close(this.#stream)
    }
  }

  #finish(): void {
    this.ended = true
    this.stopBeating?.()
    this.resume?.()
    if (this.#disconnected !== undefined) {
      this.#request.signal.removeEventListener("abort", this.#disconnected)
    } else {
      notAtTurnEnd(this)
    }
    if (this.#listens) {
      this.#state.streams.delete(this.#work)
    } else if (!this.goesOn) {
      // What goes on without its client is still waited for when the handler drains.
      this.#state.leave(this.#work)
    }
  }
}

/** An exchange as work. */
class Work implements FetchWork {
  before: Linked | undefined = undefined
  after: Linked | undefined = undefined
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  interrupt(why: "disconnected" | "drained"): undefined {
    this.#exchange.interrupt(why)
    return undefined
  }

  end(): void {
    this.#exchange.end()
  }
}

const encoder = new TextEncoder()
const comment = encoder.encode(sseComment)
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decode = (body: Uint8Array): string | undefined => {
  try {
    return decoder.decode(body)
  } catch {
    return undefined
  }
}

/** Closing a stream its reader has cancelled throws. */
const close = (events: ReadableStreamDefaultController<Uint8Array>) => {
  try {
    events.close()
  } catch {
    // Nothing is left to close.
  }
}

const jsonHeaders = { "content-type": "application/json" }

/** A reply as a fetch `Response`. */
export const toResponse = (reply: Reply): Response => {
  const body = encodeReply(reply)
  return new Response(body.length === 0 ? null : (body as BodyInit), {
    status: reply.status,
    headers:
      body.length === 0
        ? (reply.headers ?? {})
        : reply.headers === undefined
          ? jsonHeaders
          : { ...jsonHeaders, ...reply.headers }
  })
}
