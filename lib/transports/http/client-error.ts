import type { Duplex } from "node:stream"
import { errorOf, type Refusal, refusal, statusOf } from "../../protocol/reasons.ts"

/** Answers bytes that node:http could not read as a request, where nothing was answered yet, and closes the connection. */
export const answerClientError = (error: Error & { readonly code?: string }, socket: Duplex): void => {
  // A second answer inside a response that has begun would be read as part of it. Node's own default handler asks the same field.
  const begun = (socket as Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } })._httpMessage
    ?.headersSent
  if (!socket.writable || begun === true || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const refused = refusalOf(error.code)
  const status = statusOf(refused, "sessionless")
  const body = JSON.stringify(errorOf(refused, "sessionless", undefined))
  socket.end(
    `HTTP/1.1 ${status} ${phrases[status] ?? "Bad Request"}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy()
  )
}

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large"
}

const refusalOf = (code: string | undefined): Refusal => {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return refusal("headers-timeout", "The headers of the request were not complete in time.")
    case "HPE_HEADER_OVERFLOW":
      return refusal("invalid-request", "The headers of the request are too large.", { status: 431 })
    default:
      return refusal("invalid-request", "The connection does not speak HTTP/1.1.")
  }
}
