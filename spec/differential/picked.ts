import { type Exchange, plainHeaders } from "./exchange.ts"

type Pick = Partial<Omit<Exchange, "what" | "body">> & { readonly body?: unknown }

const pick = (what: string, { era = "stateless", method = "POST", headers = {}, body, ...rest }: Pick): Exchange => ({
  what,
  change: "picked by hand",
  era,
  method,
  headers: { ...plainHeaders, ...headers },
  body: body === undefined || typeof body === "string" ? (body as string | undefined) : JSON.stringify(body),
  ...rest
})

const handshake = { "mcp-protocol-version": "2025-11-25" }
const live = { ...handshake, "mcp-session-id": "LIVE" }
const unknown = { ...handshake, "mcp-session-id": "nobody-began-this" }
const sessionless = { "mcp-protocol-version": "2026-07-28" }

const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {} }
}

const retry = (what: string, more: object): Exchange =>
  pick(`a retry of ask, ${what}`, {
    era: "sessionless",
    headers: { ...sessionless, "mcp-method": "tools/call", "mcp-name": "ask" },
    body: { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "ask", ...more, _meta: envelope } }
  })

const beginning = (protocolVersion: unknown, more: object = {}) =>
  pick(`initialize for ${JSON.stringify(protocolVersion)}${"clientInfo" in more ? " by nobody" : ""}`, {
    body: {
      jsonrpc: "2.0",
      id: 7,
      method: "initialize",
      params: { protocolVersion, capabilities: {}, clientInfo: { name: "compare", version: "1" }, ...more }
    }
  })

const ping = { jsonrpc: "2.0", id: 7, method: "ping" }
const answer = { jsonrpc: "2.0", id: "s-1", result: { action: "accept", content: {} } }
const failure = { jsonrpc: "2.0", id: "s-1", error: { code: -32600, message: "no" } }

const values = [null, true, 7, "ping", [], {}, [[]], [1], { jsonrpc: "2.0" }, { id: 7 }]

const nested = (levels: number) =>
  `{"jsonrpc":"2.0","id":7,"method":"ping","params":${'{"a":'.repeat(levels)}1${"}".repeat(levels)}}`

/** What no grammar of messages makes; in this order, since some begin and end sessions. */
export const picked: ReadonlyArray<Exchange> = [
  ...values.flatMap((body) => [
    pick(`the body ${JSON.stringify(body)}`, { headers: handshake, body: JSON.stringify(body) }),
    pick(`the body ${JSON.stringify(body)}`, { era: "sessionless", headers: sessionless, body: JSON.stringify(body) })
  ]),
  pick("64 levels", { headers: handshake, body: nested(61) }),
  pick("1,000 levels", { headers: handshake, body: nested(1_000) }),
  pick("a body of 5 MiB", { headers: handshake, body: `"${"x".repeat(5 * 1_048_576)}"` }),
  // responses to nothing that was asked
  pick("a result nobody waits for", { headers: handshake, body: answer }),
  pick("a result nobody waits for", { era: "session", headers: live, body: answer }),
  pick("a result nobody waits for", { era: "sessionless", headers: sessionless, body: answer }),
  pick("an error nobody waits for", { headers: handshake, body: failure }),
  pick("an error nobody waits for", { era: "session", headers: live, body: failure }),
  pick("an error nobody waits for", { era: "sessionless", headers: sessionless, body: failure }),
  pick("a result without an id", { era: "session", headers: live, body: { jsonrpc: "2.0", result: {} } }),
  pick("a result to a session nobody began", { era: "session", headers: unknown, body: answer }),
  // versions
  ...["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07", "2026-07-28", "2099-01-01", "", 5].map(
    (version) => beginning(version)
  ),
  beginning("2025-11-25", { clientInfo: undefined }),
  beginning("2025-11-25", { clientInfo: { name: "x" } }),
  pick("server/discover without an envelope", { headers: handshake, body: { ...ping, method: "server/discover" } }),
  pick("ping with the headers of 2026-07-28 alone", {
    era: "sessionless",
    headers: { ...sessionless, "mcp-method": "ping" },
    body: ping
  }),
  pick("an envelope without any header", {
    era: "sessionless",
    body: { ...ping, method: "tools/list", params: { _meta: envelope } }
  }),
  // retries
  retry("nothing asked before", { inputResponses: { name: { action: "accept", content: { name: "Ada" } } } }),
  retry("answers that are no object", { inputResponses: [1] }),
  retry("answers that are null", { inputResponses: null }),
  retry("a state that is none", { requestState: "nonsense", inputResponses: {} }),
  retry("a state that is a number", { requestState: 5, inputResponses: {} }),
  retry("an answer of no kind", { inputResponses: { name: 5 } }),
  retry("an answer nobody asked for", { inputResponses: { other: { action: "accept", content: {} } } }),
  retry("a refusal", { inputResponses: { name: { action: "decline" } } }),
  // other methods of HTTP
  pick("GET without a session", { method: "GET", headers: { ...handshake, accept: "text/event-stream" } }),
  pick("GET without a session or a version", { method: "GET", headers: { accept: "text/event-stream" } }),
  pick("GET on 2026-07-28", {
    era: "sessionless",
    method: "GET",
    headers: { ...sessionless, accept: "text/event-stream" }
  }),
  pick("GET of a session nobody began", { method: "GET", headers: { ...unknown, accept: "text/event-stream" } }),
  pick("GET of a session", { era: "session", method: "GET", headers: { ...live, accept: "text/event-stream" } }),
  pick("GET of a session, JSON only", {
    era: "session",
    method: "GET",
    headers: { ...live, accept: "application/json" }
  }),
  pick("PUT", { method: "PUT", headers: handshake, body: ping }),
  pick("PATCH", { method: "PATCH", headers: handshake, body: ping }),
  pick("OPTIONS", { method: "OPTIONS", headers: handshake }),
  pick("DELETE on 2026-07-28", { era: "sessionless", method: "DELETE", headers: sessionless }),
  pick("DELETE without a session", { method: "DELETE", headers: handshake }),
  pick("DELETE of a session nobody began", { method: "DELETE", headers: unknown }),
  pick("DELETE of a session", { era: "session", method: "DELETE", headers: live }),
  pick("a request after its session ended", { era: "session", headers: live, body: ping }),
  pick("a notification after its session ended", {
    era: "session",
    headers: live,
    body: { jsonrpc: "2.0", method: "notifications/initialized" }
  }),
  pick("GET after the session ended", {
    era: "session",
    method: "GET",
    headers: { ...live, accept: "text/event-stream" }
  }),
  pick("DELETE again", { era: "session", method: "DELETE", headers: live }),
  pick("DELETE of a session, nonsense in the version header", {
    era: "session",
    method: "DELETE",
    headers: { "mcp-protocol-version": "latest", "mcp-session-id": "SECOND" }
  })
]
