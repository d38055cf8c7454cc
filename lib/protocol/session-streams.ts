import { encodeMessage, encodeReply } from "./encode.ts"
import { type EventId, isOfGet, readEventId, unknownEvent } from "./event-id.ts"
import type { HttpSink, InFlight, Reply, Room, Sink } from "./exchange.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import type { KeptEvents } from "./kept-events.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { refuse } from "./serve-request.ts"
import type { Word } from "./session-link.ts"
import { type ListenerSurroundings, noStreams, SessionListeners, without } from "./session-listeners.ts"
import { SessionStream } from "./session-stream.ts"

/** Where one POST of a session writes: to its JSON answer, or to a stream that its client can come back to. */
export interface PostSink extends Sink {
  /** Begins the stream where there can be one. */
  readonly begin: (() => void) | undefined
  /** The connection is gone. True where the client can come back for what is still to be told. */
  readonly disconnected: () => boolean
}

/** What the streams of a session need of what is around them. */
export interface StreamSurroundings extends ListenerSurroundings {
  readonly kept: KeptEvents
  /** Whether other processes serve the session too. */
  readonly shared: boolean
  /** The revision that the session agreed on. */
  readonly revision: string
  /** Logs a failure of the store, and makes the refusal that stands for it. */
  failed(error: unknown): Refusal
}

/**
 * The streams of events of one session (2025-11-25 basic/transports). A POST has one of its own, where anything is told before
 * its answer; clients may open several by GET. Each can be gone on with from any of its events.
 */
export class SessionStreams {
  readonly #around: StreamSurroundings
  readonly #listeners: SessionListeners
  /** Keeps keys apart from those that other processes make in the same session. */
  readonly #mark: string
  /** Streams of POSTs that are not answered yet, and of GETs that are open. */
  #live: ReadonlyArray<SessionStream> = noStreams
  #made = 0
  #ended = false

  constructor(around: StreamSurroundings) {
    this.#around = around
    this.#listeners = new SessionListeners(around)
    this.#mark = around.shared ? globalThis.crypto.randomUUID().slice(0, 8) : ""
  }

  /** Whether a GET stream is open. */
  get listening(): boolean {
    return this.#listeners.any
  }

  /** Clients before 2025-11-25 do not understand an event without a message. */
  get #primes(): boolean {
    return this.#around.revision >= "2025-11-25"
  }

  /** Where the requests of one POST write. */
  post(http: HttpSink): PostSink {
    let stream: SessionStream | undefined
    let gone = false
    const opened = (): SessionStream => {
      if (stream === undefined) {
        stream = this.#make("p")
        stream.begin(http)
      }
      return stream
    }
    const resumable = this.#primes && http.events
    return {
      notify: (notification) => {
        const message = encodeMessage(notification)
        if (!http.events) return this.#listeners.tell(message, false)
        return gone && stream === undefined ? undefined : opened().write(message)
      },
      ask: (message) => {
        const text = encodeMessage(message)
        if (!http.events) {
          if (!this.#listeners.listened) return noWayToAsk
          this.#listeners.tell(text, true)
          return undefined
        }
        if (gone && stream === undefined) return "the stream it was asked on is gone"
        opened().write(text)
        return undefined
      },
      reply: (reply) => {
        if (stream === undefined) return http.reply(reply)
        this.#live = without(this.#live, stream)
        if (reply.message === undefined) stream.cancel()
        else stream.write(encodeReply(reply), true)
        http.reply(written)
      },
      closeStream: resumable
        ? (retryMillis) => {
            if (!gone || stream !== undefined) opened().closeConnection(retryMillis)
          }
        : undefined,
      begin: resumable ? () => void opened() : undefined,
      disconnected: () => {
        gone = true
        stream?.disconnected(http)
        return stream !== undefined
      }
    }
  }

  /** A GET: a new stream, or with `Last-Event-ID` the rest of the stream that the event was on. */
  listen(http: HttpSink, lastEventId: string | undefined): InFlight | undefined {
    if (lastEventId !== undefined) return this.#resume(http, lastEventId)
    const stream = this.#make("g")
    stream.begin(http)
    this.#listeners.add(stream)
    return this.#connection(http, () => stream)
  }

  /** Tells what belongs to no request. The promise settles once a GET stream has room for more, or the session has ended. */
  push(message: JsonRpcNotification | JsonRpcRequest): Room {
    return this.#listeners.push(message)
  }

  /** Takes what another process that serves the session has told. */
  hear(word: Word): void {
    const taken = word.type === "taken" ? this.#find(word.key) : undefined
    if (taken !== undefined) this.#hangUp(taken)
    this.#listeners.hear(word)
  }

  /** Closes the GET streams; the client may come back to them. */
  hangUp(): void {
    for (const stream of this.#listeners.streams) this.#hangUp(stream)
  }

  /** Ends all streams; nothing is told any more. */
  end(): void {
    this.#ended = true
    for (const stream of this.#live) stream.end()
    this.#live = noStreams
    this.#listeners.end()
  }

  #make(kind: "p" | "g"): SessionStream {
    const key = `${kind}${this.#mark}${++this.#made}`
    const stream = new SessionStream(key, this.#around.kept, this.#primes ? -1 : 0)
    this.#live = [...this.#live, stream]
    return stream
  }

  #find(key: string): SessionStream | undefined {
    return this.#live.find((stream) => stream.key === key)
  }

  #hangUp(stream: SessionStream): void {
    stream.closeConnection(retryMillis)
    this.#forget(stream)
  }

  /** A GET stream without a connection is forgotten: the store has all that is needed to go on with it. */
  #forget(stream: SessionStream): void {
    if (this.#listeners.remove(stream)) this.#live = without(this.#live, stream)
  }

  #resume(http: HttpSink, lastEventId: string): InFlight | undefined {
    const from = readEventId(lastEventId)
    if (from === undefined) return refuse(http, unknownEvent(lastEventId), "handshake", undefined)
    let stopped: "disconnected" | "drained" | undefined
    let stream: SessionStream | undefined
    const goOn = async () => {
      let found = this.#find(from.key)
      if (found === undefined) {
        const revived = await this.#revived(from)
        // somebody else may have been faster
        found = this.#find(from.key) ?? revived
      }
      if (stopped === "disconnected") return
      if (stopped === "drained" || this.#ended) return refuse(http, over, "handshake", undefined)
      if (found === undefined || from.number > found.number) {
        return refuse(http, unknownEvent(lastEventId), "handshake", undefined)
      }
      stream = found
      this.#around.send({ type: "taken", key: from.key })
      const resumed = stream.resume(http, from.number)
      if (isOfGet(from)) {
        this.#live = [...without(this.#live, stream), stream]
        this.#listeners.add(stream)
      }
      try {
        await resumed
      } catch (error) {
        this.#around.failed(error)
        this.#hangUp(stream)
      }
      this.#listeners.flush()
    }
    goOn().catch((error) => refuse(http, this.#around.failed(error), "handshake", undefined))
    return this.#connection(http, (why) => {
      stopped ??= why
      return stream
    })
  }

  /** A stream that is not live here, as far as the store remembers it; undefined where the event cannot be one of it. */
  async #revived(from: EventId): Promise<SessionStream | undefined> {
    const { kept } = this.#around
    const events = await kept.after(from.key, from.number - 1)
    const last = events?.at(-1)
    const stream = new SessionStream(from.key, kept, last?.number ?? from.number)
    if (isOfGet(from)) {
      // where nothing is kept of it nothing is lost, but where it is, so is the event
      const known = events === undefined ? this.#isOurs(from) : last !== undefined || from.number === 0
      return known ? stream : undefined
    }
    if (last === undefined) return undefined
    // clients that come back for what will never come would do so for ever
    const over = !kept.shared || last.last
    if (over && events!.every(({ number, text }) => number <= from.number || text === "")) return undefined
    // it may go on at another process
    stream.passOn(over ? undefined : retryMillis)
    return stream
  }

  #isOurs({ key }: EventId): boolean {
    return this.#mark !== "" || Number(key.slice(1)) <= this.#made
  }

  /** The connection of a GET; `streamOf` gives its stream, and undefined where it has none yet. */
  #connection(http: HttpSink, streamOf: (why: "disconnected" | "drained") => SessionStream | undefined): InFlight {
    return {
      interrupt: (why) => {
        const stream = streamOf(why)
        if (stream === undefined) return undefined
        if (why === "disconnected") stream.disconnected(http)
        else stream.closeConnection(retryMillis)
        this.#forget(stream)
        return undefined
      }
    }
  }
}

/** Milliseconds after which clients shall come back whose connection is closed though their stream has not ended. */
const retryMillis = 1_000

const over = refusal("interrupted", "The session has ended or the server is shutting down; try again.")

const noWayToAsk =
  "it takes no events in answer to its requests and has opened no stream by GET, so there is no way to ask it"

/** What was told on the stream already; the response has ended. */
const written: Reply = { status: 202 }
