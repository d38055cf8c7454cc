import { encodeMessage } from "./encode.ts"
import type { Room } from "./exchange.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { type Outbox, outbox } from "./outbox.ts"
import type { Word } from "./session-link.ts"
import type { SessionStream } from "./session-stream.ts"

/** What the GET streams of a session need of what is around them. */
export interface ListenerSurroundings {
  /** Called each time the first GET stream opens. */
  opened(): void
  /** Called each time the last GET stream closes. */
  closed(): void
  /** Tells the other processes that serve the session, where there are some. */
  send(word: Word): void
}

/**
 * The GET streams of one session, and what waits for them. A message goes to the newest that has room, and to no other
 * (2025-11-25 basic/transports, "Multiple Connections").
 */
export class SessionListeners {
  readonly #around: ListenerSurroundings
  /** The newest last. Few, and none for most sessions: no map, then. */
  #open: ReadonlyArray<SessionStream> = noStreams
  #outbox: Outbox | undefined
  #listened = false
  /** Another process has a GET stream of this client, and tells it by itself what changed. */
  #elsewhere = false
  #ended = false
  #room: { readonly promise: Promise<void>; readonly settle: () => void } | undefined

  constructor(around: ListenerSurroundings) {
    this.#around = around
  }

  get any(): boolean {
    return this.#open.length > 0
  }

  /** Whether there ever was one, here or at another process. */
  get listened(): boolean {
    return this.#listened
  }

  get streams(): ReadonlyArray<SessionStream> {
    return this.#open
  }

  /** Takes a stream that is open now, or anew. */
  add(stream: SessionStream): void {
    this.#listened = true
    this.#open = [...without(this.#open, stream), stream]
    if (this.#open.length === 1) {
      this.#around.send({ type: "listening", on: true })
      this.#around.opened()
    }
    this.flush()
  }

  /** Leaves out a stream that has no connection any more; false where it has, or never was here. */
  remove(stream: SessionStream): boolean {
    if (stream.held || !this.#open.includes(stream)) return false
    this.#open = without(this.#open, stream)
    if (this.#open.length === 0) {
      this.#around.send({ type: "listening", on: false })
      this.#around.closed()
    }
    return true
  }

  /** Tells what belongs to no request. The promise settles once there is room for more, or the session has ended. */
  push(message: JsonRpcNotification | JsonRpcRequest): Room {
    if (this.#ended || (this.#elsewhere && !this.any)) return undefined
    const text = encodeMessage(message)
    if (!this.#write(text)) this.#wait(text, false)
    return this.#hasRoom() ? undefined : this.#roomLater()
  }

  /** Tells what belongs to a request that is answered by JSON; where nobody listens, its call does not wait. */
  tell(message: string | Uint8Array, keep: boolean): Room {
    if (!this.#listened || this.#ended) return undefined
    if (this.#elsewhere && !this.any) {
      this.#around.send({ type: "push", message: textOf(message), keep })
      return undefined
    }
    if (!this.#write(message)) this.#wait(message, keep)
    return !this.any || this.#hasRoom() ? undefined : this.#roomLater()
  }

  /** Takes what another process has told of the streams it has. */
  hear(word: Word): void {
    switch (word.type) {
      case "hello":
        if (this.any) this.#around.send({ type: "listening", on: true })
        return
      case "listening":
        this.#elsewhere = word.on
        this.#listened ||= word.on
        if (word.on && !this.any) this.#handOver()
        return
      case "push":
        if (this.any && !this.#write(word.message)) this.#wait(word.message, word.keep)
    }
  }

  /** Tells what waits, as far as there is room. */
  flush(): void {
    while (this.#hasRoom()) {
      const waiting = this.#outbox?.take()
      if (waiting === undefined) {
        this.#letGo()
        return
      }
      this.#writeNow(waiting.message)
    }
  }

  end(): void {
    this.#ended = true
    this.#open = noStreams
    this.#letGo()
  }

  /** What waits here goes where the client listens; changes are known there already. */
  #handOver(): void {
    for (let waiting = this.#outbox?.take(); waiting !== undefined; waiting = this.#outbox?.take()) {
      if (waiting.keep) this.#around.send({ type: "push", ...waiting })
    }
    this.#letGo()
  }

  #write(message: string | Uint8Array): boolean {
    // a stream may have got room this very turn, and what waits was there before
    if (this.#outbox?.isEmpty() === false && this.#hasRoom()) this.flush()
    return this.#writeNow(message)
  }

  #writeNow(message: string | Uint8Array): boolean {
    const stream = this.#open.findLast(takesMore)
    if (stream === undefined) return false
    void stream.write(message)?.then(() => this.flush())
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

  #letGo(): void {
    this.#room?.settle()
    this.#room = undefined
  }
}

export const noStreams: ReadonlyArray<SessionStream> = []

export const without = (streams: ReadonlyArray<SessionStream>, stream: SessionStream): ReadonlyArray<SessionStream> =>
  streams.length === 1 && streams[0] === stream ? noStreams : streams.filter((one) => one !== stream)

const takesMore = (stream: SessionStream): boolean => stream.takesMore

const decoder = new TextDecoder()

const textOf = (message: string | Uint8Array): string =>
  typeof message === "string" ? message : decoder.decode(message)
