import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http"
import { calling, headersOf } from "./process.ts"

/** A client over kept connections, as fast as node:http is: fetch would cost more than the server. */
export interface Client {
  /** Sends one request; its answer with its whole body. */
  readonly ask: (
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    method?: string
  ) => Promise<{ readonly status: number; readonly headers: IncomingMessage["headers"]; readonly text: string }>
  /** Sends one request whose answer goes on; the answer once its head is there. */
  readonly open: (
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    method?: string
  ) => Promise<{ readonly sent: ClientRequest; readonly response: IncomingMessage }>
  readonly close: () => void
}

export const client = (port: number, maxSockets = 16): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets })
  const send = (
    own: Agent | false,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    method: string
  ) =>
    new Promise<{ readonly sent: ClientRequest; readonly response: IncomingMessage }>((resolve, reject) => {
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
    open: (body, headers, method = "POST") => send(false, body, headers, method),
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

/** The milliseconds that calls of another client take, one after the other. */
export const latencies = async (port: number, count: number): Promise<ReadonlyArray<number>> => {
  const other = client(port, 1)
  const message = calling(1, "echo", { text: "still there?" })
  const [body, headers] = [JSON.stringify(message), headersOf(message)]
  const all: Array<number> = []
  for (let n = 0; n < count; n++) {
    const before = performance.now()
    const { status, text } = await other.ask(body, headers)
    if (status !== 200) throw new Error(`${status}: ${text}`)
    all.push(performance.now() - before)
  }
  other.close()
  return all.sort((a, b) => a - b)
}

/** The value that so many percent are below. */
export const percentile = (sorted: ReadonlyArray<number>, percent: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]!

export const told = (what: string, figures: Readonly<Record<string, string | number>>): void => {
  const said = Object.entries(figures).map(
    ([name, value]) => `${name} ${typeof value === "number" ? round(value) : value}`
  )
  console.log(`${what}: ${said.join(", ")}`)
}

const round = (value: number): string => (Number.isInteger(value) ? `${value}` : value.toFixed(1))
