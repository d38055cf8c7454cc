import type { IncomingMessage, ServerResponse } from "node:http"
import type { Refusal } from "../../protocol/reasons.ts"
import { BodyTimer } from "./body-timer.ts"
import type { HttpCore } from "./core.ts"
import { bodyTimeout, bodyTooLarge } from "./gate.ts"

const noBytes = Buffer.alloc(0)

const nothing = () => {}

/** Reads a body within the limits on size and time and calls `done` once, unless the returned function stops it before. */
export const readBody = (
  request: IncomingMessage,
  response: ServerResponse,
  { maxBodyBytes, bodyTimeout: millis }: HttpCore,
  done: (body: Buffer | Refusal) => void
): (() => void) => {
  const { headers } = request
  // streams stay open for long, and need none of what follows
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    done(noBytes)
    return nothing
  }
  let first: Buffer | undefined
  let chunks: Array<Buffer> | undefined
  let size = 0
  const stop = () => {
    timer.stop()
    request.off("data", take)
    request.off("end", end)
  }
  const take = (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBodyBytes) {
      stop()
      done(bodyTooLarge(maxBodyBytes))
    } else if (first === undefined) {
      first = chunk
    } else {
      chunks ??= [first]
      chunks.push(chunk)
    }
  }
  const end = () => {
    timer.stop()
    done(chunks === undefined ? (first ?? noBytes) : Buffer.concat(chunks, size))
  }
  const timer = new BodyTimer(millis, () => {
    stop()
    done(bodyTimeout(millis))
  })
  request.on("data", take)
  request.on("end", end)
  if (request.headers.expect !== undefined) {
    response.writeContinue()
  }
  return stop
}
