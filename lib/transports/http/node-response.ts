import type { IncomingMessage, ServerResponse } from "node:http"
import { encodeReply, preparedHead } from "../../protocol/encode.ts"
import type { Reply } from "../../protocol/exchange.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { refusedReply } from "./core.ts"
import { isLast } from "./node-pipeline.ts"

/** An answer as it is written: head and body, encoded. */
export interface WholeAnswer {
  readonly status: number
  readonly headers: Array<string>
  /** The body, or what comes before `tail`. */
  readonly body: string | Uint8Array
  /** The rest of the body, where it was prepared as bytes. */
  readonly tail: Uint8Array | undefined
}

/** Encodes a reply. What it holds may change later, the answer does not. */
export const wholeAnswer = (reply: Reply): WholeAnswer => {
  const { message, tailBytes, status } = reply
  if (tailBytes !== undefined && message !== undefined && "id" in message && message.id !== undefined) {
    const body = preparedHead(message.id)
    const length = Buffer.byteLength(body) + tailBytes.length
    return { status, headers: headerList(reply.headers, jsonHeaders(length)), body, tail: tailBytes }
  }
  const body = encodeReply(reply)
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  const own = length === 0 ? ["content-length", "0"] : jsonHeaders(length)
  return { status, headers: headerList(reply.headers, own), body, tail: undefined }
}

const jsonHeaders = (length: number) => ["content-length", `${length}`, "content-type", "application/json"]

/** Writes a whole answer; `last` says that the connection shall end. */
export const send = (response: ServerResponse, { status, headers, body, tail }: WholeAnswer, last: boolean): void => {
  response.writeHead(status, closing(response, headers, last))
  if (tail === undefined) {
    response.end(body)
    return
  }
  // Node gathers the parts into one write; copying 50 kB together would cost more than all the rest of a list. `write` would
  // cork for itself, and then uncork once more in a tick of its own.
  response.cork()
  response.write(body)
  response.end(tail)
}

/** Headers as the flat list that `writeHead` takes. */
export const headerList = (headers: Reply["headers"], own: ReadonlyArray<string>): Array<string> => {
  if (headers === undefined) {
    return own as Array<string>
  }
  const list = [...own]
  for (const name in headers) {
    list.push(name, headers[name]!)
  }
  return list
}

/**
 * A header list that says, where `last`, that the connection ends with this response. Node would then drop those pipelined
 * behind it: where there are any, the last of them says so.
 */
export const closing = (response: ServerResponse, headers: Array<string>, last: boolean): Array<string> =>
  last && isLast(response) ? [...headers, "connection", "close"] : headers

/** An unread body of at most this many bytes is read to its end so that the connection can be kept. */
const maxDiscarded = 65_536

/** A client that goes on sending after its answer is listened to this long, in milliseconds. */
const lingerMillis = 2_000

/** Refuses without reading the body. */
export const refuseUnread = (
  request: IncomingMessage,
  response: ServerResponse,
  refused: Refusal,
  last: boolean
): void => {
  const reply = refusedReply(refused)
  const body = encodeReply(reply) as string
  const own = ["content-type", "application/json", "content-length", `${Buffer.byteLength(body)}`]
  const headers = headerList(reply.headers, own)
  answerUnread(request, response, { status: reply.status, headers, body }, last, refused.reason !== "body-timeout")
}

/** Answers without reading the body; `sending`: whether one that is not there yet is on its way. */
export const answerUnread = (
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: { readonly status: number; readonly headers: Array<string>; readonly body: string },
  last: boolean,
  sending = true
): void => {
  const declared = request.headers["content-length"]
  const hasBody = request.headers["transfer-encoding"] !== undefined || (declared !== undefined && declared !== "0")
  const unread = hasBody && !request.complete
  // Whoever was too slow with a body, or waits for our "100 Continue" to send it, is not sending now.
  if (!unread || !sending || request.headers.expect !== undefined) {
    response.writeHead(status, closing(response, headers, last || unread))
    response.end(body)
    return
  }
  const small = declared !== undefined && Number(declared) <= maxDiscarded
  response.writeHead(status, closing(response, headers, last || !small))
  response.write(body)
  // Closing a socket with unread bytes resets it, and the client could lose the answer: so discard for a moment first.
  const linger = setTimeout(() => response.destroy(), lingerMillis)
  response.on("close", () => clearTimeout(linger))
  request.on("end", () => {
    // it may be long until those before it are answered
    clearTimeout(linger)
    response.end()
  })
  request.resume()
}
