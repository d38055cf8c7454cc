import type { IncomingMessage, ServerResponse } from "node:http"
import type * as Context from "effect/Context"
import { encodeReply } from "../../protocol/encode.ts"
import type { HttpPort, InFlight, Reply, Room, StreamEvent } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import type { PrincipalShape } from "../../services/principal.ts"
import { shuttingDown } from "../drain.ts"
import { maxUnreadBytes } from "../unread.ts"
import { isUtf8 } from "../utf8.ts"
import { type HttpCore, refusedReply } from "./core.ts"
import type { GateHead } from "./gate.ts"
import { HttpExchange } from "./http-exchange.ts"
import { nodeHead } from "./head.ts"
import type { LegacySse } from "./legacy-sse.ts"
import { readBody } from "./node-body.ts"
import { isLast, isOver } from "./node-pipeline.ts"
import { closing, headerList, refuseUnread, send, type WholeAnswer, wholeAnswer } from "./node-response.ts"
import { exchangeRoute } from "./node-route.ts"
import { sseComment, sseHeaderList, sseText } from "./sse.ts"
import { endTurn, turnIsLong, waitForTurnEnd } from "./turn-end.ts"

/** What the exchanges of one listening server share. */
export interface NodeState {
  readonly core: HttpCore
  readonly port: HttpPort
  /** What Effects of routes run in. Default: nothing. */
  readonly context?: Context.Context<never> | undefined
  /** The endpoint of the 2024-11-05 transport. Default: none. */
  readonly legacy?: LegacySse | undefined
  draining: boolean
  /** GET streams; nobody waits for them to end. */
  readonly streams: Set<InFlight>
  readonly enter: (work: InFlight) => void
  readonly leave: (work: InFlight) => void
}

/**
 * Serves one HTTP request. Callbacks instead of promises, one object instead of a closure for each event, one write: with 16
 * keep-alive connections async functions and web streams here would cost more than the protocol.
 */
export const exchange = (state: NodeState, request: IncomingMessage, response: ServerResponse): void => {
  const { core } = state
  const head = nodeHead(request, core.trustProxy)
  if (state.legacy?.exchange(request, response, head) === true) return
  const routed = core.router?.find(head, state.draining)
  if (routed !== undefined) {
    exchangeRoute(state, request, response, head, routed)
    return
  }
  const accepted = core.gate(head, state.draining)
  if (typeof accepted !== "number") {
    refuseUnread(request, response, accepted, state.draining)
    return
  }
  new Exchange(state, request, response, head, accepted).start()
}

/**
 * Whole answers that are there in the turn their requests came in are written one after another at its end: the memory that
 * serving requests touches stays near the processor, and so does what the kernel's writing touches, which under load saves a
 * third of a request's time.
 */
class Exchange extends HttpExchange {
  readonly #state: NodeState
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #stopReading: (() => void) | undefined
  /** What the server waits for when it drains, from the end of the turn on. */
  #work: InFlight | undefined
  /** The whole answer, which waits for the end of the turn. */
  #held: WholeAnswer | undefined
  #waitsForTurnEnd = false
  #streaming = false

  constructor(state: NodeState, request: IncomingMessage, response: ServerResponse, head: GateHead, accepted: number) {
    super(state.core, head, accepted)
    this.#state = state
    this.#request = request
    this.#response = response
  }

  start(): void {
    if (this.#state.draining) {
      this.#follow()
    } else {
      // Following what is over by the end of its turn would cost a list a tenth of its time.
      this.#waitsForTurnEnd = true
      waitForTurnEnd(this)
    }
    this.authenticate()
  }

  begin(headers?: Reply["headers"]): void {
    if (!this.ended && !this.#streaming && this.events) {
      this.#open(headers)
      this.#response.flushHeaders()
    }
  }

  event(event: StreamEvent, headers?: Reply["headers"]): Room {
    if (this.ended || !this.events) {
      return undefined
    }
    if (!this.#streaming) {
      this.#open(headers)
    }
    this.#response.write(sseText(event))
    return this.#response.writableLength > maxUnreadBytes
      ? this.full((resume) => this.#response.once("drain", resume))
      : undefined
  }

  close(): void {
    if (this.ended) {
      return
    }
    this.ended = true
    this.goesOn = true
    // a reader that is gone for good may never let go of what it was sent
    this.resume?.()
    this.stopBeating?.()
    const response = this.#response
    // its head promised to keep the connection, which a server that closes would wait for
    if (this.#state.draining && isLast(response)) response.end(() => this.#request.socket.end())
    else response.end()
  }

  reply(reply: Reply): void {
    if (this.ended) {
      if (this.goesOn) {
        this.goesOn = false
        if (this.#work !== undefined) this.#state.leave(this.#work)
      }
      return
    }
    this.ended = true
    if (this.#streaming || !this.answersJson(reply)) {
      this.#endEvents(reply)
    } else if (this.#waitsForTurnEnd) {
      this.#held = wholeAnswer(reply)
      if (turnIsLong()) endTurn()
    } else {
      send(this.#response, wholeAnswer(reply), this.#state.draining)
    }
  }

  /** Sends the answer that is there by now, and follows what is not over. */
  atTurnEnd(): void {
    this.#waitsForTurnEnd = false
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      send(this.#response, held, this.#state.draining)
      if (this.#response.writableFinished) return
    }
    this.#follow()
  }

  /** As work of the server's. */
  interrupt(why: "disconnected" | "drained"): void {
    if (this.inFlight !== undefined) {
      this.inFlight.interrupt(why)
    } else if (!this.ended) {
      // Not yet with the protocol: nothing else would answer.
      this.stopAuthenticate?.()
      this.#stopReading?.()
      this.refuse(shuttingDown, true)
    }
  }

  /** As work of the server's. */
  end(): void {
    this.inFlight?.end?.()
  }

  protected read(principal: PrincipalShape): void {
    const done = (body: Buffer | Refusal) => this.#take(body, principal)
    this.#stopReading = readBody(this.#request, this.#response, this.core, done)
  }

  #take(body: Buffer | Refusal, principal: PrincipalShape): void {
    if (this.ended) {
      return
    }
    if (!Buffer.isBuffer(body)) {
      this.refuse(body, true)
      return
    }
    const text = body.toString()
    // Decoding leaves U+FFFD where bytes were not UTF-8; looking for it costs nothing in text that is all ASCII.
    if (text.includes("\ufffd") && !isUtf8(body)) {
      this.reply(refusedReply(notUtf8))
      return
    }
    this.receive(this.#state.port, text, principal)
  }

  protected refuse(refused: Refusal, last = this.#state.draining): void {
    this.ended = true
    refuseUnread(this.#request, this.#response, refused, last)
  }

  #open(headers?: Reply["headers"]): void {
    this.#streaming = true
    this.#response.writeHead(200, headerList(headers, sseHeaderList))
  }

  protected isDraining(): boolean {
    return this.#state.draining
  }

  protected unread(): number {
    return this.#response.writableLength
  }

  protected isStreaming(): boolean {
    return this.#streaming
  }

  protected signOfLife(): void {
    if (!this.#streaming) this.#open()
    // what waits to be read says as much
    if (this.#response.writableLength === 0) this.#response.write(sseComment)
  }

  #endEvents(reply: Reply): void {
    const response = this.#response
    if (!this.#streaming) {
      response.writeHead(200, closing(response, headerList(reply.headers, sseHeaderList), this.#state.draining))
    }
    response.end(reply.message === undefined ? "" : sseText({ data: encodeReply(reply) }))
  }

  #follow(): void {
    const over = isOver(this.#response)
    if (this.ended && !this.goesOn && over) {
      return
    }
    const work = new Work(this)
    this.#work = work
    if (this.head.method === "GET") {
      this.#state.streams.add(work)
    } else {
      this.#state.enter(work)
    }
    if (over) {
      this.#closed(work)
    } else {
      this.#response.on("close", () => this.#closed(work))
    }
  }

  #closed(work: InFlight): void {
    if (!this.ended) {
      this.ended = true
      this.stopAuthenticate?.()
      this.#stopReading?.()
      this.goesOn = this.inFlight?.interrupt("disconnected") === true
    }
    this.resume?.()
    this.stopBeating?.()
    if (this.head.method === "GET") {
      this.#state.streams.delete(work)
    } else if (!this.goesOn) {
      // What goes on without its client is still waited for when the server drains.
      this.#state.leave(work)
    }
  }
}

/** An exchange as work. */
class Work implements InFlight {
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
