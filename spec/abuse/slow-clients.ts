import type { Socket } from "node:net"
import { openSocket, rawHead, type RawResponse, readResponse } from "../kit/raw-http.ts"

/** Ways to send so slowly that a request never comes to its end. */
export const dawdling = {
  /** Headers without an end. */
  headers: (port: number) => ({ head: `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`, each: "x-a: b\r\n" }),
  /** One header without an end. */
  header: (port: number) => ({ head: `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx-a: `, each: "b" }),
  /** A body of a declared length. */
  body: (port: number) => ({ head: rawHead(port, { "content-length": "100000" }), each: " " }),
  /** A body in chunks. */
  chunks: (port: number) => ({ head: rawHead(port, { "transfer-encoding": "chunked" }), each: "1\r\n \r\n" })
} as const

export type Dawdling = keyof typeof dawdling

/** What became of a client that sends a little every so many milliseconds: its answer, and after how long. */
export interface Dawdled {
  readonly response: RawResponse | undefined
  readonly millis: number
}

/** Sends slowly until the server closes the connection. */
export const dawdle = async (port: number, how: Dawdling, everyMillis: number): Promise<Dawdled> => {
  const socket = await openSocket(port)
  const { head, each } = dawdling[how](port)
  const began = performance.now()
  const timer = setInterval(() => socket.write(each), everyMillis)
  const closed = closing(socket)
  const response = readResponse(socket).catch(() => undefined)
  socket.write(head)
  await closed
  clearInterval(timer)
  return { response: await response, millis: performance.now() - began }
}

const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("end", () => socket.end())
    socket.once("close", () => resolve())
  })
