import { type Refusal, refusal } from "../../protocol/reasons.ts"
import type { HttpCore } from "./core.ts"
import { bodyTimeout, bodyTooLarge } from "./gate.ts"

const noBytes = new Uint8Array()

const alreadyRead = refusal(
  "internal-error",
  "The request's body was read before it reached the MCP handler; pass the request on unread.",
  { status: 500 }
)

/** Asking `bodyUsed` of every request, to tell the two, would cost 2 % of it. */
const empty = refusal(
  "parse-error",
  "The body is empty: send one JSON-RPC message. Where something before the MCP handler read it, pass the request on unread."
)

/** A body that is being read. */
export interface Reading {
  /** Begins the time that what is left of it may take. Most bodies are read within a turn, and need no timer. */
  readonly limitTime: () => void
}

/** Reads a body within the limit on size and calls `done` once, perhaps at once. */
export const readBody = (
  request: Request,
  core: HttpCore,
  done: (body: Uint8Array | Refusal) => void
): Reading | undefined => {
  const body = request.body
  if (body === null) {
    done(noBytes)
    return undefined
  }
  // A reader costs less than text() or arrayBuffer() in Node 20, and it can stop at the limit.
  const reader = readerOf(body)
  if (reader === undefined) {
    done(alreadyRead)
    return undefined
  }
  const reading = new BodyReader(reader, core, done)
  reading.read()
  return reading
}

/** Found when it is first needed: servers that speak no HTTP shall not load streams. */
let getReader: ReadableStream<Uint8Array>["getReader"] | undefined

/**
 * Undefined where the stream has a reader already. Each stream of Node 20 has a shape of its own, and looking up a member of one
 * costs as much as reading it: the method is looked up once.
 */
const readerOf = (body: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> | undefined => {
  try {
    if (!(body instanceof ReadableStream)) {
      return (body as ReadableStream<Uint8Array>).getReader()
    }
    getReader ??= ReadableStream.prototype.getReader
    return getReader.call(body) as ReadableStreamDefaultReader<Uint8Array>
  } catch {
    return undefined
  }
}

/** A class, as the exchange is. */
class BodyReader implements Reading {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #core: HttpCore
  readonly #done: (body: Uint8Array | Refusal) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #first: Uint8Array | undefined
  #chunks: Array<Uint8Array> | undefined
  #size = 0
  #settled = false

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    core: HttpCore,
    done: (body: Uint8Array | Refusal) => void
  ) {
    this.#reader = reader
    this.#core = core
    this.#done = done
  }

  read(): void {
    this.#reader.read().then(this.#take, this.#fail)
  }

  limitTime(): void {
    if (!this.#settled) {
      const { bodyTimeout: millis } = this.#core
      this.#timer = setTimeout(() => this.#stop(bodyTimeout(millis)), millis)
    }
  }

  readonly #take = ({ done, value }: { readonly done: boolean; readonly value?: Uint8Array | undefined }): void => {
    if (this.#settled) {
      return
    }
    if (done) {
      const first = this.#first
      this.#settle(first === undefined ? empty : this.#chunks === undefined ? first : join(this.#chunks, this.#size))
      return
    }
    if (this.#first === undefined) {
      this.#first = value
    } else {
      this.#chunks ??= [this.#first]
      this.#chunks.push(value!)
    }
    this.#size += value!.length
    if (this.#size > this.#core.maxBodyBytes) {
      this.#stop(bodyTooLarge(this.#core.maxBodyBytes))
    } else {
      this.read()
    }
  }

  readonly #fail = (): void => this.#settle(refusal("parse-error", "The body ended before it was complete."))

  #settle(outcome: Uint8Array | Refusal): void {
    if (!this.#settled) {
      this.#settled = true
      if (this.#timer !== undefined) {
        clearTimeout(this.#timer)
      }
      this.#done(outcome)
    }
  }

  #stop(why: Refusal): void {
    this.#settle(why)
    // Cancelling tells the runtime to stop receiving; it may refuse, which changes nothing for us.
    this.#reader.cancel().catch(ignore)
  }
}

const ignore = () => {}

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
