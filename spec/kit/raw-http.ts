import { once } from "node:events"
import { connect, type Socket } from "node:net"

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Opens a socket whose errors are kept out of the way: specs look at what was answered. */
export const openSocket = async (port: number): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  await once(socket, "connect")
  return socket
}

/** Reads one response, chunk sizes included, to its declared end or until the connection closes. */
export const readResponse = (socket: Socket): Promise<RawResponse> =>
  new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const finish = (response: RawResponse) => {
      socket.off("data", take)
      socket.off("close", closed)
      resolve(response)
    }
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const parsed = parse(bytes)
      if (parsed !== undefined && isWhole(parsed)) {
        finish(parsed)
      }
    }
    const closed = () => {
      const parsed = parse(bytes)
      if (parsed === undefined) {
        reject(new Error(`closed after ${JSON.stringify(bytes.toString())}`))
      } else {
        finish(parsed)
      }
    }
    socket.on("data", take)
    socket.on("close", closed)
  })

const isWhole = ({ headers, body }: RawResponse) =>
  headers["transfer-encoding"] === "chunked"
    ? body.endsWith("\r\n0\r\n\r\n")
    : headers["content-length"] === String(Buffer.byteLength(body))

const parse = (bytes: Buffer): RawResponse | undefined => {
  const text = bytes.toString()
  const end = text.indexOf("\r\n\r\n")
  if (end === -1) {
    return undefined
  }
  const [line, ...fields] = text.slice(0, end).split("\r\n")
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(":")).toLowerCase(),
      field.slice(field.indexOf(":") + 1).trim()
    ])
  )
  return { status: Number(line!.split(" ")[1]), headers, body: text.slice(end + 4) }
}

/** A raw POST head; `headers` replace or, where undefined, remove the defaults. */
export const rawHead = (
  port: number,
  headers: Readonly<Record<string, string | undefined>> = {},
  target = "/mcp",
  method = "POST"
) => {
  const all: Record<string, string | undefined> = {
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...headers
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`
}

/** Sends one request on its own connection and reads the answer. */
export const send = async (
  port: number,
  {
    headers = {},
    body = "",
    target,
    method
  }: {
    readonly headers?: Readonly<Record<string, string | undefined>>
    readonly body?: string | Uint8Array
    readonly target?: string
    readonly method?: string
  }
): Promise<RawResponse> => {
  const socket = await openSocket(port)
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  socket.write(rawHead(port, { "content-length": String(length), ...headers }, target, method))
  socket.write(body)
  const response = await readResponse(socket)
  socket.destroy()
  return response
}
