import type { IncomingMessage, ServerResponse } from "node:http"
import { encodeReply, preparedHead } from "../../protocol/encode.ts"
import type { Reply } from "../../protocol/exchange.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { refusedReply } from "./core.ts"

/** Writes a whole answer; `closing` says that the connection ends with it. */
export const send = (response: ServerResponse, reply: Reply, closing: boolean): void => {
  const { message, tailBytes } = reply
  if (tailBytes !== undefined && message !== undefined && "id" in message && message.id !== undefined) {
    sendPrepared(response, reply, preparedHead(message.id), tailBytes, closing)
    return
  }
  const body = encodeReply(reply)
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  const headers = ["content-length", `${length}`]
  if (length > 0) {
    headers.push("content-type", "application/json")
  }
  response.writeHead(reply.status, headerList(reply.headers, headers, closing))
  response.end(body)
}

/** Node gathers the parts into one write; copying 50 kB together would cost more than all the rest of a list. */
const sendPrepared = (
  response: ServerResponse,
  reply: Reply,
  head: string,
  tailBytes: Uint8Array,
  closing: boolean
): void => {
  const size = Buffer.byteLength(head)
  const headers = ["content-length", `${size + tailBytes.length}`, "content-type", "application/json"]
  response.writeHead(reply.status, headerList(reply.headers, headers, closing))
  // `write` would cork for itself, and then uncork once more in a tick of its own
  response.cork()
  // all ASCII but for ids that are strings
  response.write(head, size === head.length ? "latin1" : "utf8")
  response.end(tailBytes)
}

/** Headers as the flat list that `writeHead` takes. */
export const headerList = (headers: Reply["headers"], own: ReadonlyArray<string>, closing: boolean): Array<string> => {
  if (headers === undefined && !closing) {
    return own as Array<string>
  }
  const list = [...own]
  for (const name in headers) {
    list.push(name, headers[name]!)
  }
  if (closing) {
    list.push("connection", "close")
  }
  return list
}

/** An unread body of at most this many bytes is read to its end so that the connection can be kept. */
const maxDiscarded = 65_536

/** A client that goes on sending after its refusal is listened to this long, in milliseconds. */
const lingerMillis = 2_000

/** Answers without reading the body. */
export const refuseUnread = (
  request: IncomingMessage,
  response: ServerResponse,
  refused: Refusal,
  closing: boolean
): void => {
  const reply = refusedReply(refused)
  const declared = request.headers["content-length"]
  const hasBody = request.headers["transfer-encoding"] !== undefined || (declared !== undefined && declared !== "0")
  if (!hasBody || request.complete) {
    send(response, reply, closing)
    return
  }
  // Whoever was too slow with a body, or waits for our "100 Continue" to send it, is not sending now.
  if (refused.reason === "body-timeout" || request.headers.expect !== undefined) {
    send(response, reply, true)
    return
  }
  const body = encodeReply(reply)
  const small = declared !== undefined && Number(declared) <= maxDiscarded
  const headers = ["content-type", "application/json", "content-length", `${Buffer.byteLength(body)}`]
  response.writeHead(reply.status, headerList(reply.headers, headers, closing || !small))
  response.write(body)
  // Closing a socket with unread bytes resets it, and the client could lose the answer: so discard for a moment first.
  const linger = setTimeout(() => response.destroy(), lingerMillis)
  request.on("end", () => response.end())
  response.on("close", () => clearTimeout(linger))
  request.resume()
}
