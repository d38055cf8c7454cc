import type { Effort } from "./fixtures/loop.ts"
import { type Running, type SpawnOptions, start } from "../kit/spawn.ts"

/** The fixture server in a process of its own. */
export interface Abused extends Running {
  readonly port: number
  readonly url: string
  /** Settles once so many naps have begun. */
  readonly begun: (count: number) => Promise<unknown>
}

/** Starts it; `settings` are options of `assemble`, of HTTP under `http`, and of the `EventStore` under `events`. */
export const abused = async (
  mode: "http" | "stdio" | "both",
  settings: object = {},
  options: SpawnOptions = {}
): Promise<Abused> => {
  const running = start("spec/abuse/fixtures/server.ts", { args: [mode, JSON.stringify(settings)], ...options })
  const { port } = JSON.parse(await running.errorLine('"ready":true'))
  return {
    ...running,
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    begun: (count) => running.errorLine(`{"begun":${count}}`)
  }
}

const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "abuse", version: "1" }
}

/** A request of 2026-07-28. */
export const request = (id: string | number, method: string, params: object = {}, meta: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params: { ...params, _meta: { ...envelope, ...meta } }
})

/** A call of a tool at 2026-07-28. */
export const calling = (id: string | number, name: string, args: object = {}, meta: object = {}) =>
  request(id, "tools/call", { name, arguments: args }, meta)

/** The headers that go with a request of 2026-07-28. */
export const headersOf = ({ method, params }: { method: string; params: any }): Record<string, string> => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(params.name !== undefined && { "mcp-name": params.name })
})

/** Posts a request of 2026-07-28. */
export const post = (url: string, message: ReturnType<typeof request>, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: "POST", headers: headersOf(message), body: JSON.stringify(message), ...init })

/** What a call came to: the text, or the structured value, of its result. */
export const valueOf = async (response: Response): Promise<any> => {
  const { result, error } = JSON.parse(await response.text())
  if (result === undefined) throw new Error(JSON.stringify(error))
  return result.structuredContent ?? result.content[0].text
}

/** What the server knows of itself. */
export interface Look {
  readonly heapUsed: number
  readonly rss: number
  readonly arrayBuffers: number
  /** What the process holds open: connections, timers. */
  readonly handles: number
  readonly begun: number
  readonly interrupted: number
  readonly finalized: number
  readonly written: number
}

export const look = async (url: string): Promise<Look> => valueOf(await post(url, calling("look", "look")))

/** What it had to do since this was last asked. */
export const effortOf = async (url: string): Promise<Effort> => valueOf(await post(url, calling("effort", "effort")))

/** Moves its clock on by so many milliseconds. */
export const skip = async (url: string, millis: number): Promise<void> =>
  valueOf(await post(url, calling("skip", "skip", { millis })))

/** The messages of a stream of events as they come; comments are left out. */
export const messagesOf = async function* (response: Response): AsyncGenerator<any> {
  let text = ""
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split("\n\n")
    text = events.pop()!
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1]
      if (data !== undefined) yield JSON.parse(data)
    }
  }
}
