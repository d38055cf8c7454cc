import { encodeMessage, encodeReply } from "./encode.ts"
import type { HttpSink, InFlight, Reply, Room, Sink } from "./exchange.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import type { KeptEvents } from "./kept-events.ts"
import { quoted } from "./method.ts"
import { type Outbox, outbox } from "./outbox.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { refuse } from "./serve-request.ts"
import type { Word } from "./session-link.ts"
import { SessionStream } from "./session-stream.ts"

/** Where one POST of a session writes: to its JSON answer, or to a stream that its client can come back to. */
export interface PostSink extends Sink {
  /** Begins the stream where there can be one. */
  readonly begin: (() => void) | undefined
  /** The connection is gone. True where the client can come back for what is still to be told. */
  readonly disconnected: () => boolean
}

/** What the streams of a session need of what is around them. */
export interface StreamSurroundings {
  readonly kept: KeptEvents
  /** Whether other processes serve the session too. */
  readonly shared: boolean
  /** The revision that the session agreed on. */
  readonly revision: string
  /** Called each time the first GET stream opens. */
  opened(): void
  /** Called each time the last GET stream closes. */
  closed(): void
  /** Logs a failure of the store, and makes the refusal that stands for it. */
  failed(error: unknown): Refusal
  /** Tells the other processes that serve the session, where there are some. */
  send(word: Word): void
}

/**
 * The streams of events of one session (2025-11-25 basic/transports). A POST has one of its own, where anything is told before
 * its answer. Clients may open several by GET: what belongs to no request goes to the newest that has room, and each message
 * to one of them only.
 */
export class SessionStreams {
  readonly #around: StreamSurroundings
  /** Keeps keys apart from those that other processes make in the same session. */
  readonly #mark: string
  /** Streams of POSTs that are not answered yet, and of GETs that are open. Few, and none for most sessions: no map, then. */
  #live: ReadonlyArray<SessionStream> = none
  /** GET streams, the newest last. */
  #open: ReadonlyArray<SessionStream> = none
  #outbox: Outbox | undefined
  #made = 0
  #listened = false
  /** Another process has a GET stream of this client, and tells it all by itself that changed. */
  #elsewhere = false
  #ended = false
  #room: { readonly promise: Promise<void>; readonly settle: () => void } | undefined

  constructor(around: StreamSurroundings) {
    this.#around = around
    this.#mark = around.shared ? globalThis.crypto.randomUUID().slice(0, 8) : ""
  }

  /** Whether a GET stream is open. */
  get listening(): boolean {
    return this.#open.length > 0
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
        if (!http.events) return this.#tell(message, false)
        return gone && stream === undefined ? undefined : opened().write(message)
      },
      ask: (message) => {
        const text = encodeMessage(message)
        if (!http.events) {
          if (!this.#listened) return noWayToAsk
          this.#tell(text, true)
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
            if (!gone) opened().closeConnection(retryMillis)
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
    this.#opened(stream)
    return this.#listener(http, () => stream)
  }

  /** Tells what belongs to no request. The promise settles once a GET stream has room for more, or the session has ended. */
  push(notification: JsonRpcNotification | JsonRpcRequest): Room {
    if (this.#ended) return undefined
    if (this.#elsewhere && !this.listening) return undefined
    const message = encodeMessage(notification)
    if (!this.#write(message)) this.#wait(message, false)
    return this.#hasRoom() ? undefined : this.#roomLater()
  }

  /** Takes what another process that serves the session has told. */
  hear(word: Word): void {
    switch (word.type) {
      case "taken": {
        const stream = this.#find(word.key)
        stream?.closeConnection(retryMillis)
        if (stream !== undefined) this.#closed(stream)
        return
      }
      case "hello":
        if (this.listening) this.#around.send({ type: "listening", on: true })
        return
      case "listening":
        this.#elsewhere = word.on
        this.#listened ||= word.on
        if (word.on && !this.listening) this.#handOver()
        return
      case "push":
        if (this.listening && !this.#write(word.message)) this.#wait(word.message, word.keep)
    }
  }

  /** Closes the GET streams; the client may come back to them. */
  hangUp(): void {
    for (const stream of this.#open) {
      stream.closeConnection(retryMillis)
      this.#closed(stream)
    }
  }

  /** Ends all streams; nothing is told any more. */
  end(): void {
    this.#ended = true
    for (const stream of this.#live) stream.end()
    this.#live = none
    this.#open = none
    this.#room?.settle()
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
      if (isOfGet(from)) {
        this.#live = [...without(this.#live, stream), stream]
        this.#opened(stream)
      }
      this.#around.send({ type: "taken", key: from.key })
      try {
        await stream.resume(http, from.number)
      } catch (error) {
        this.#around.failed(error)
        stream.closeConnection(retryMillis)
      }
      this.#flush()
    }
    goOn().catch((error) => refuse(http, this.#around.failed(error), "handshake", undefined))
    return this.#listener(http, (why) => {
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

  #listener(http: HttpSink, streamOf: (why: "disconnected" | "drained") => SessionStream | undefined): InFlight {
    return {
      interrupt: (why) => {
        const stream = streamOf(why)
        if (stream === undefined) return undefined
        if (why === "disconnected") stream.disconnected(http)
        else stream.closeConnection(retryMillis)
        this.#closed(stream)
        return undefined
      }
    }
  }

  #opened(stream: SessionStream): void {
    this.#listened = true
    this.#open = [...without(this.#open, stream), stream]
    if (this.#open.length === 1) {
      this.#around.send({ type: "listening", on: true })
      this.#around.opened()
    }
    this.#flush()
  }

  /** A GET stream without a connection is forgotten: the store has all that is needed to go on with it. */
  #closed(stream: SessionStream): void {
    if (stream.held || !this.#open.includes(stream)) return
    this.#open = without(this.#open, stream)
    this.#live = without(this.#live, stream)
    if (this.#open.length > 0) return
    this.#around.send({ type: "listening", on: false })
    this.#around.closed()
  }

  /** What waits here goes where the client listens; changes are known there already. */
  #handOver(): void {
    for (let message = this.#outbox?.take(); message !== undefined; message = this.#outbox?.take()) {
      if (message.keep) this.#around.send({ type: "push", ...message })
    }
    this.#room?.settle()
    this.#room = undefined
  }

  /** Tells what belongs to a request that is answered by JSON; where nobody listens, its call does not wait. */
  #tell(message: string | Uint8Array, keep: boolean): Room {
    if (!this.#listened || this.#ended) return undefined
    if (this.#elsewhere && !this.listening) {
      this.#around.send({ type: "push", message: textOf(message), keep })
      return undefined
    }
    if (!this.#write(message)) this.#wait(message, keep)
    return this.#open.length === 0 || this.#hasRoom() ? undefined : this.#roomLater()
  }

  #write(message: string | Uint8Array): boolean {
    const stream = this.#open.findLast(takesMore)
    if (stream === undefined) return false
    const room = stream.write(message)
    void room?.then(() => this.#flush())
    return true
  }

  #wait(message: string | Uint8Array, keep: boolean): void {
    this.#outbox ??= outbox()
    this.#outbox.add({ message: textOf(message), keep })
  }

  #hasRoom(): boolean {
    return this.#open.some(takesMore)
  }

  #roomLater(): Promise<void> {
    if (this.#room === undefined) {
      let settle!: () => void
      const promise = new Promise<void>((resolve) => {
        settle = resolve
      })
      this.#room = { promise, settle }
    }
    return this.#room.promise
  }

  #flush(): void {
    while (this.#hasRoom()) {
      const message = this.#outbox?.take()
      if (message === undefined) {
        this.#room?.settle()
        this.#room = undefined
        return
      }
      this.#write(message.message)
    }
  }
}

const decoder = new TextDecoder()

const textOf = (message: string | Uint8Array): string =>
  typeof message === "string" ? message : decoder.decode(message)

const none: ReadonlyArray<SessionStream> = []

const without = (streams: ReadonlyArray<SessionStream>, stream: SessionStream): ReadonlyArray<SessionStream> =>
  streams.length === 1 && streams[0] === stream ? none : streams.filter((one) => one !== stream)

const takesMore = (stream: SessionStream): boolean => stream.takesMore

/** Where an event was: on which stream, and as which of its events. */
interface EventId {
  readonly key: string
  readonly number: number
}

const readEventId = (text: string): EventId | undefined => {
  const found = /^([gp][0-9a-f]{1,24})\.(\d{1,15})$/.exec(text)
  return found === null ? undefined : { key: found[1]!, number: Number(found[2]) }
}

const isOfGet = ({ key }: EventId): boolean => key.startsWith("g")

/** Milliseconds after which clients shall come back whose connection is closed though their stream has not ended. */
const retryMillis = 1_000

/** 400: a 404 would tell the client that its session has ended (2025-11-25 basic/transports, "Session Management"). */
const unknownEvent = (id: string): Refusal =>
  refusal(
    "invalid-request",
    `Last-Event-ID ${quoted(id)} is not known in this session, or its stream is kept no longer; send GET without it to listen from now on.`
  )

const over = refusal("interrupted", "The session has ended or the server is shutting down; try again.")

const noWayToAsk =
  "it takes no events in answer to its requests and has opened no stream by GET, so there is no way to ask it"

/** What was told on the stream already; the response has ended. */
const written: Reply = { status: 202 }
