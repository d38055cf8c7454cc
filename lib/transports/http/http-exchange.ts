import { encodeMessage } from "../../protocol/encode.ts"
import type { HttpPort, HttpSink, InFlight, Reply, Room, StreamEvent } from "../../protocol/exchange.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "../../protocol/json-rpc.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { anonymous, type PrincipalShape } from "../../services/principal.ts"
import { maxUnreadAsking } from "../unread.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { type HttpCore, receiveBody } from "./core.ts"
import { acceptsEvents, acceptsJson, type GateHead } from "./gate.ts"
import type { Linked } from "./linked-list.ts"
import { cannotAsk } from "./sse.ts"
import type { Waiting } from "./turn-end.ts"

/**
 * One HTTP request and its response: what is the same over node:http and fetch. One object with callbacks instead of closures,
 * promises and streams, which would cost more than the protocol.
 */
export abstract class HttpExchange implements HttpSink, Waiting {
  before: Linked | undefined = undefined
  after: Linked | undefined = undefined
  /** Whether the response can be a stream of events. */
  readonly events: boolean
  protected readonly core: HttpCore
  protected readonly head: GateHead
  protected inFlight: InFlight | undefined = undefined
  protected stopAuthenticate: (() => void) | undefined = undefined
  protected stopBeating: (() => void) | undefined = undefined
  /** Whether nothing more is to be sent. */
  protected ended = false
  /** Whether the request goes on although its response has ended. */
  protected goesOn = false
  /** Lets go of who waits for room. */
  protected resume: (() => void) | undefined = undefined
  readonly #accepted: number
  #room: Room = undefined

  constructor(core: HttpCore, head: GateHead, accepted: number) {
    this.core = core
    this.head = head
    this.events = (accepted & acceptsEvents) !== 0
    this.#accepted = accepted
  }

  abstract begin(headers?: Reply["headers"]): void
  abstract event(event: StreamEvent, headers?: Reply["headers"]): Room
  abstract close(): void
  abstract reply(reply: Reply): void
  abstract atTurnEnd(): void

  /** Reads the body, which the principal sent. */
  protected abstract read(principal: PrincipalShape): void
  /** Answers what `authenticate` refuses. */
  protected abstract refuse(refused: Refusal): void
  protected abstract isDraining(): boolean
  /** Bytes that wait for their reader. */
  protected abstract unread(): number
  protected abstract isStreaming(): boolean
  /** Tells a stream of events, which this begins, that its server is there. */
  protected abstract signOfLife(): void

  notify(notification: JsonRpcNotification, headers?: Reply["headers"]): Room {
    return this.event({ data: encodeMessage(notification) }, headers)
  }

  ask(message: JsonRpcRequest | JsonRpcNotification): string | undefined {
    if (this.ended) return cannotAsk.gone
    if (!this.events) return cannotAsk.acceptsNoEvents
    if (this.unread() > maxUnreadAsking) return cannotAsk.readsNothing
    this.event({ data: encodeMessage(message) })
    return undefined
  }

  protected authenticate(): void {
    const { authenticate } = this.core
    if (authenticate === undefined) {
      this.read(anonymous)
    } else {
      this.stopAuthenticate = runAuthenticate(authenticate, this.head, (decision) => this.#decided(decision))
    }
  }

  #decided(decision: PrincipalShape | Refusal): void {
    if (this.ended) return
    if (isRefusal(decision)) this.refuse(decision)
    else this.read(decision)
  }

  /** Hands the body to the protocol. */
  protected receive(port: HttpPort, text: string, principal: PrincipalShape): void {
    const { core } = this
    const inFlight = receiveBody(port, text, core, this.#accepted, this.head, principal, this)
    if (inFlight === undefined) return
    this.inFlight = inFlight
    if (this.isDraining()) inFlight.end?.()
    if (!this.ended && this.events) {
      const after = inFlight.begin === undefined ? core.keepAlive : core.silence
      if (after > 0) this.stopBeating = core.pulse.join(() => this.#beat(), after)
    }
  }

  /** Whether a reply is JSON where nothing was sent yet; otherwise it is an event. */
  protected answersJson(reply: Reply): boolean {
    return (this.#accepted & acceptsJson) !== 0 || reply.status !== 200 || reply.message === undefined
  }

  /** Settles once `resume` is called, which `begun` is given. */
  protected full(begun?: (resume: () => void) => void): Promise<void> {
    this.#room ??= new Promise((resolve) => {
      this.resume = () => {
        this.#room = undefined
        this.resume = undefined
        resolve()
      }
      begun?.(this.resume)
    })
    return this.#room
  }

  #beat(): void {
    if (this.ended) return
    if (!this.isStreaming() && this.inFlight?.begin !== undefined) this.inFlight.begin()
    else if (this.core.keepAlive > 0) this.signOfLife()
  }
}
