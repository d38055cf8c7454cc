import type { Exchange } from "./exchange.ts"

/** A good message, or one whose only fault is what it asks for. */
export interface Base {
  readonly what: string
  readonly message: Readonly<Record<string, any>>
  /** What the client says of itself in the envelope. */
  readonly capabilities?: object
  readonly headers?: Readonly<Record<string, string>>
}

const request = (what: string, method: string, params?: object, more: Partial<Base> = {}): Base => ({
  what,
  message: { jsonrpc: "2.0", id: 7, method, ...(params && { params }) },
  ...more
})

const call = (name: string, args?: unknown, more: Partial<Base> = {}) =>
  request(
    more.what ?? `tools/call ${name}`,
    "tools/call",
    { name, ...(args !== undefined && { arguments: args }) },
    more
  )

const notification = (method: string, params?: object): Base => ({
  what: method,
  message: { jsonrpc: "2.0", method, ...(params && { params }) }
})

/** What both eras have. */
const shared: ReadonlyArray<Base> = [
  request("tools/list", "tools/list"),
  request("tools/list, a cursor of nobody's", "tools/list", { cursor: "bm9uc2Vuc2U" }),
  call("add", { a: 1, b: 2 }),
  call("add", { a: "1" }, { what: "tools/call add, wrong arguments" }),
  call("add", undefined, { what: "tools/call add, no arguments" }),
  call("nowhere", {}, { what: "tools/call of an unknown tool" }),
  call("fail"),
  call("measure", { word: "four" }),
  call("query", { region: "eu", limit: 5 }, { headers: { "mcp-param-region": "eu", "mcp-param-limit": "5" } }),
  request("tools/call steps, with a token", "tools/call", { name: "steps", _meta: { progressToken: "t" } }),
  request("resources/list", "resources/list"),
  request("resources/templates/list", "resources/templates/list"),
  request("resources/read", "resources/read", { uri: "doc://readme" }),
  request("resources/read by template", "resources/read", { uri: "user://42" }),
  request("resources/read of what is not there", "resources/read", { uri: "doc://missing" }),
  request("prompts/list", "prompts/list"),
  request("prompts/get", "prompts/get", { name: "review", arguments: { code: "x" } }),
  request("prompts/get, an argument missing", "prompts/get", { name: "review", arguments: { style: "x" } }),
  request("prompts/get of an unknown prompt", "prompts/get", { name: "nowhere" }),
  request("completion of a prompt", "completion/complete", {
    ref: { type: "ref/prompt", name: "review" },
    argument: { name: "style", value: "s" }
  }),
  request("completion of a template", "completion/complete", {
    ref: { type: "ref/resource", uri: "user://{id}" },
    argument: { name: "id", value: "4" }
  }),
  request("completion of an unknown prompt", "completion/complete", {
    ref: { type: "ref/prompt", name: "nowhere" },
    argument: { name: "style", value: "s" }
  }),
  request("an unknown method", "nobody/knows", {}),
  notification("notifications/cancelled", { requestId: 99 }),
  notification("notifications/nobody_knows")
]

const initialize = (protocolVersion: unknown) => ({
  protocolVersion,
  capabilities: {},
  clientInfo: { name: "compare", version: "1" }
})

/** Of one era, and unknown or removed in the other. */
const ofHandshake: ReadonlyArray<Base> = [
  request("initialize", "initialize", initialize("2025-11-25")),
  request("ping", "ping"),
  request("resources/subscribe", "resources/subscribe", { uri: "doc://readme" }),
  request("resources/unsubscribe", "resources/unsubscribe", { uri: "doc://readme" }),
  request("logging/setLevel", "logging/setLevel", { level: "error" }),
  request("logging/setLevel, no such level", "logging/setLevel", { level: "loud" }),
  notification("notifications/initialized"),
  notification("notifications/roots/list_changed")
]

const ofSessionless: ReadonlyArray<Base> = [
  request("server/discover", "server/discover"),
  request("subscriptions/listen", "subscriptions/listen", {
    notifications: { toolsListChanged: true, resourceSubscriptions: ["doc://readme"] }
  }),
  request("subscriptions/listen to nothing", "subscriptions/listen", { notifications: {} }),
  call("ask", undefined, { what: "tools/call ask, a client that can be asked", capabilities: { elicitation: {} } }),
  call("ask", undefined, { what: "tools/call ask, a client that cannot" })
]

/** An exchange that can still be changed. */
export interface Draft extends Omit<Exchange, "change" | "body"> {
  readonly message: any
}

const revision = "2026-07-28"

const named = ["tools/call", "resources/read", "prompts/get"]

/** With the envelope and the headers of 2026-07-28. */
const enveloped = ({ what, message, capabilities = {}, headers }: Base): Draft => {
  const { method, params } = message
  const name = named.includes(method) ? (params.name ?? params.uri) : undefined
  const meta = {
    ...params?._meta,
    "io.modelcontextprotocol/protocolVersion": revision,
    "io.modelcontextprotocol/clientInfo": { name: "compare", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities
  }
  return {
    what,
    era: "sessionless",
    method: "POST",
    headers: {
      "mcp-protocol-version": revision,
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": name }),
      ...headers
    },
    message: { ...message, params: { ...params, _meta: meta } }
  }
}

const shaken =
  (era: "stateless" | "session") =>
  ({ what, message }: Base): Draft => ({
    what,
    era,
    method: "POST",
    headers: { "mcp-protocol-version": "2025-11-25", ...(era === "session" && { "mcp-session-id": "LIVE" }) },
    message
  })

const all = [...shared, ...ofHandshake, ...ofSessionless]

/** All good messages, as each era carries them. */
export const drafts: ReadonlyArray<Draft> = [
  ...all.map(enveloped),
  ...[...shared, ...ofHandshake].map(shaken("stateless")),
  // a second initialize would begin another session
  ...[...shared, ...ofHandshake].filter(({ what }) => what !== "initialize").map(shaken("session"))
]
