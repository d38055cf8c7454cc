import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http"
import { calling, headersOf } from "./process.ts"
import { processorOf } from "./processor.ts"

/** A client over kept connections, as fast as node:http is: fetch would cost more than the server. */
export interface Client {
  /** Sends one request; its answer with its whole body. */
  readonly ask: (
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    method?: string
  ) => Promise<{ readonly status: number; readonly headers: IncomingMessage["headers"]; readonly text: string }>
  /** Sends one request on a connection of its own; the answer once its head is there, to be read or broken off. */
  readonly open: (body: string | undefined, headers: Readonly<Record<string, string>>, method?: string) => Promise<Open>
  /** Sends one request whose answer is of no interest, on a connection of its own. */
  readonly start: (body: string, headers: Readonly<Record<string, string>>) => ClientRequest
  readonly close: () => void
}

/** A request whose answer goes on. */
export interface Open {
  readonly sent: ClientRequest
  readonly response: IncomingMessage
}

export const client = (port: number, maxSockets = 16): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets })
  const send = (
    own: Agent | false,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    method: string
  ) =>
    new Promise<Open>((resolve, reject) => {
      const options = { agent: own, host: "127.0.0.1", port, path: "/mcp", method, headers }
      const sent = httpRequest(options, (response) => resolve({ sent, response }))
      sent.on("error", reject)
      sent.end(body)
    })
  return {
    ask: async (body, headers, method = "POST") => {
      const { response } = await send(agent, body, headers, method)
      let text = ""
      for await (const chunk of response.setEncoding("utf8")) text += chunk
      return { status: response.statusCode!, headers: response.headers, text }
    },
    open: async (body, headers, method = "POST") => {
      const open = await send(false, body, headers, method)
      // specs break them off
      open.sent.on("error", () => {})
      open.response.on("error", () => {})
      return open
    },
    start: (body, headers) => {
      const sent = httpRequest({ agent: false, host: "127.0.0.1", port, path: "/mcp", method: "POST", headers })
      sent.on("error", () => {})
      sent.end(body)
      return sent
    },
    close: () => agent.destroy()
  }
}

const json = { "content-type": "application/json", accept: "application/json, text/event-stream" }

/** Shakes hands; the headers of what belongs to the session. */
export const session = async ({ ask }: Client): Promise<Record<string, string>> => {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "load", version: "1" } }
  const { headers, text } = await ask(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }), json)
  const id = headers["mcp-session-id"]
  if (typeof id !== "string") throw new Error(`no session: ${text}`)
  return { ...json, "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" }
}

/** Does something so many times, so many at once. */
export const times = async (count: number, atOnce: number, one: (n: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** What calls of another client take, one after the other, in milliseconds. */
export interface Latencies {
  /** By the clock. */
  readonly wall: ReadonlyArray<number>
  /** Without what server and client had to wait for a processor: what they would be on a machine of their own. */
  readonly own: ReadonlyArray<number>
}

export const latencies = async ({ pid, port }: Served, count: number): Promise<Latencies> => {
  const other = client(port, 1)
  const processors = [processorOf(pid), processorOf("self")]
  const waited = () => processors.reduce((sum, spent) => sum + spent().waited, 0)
  const message = calling(1, "echo", { text: "still there?" })
  const [body, headers] = [JSON.stringify(message), headersOf(message)]
  const wall: Array<number> = []
  const own: Array<number> = []
  for (let n = 0; n < count; n++) {
    const [before, waitedBefore] = [performance.now(), waited()]
    const { status, text } = await other.ask(body, headers)
    if (status !== 200) throw new Error(`${status}: ${text}`)
    const millis = performance.now() - before
    wall.push(millis)
    own.push(Math.max(0, millis - (waited() - waitedBefore)))
  }
  other.close()
  return { wall, own }
}

/** A server in a process of its own. */
export interface Served {
  readonly pid: number
  readonly port: number
}
