import { type App, type Serving, serve } from "mcpipe"
import type { AnyServer } from "../../lib/builder/server.ts"
import { envelope } from "../kit/wire.ts"

/** A server on a port of its own. */
export const listen = (served: AnyServer | App, gracePeriod = 0): Promise<Serving & { readonly url: string }> =>
  serve(served as never, { http: { port: 0 }, signals: false, gracePeriod }) as never

/** What an HTTP request looks like on a revision; 2026-07-28 has its envelope and headers. */
export const requestOf = (revision: string, method: string, params: any = {}, capabilities: object = {}) => {
  const sessionless = revision === "2026-07-28"
  const whole = sessionless ? { ...params, _meta: envelope(capabilities, params._meta) } : params
  const name = params.name ?? params.uri
  const headers = {
    // a kept connection could be in the way of closing the server
    connection: "close",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": revision,
    ...(sessionless ? { "mcp-method": method, ...(name === undefined ? {} : { "mcp-name": name }) } : {})
  }
  return { method: "POST", headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: whole }) }
}

/** Posts a prepared request; a stream of events counts as its last message. */
export const post = async (url: string, request: RequestInit): Promise<{ status: number; message: any }> => {
  const response = await fetch(url, request)
  const text = await response.text()
  const streamed = response.headers.get("content-type") === "text/event-stream"
  const last = streamed ? text.trimEnd().split("\n").at(-1)!.replace("data: ", "") : text
  return { status: response.status, message: last === "" ? undefined : JSON.parse(last) }
}
