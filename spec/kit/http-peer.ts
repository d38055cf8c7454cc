import { type App, type FetchOptions, serve, toFetchHandler } from "mcpipe"
import type { AnyServer } from "../../lib/builder/server.ts"
import { type Events, eventsOf } from "./events.ts"

type Headers = Readonly<Record<string, string>>

/** A client that speaks raw messages over HTTP, whichever adapter answers. */
export interface HttpPeer extends AsyncDisposable {
  readonly request: (body: unknown, headers?: Headers, init?: RequestInit) => Promise<Response>
  /** Shakes hands; what it sends from then on belongs to the session. */
  readonly begin: (capabilities?: object, headers?: Headers, revision?: string) => Promise<HttpSession>
  readonly close: () => Promise<void>
}

export interface HttpSession {
  readonly id: string
  readonly headers: Headers
  /** Posts any message. */
  readonly send: (message: unknown, headers?: Headers, init?: RequestInit) => Promise<Response>
  /** Calls a tool whose answer will be a stream of events. */
  readonly call: (id: string | number, name: string, args?: object, init?: RequestInit) => Promise<Events>
  /** Answers what the server asked, on a connection of its own; the status. */
  readonly answer: (asked: any, result: unknown) => Promise<number>
  /** Opens a stream by GET, or goes on with the one that an event was on. */
  readonly listen: (lastEventId?: string, init?: RequestInit) => Promise<Response>
  readonly end: (headers?: Headers) => Promise<Response>
}

export type HttpPeerOptions = Omit<FetchOptions, "path">

export const adapters = ["node", "fetch"] as const

/** Serves a server through an adapter; over node each request goes through the network. */
export const httpPeer = async (
  adapter: (typeof adapters)[number],
  served: AnyServer | App,
  options: HttpPeerOptions = {}
): Promise<HttpPeer> => {
  const { url, handle, close } = await open(adapter, served, options)
  const request: HttpPeer["request"] = (body, headers = {}, init = {}) =>
    handle(
      new Request(url, {
        method: "POST",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        ...init
      })
    )
  const begin: HttpPeer["begin"] = async (capabilities = {}, more = {}, protocolVersion = "2025-11-25") => {
    const params = { protocolVersion, capabilities, clientInfo: { name: "by-hand", version: "0" } }
    const response = await request({ jsonrpc: "2.0", id: "init", method: "initialize", params }, more)
    const id = response.headers.get("mcp-session-id")
    if (id === null) throw new Error(`no session: ${response.status} ${await response.text()}`)
    const headers = { ...more, "mcp-session-id": id, "mcp-protocol-version": protocolVersion }
    const send: HttpSession["send"] = (message, other = {}, init = {}) =>
      request(message, { ...headers, ...other }, init)
    return {
      id,
      headers,
      send,
      call: async (id, name, args = {}, init = {}) => {
        const params = { name, arguments: args }
        const response = await send({ jsonrpc: "2.0", id, method: "tools/call", params }, {}, init)
        if (response.headers.get("content-type") !== "text/event-stream") {
          throw new Error(`no events: ${response.status} ${await response.text()}`)
        }
        return eventsOf(response)
      },
      answer: async ({ id }, result) => (await send({ jsonrpc: "2.0", id, result })).status,
      listen: (lastEventId, init = {}) => {
        const resuming = lastEventId === undefined ? {} : { "last-event-id": lastEventId }
        const listening = { ...headers, accept: "text/event-stream", ...resuming }
        return request(undefined, listening, { method: "GET", ...init })
      },
      end: (other = {}) => request(undefined, { ...headers, ...other }, { method: "DELETE" })
    }
  }
  return { request, begin, close, [Symbol.asyncDispose]: close }
}

const open = async (
  adapter: (typeof adapters)[number],
  served: AnyServer | App,
  { gracePeriod = 0, ...options }: HttpPeerOptions
) => {
  if (adapter === "node") {
    const serving = await serve(served as never, { http: { port: 0, ...options }, signals: false, gracePeriod })
    return { url: serving.url!, handle: fetch, close: serving.close }
  }
  const handler = toFetchHandler(served as never, { gracePeriod, ...options })
  return { url: "http://localhost/mcp", handle: handler as typeof fetch, close: handler.dispose }
}
