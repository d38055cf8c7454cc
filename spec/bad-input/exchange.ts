import { envelope } from "../kit/wire.ts"

/** One HTTP request, as bytes and headers. */
export interface Exchange {
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly method?: string
  readonly target?: string
}

interface Changes {
  readonly id?: unknown
  /** Replaces or, where undefined, removes headers. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Replaces or, where undefined, removes members of the envelope. */
  readonly meta?: Readonly<Record<string, unknown>>
}

/** A whole 2026-07-28 request with the headers that belong to it; `changes` break it in one place. */
export const now = (
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  changes: Changes = {}
): Exchange => {
  const named = params["name"] ?? params["uri"]
  const name = method === "completion/complete" ? undefined : named
  return {
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: "id" in changes ? changes.id : 1,
      method,
      params: { ...params, _meta: { ...envelope(), ...changes.meta } }
    }),
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": headerValue(name) } : undefined),
      ...changes.headers
    }
  }
}

/** A request of a handshake revision over stateless HTTP. */
export const before = (method: string, params?: unknown, revision = "2025-11-25"): Exchange => ({
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  headers: { "mcp-protocol-version": revision }
})

/** A body as it is, sent with the headers of a tool call. */
export const raw = (body: unknown, headers: Exchange["headers"] = {}): Exchange => ({
  body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "add", ...headers }
})

/** A good tool call that other rows change. */
export const good = (changes: Changes = {}) => now("tools/call", { name: "add", arguments: { a: 1, b: 2 } }, changes)

export const tool = (name: unknown, args?: unknown, changes?: Changes) =>
  now("tools/call", { name, ...(args === undefined ? undefined : { arguments: args }) }, changes)

/** The same JSON with `__proto__` as an own key, which an object literal cannot have. */
export const withProto = (exchange: Exchange): Exchange => ({
  ...exchange,
  body: String(exchange.body).replaceAll('"PROTO"', '"__proto__"')
})

/** SEP-2243: what a header cannot carry goes as `=?base64?…?=`. */
export const headerValue = (value: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith("=?")
    ? value
    : `=?base64?${Buffer.from(value).toString("base64")}?=`
