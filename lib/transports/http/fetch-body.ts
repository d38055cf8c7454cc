import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { BodyTimer } from "./body-timer.ts"
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

/** Reads a body within the limits on size and time and calls `done` once. */
export const readBody = (request: Request, core: HttpCore, done: (body: Uint8Array | Refusal) => void): void => {
  const body = request.body
  if (body === null) {
    done(noBytes)
  } else if (body.locked) {
    done(alreadyRead)
  } else {
    // A reader costs less than text() or arrayBuffer() in Node 20, and it can stop at the limit.
    new BodyReader(body.getReader(), core, done).read()
  }
}

/** A class, as the exchange is. */
class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #core: HttpCore
  readonly #done: (body: Uint8Array | Refusal) => void
  readonly #timer: BodyTimer
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
    this.#timer = new BodyTimer(core.bodyTimeout, () => this.#stop(bodyTimeout(core.bodyTimeout)))
  }

  read(): void {
    this.#reader.read().then(this.#take, this.#fail)
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
      this.#timer.stop()
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
