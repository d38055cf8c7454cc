import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { bodyTimer } from "./body-timer.ts"
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
export const readBody = (
  request: Request,
  { maxBodyBytes, bodyTimeout: millis }: HttpCore,
  done: (body: Uint8Array | Refusal) => void
): void => {
  const body = request.body
  if (body === null) {
    done(noBytes)
    return
  }
  if (body.locked) {
    done(alreadyRead)
    return
  }
  // A reader costs less than text() or arrayBuffer() in Node 20, and it can stop at the limit.
  const reader = body.getReader()
  let settled = false
  const settle = (outcome: Uint8Array | Refusal) => {
    if (!settled) {
      settled = true
      disarm()
      done(outcome)
    }
  }
  const disarm = bodyTimer(millis, () => {
    settle(bodyTimeout(millis))
    // Cancelling tells the runtime to stop receiving; it may refuse, which changes nothing for us.
    reader.cancel().catch(ignore)
  })
  const failed = () => settle(refusal("parse-error", "The body ended before it was complete."))
  const chunks: Array<Uint8Array> = []
  let size = 0
  const next = ({ done: end, value }: { readonly done: boolean; readonly value?: Uint8Array | undefined }): void => {
    if (settled) {
      return
    }
    if (end) {
      settle(chunks.length === 0 ? empty : chunks.length === 1 ? chunks[0]! : join(chunks, size))
      return
    }
    chunks.push(value!)
    size += value!.length
    if (size > maxBodyBytes) {
      settle(bodyTooLarge(maxBodyBytes))
      reader.cancel().catch(ignore)
    } else {
      reader.read().then(next, failed)
    }
  }
  reader.read().then(next, failed)
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
