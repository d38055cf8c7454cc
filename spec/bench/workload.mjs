// What every benched server is asked, and what it has to answer: the same question and, between floor and mcpipe, the same bytes.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"

export const eras = ["handshake", "sessionless"]

export const serverInfo = { name: "bench", version: "1.0.0" }

const clientInfo = { name: "load", version: "1.0.0" }

const revisions = { handshake: "2025-11-25", sessionless: "2026-07-28" }

const envelope = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": revisions.sessionless,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": clientInfo
  }
}

/** `tools/call` of a tool that adds two numbers. */
export const callMessage = (era, id) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "add", arguments: { a: 2, b: 3 }, ...(era === "sessionless" ? envelope : undefined) }
})

/** What the asking bench's tool asks, one after another. */
export const askQuestions = ["Which city?", "Which street?", "Which number?"]

/** `tools/call` of a tool that asks them, in a round of its own. */
export const askMessage = (id, more) => {
  const _meta = { ...envelope._meta, "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } }
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: "ask", arguments: {}, ...more, _meta } }
}

/** `tools/list` without a cursor. */
export const listMessage = (era, id) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/list",
  params: era === "sessionless" ? envelope : {}
})

/** What opens a duplex connection: nothing in the sessionless era. */
export const opening = (era) =>
  era === "sessionless"
    ? []
    : [
        {
          jsonrpc: "2.0",
          id: 0,
          method: "initialize",
          params: { protocolVersion: revisions.handshake, capabilities: {}, clientInfo }
        },
        { jsonrpc: "2.0", method: "notifications/initialized" }
      ]

/** The HTTP headers that go with a message. */
export const headersOf = (era, { method, params }) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": revisions[era],
  ...(era === "sessionless"
    ? { "mcp-method": method, ...(params.name === undefined ? undefined : { "mcp-name": params.name }) }
    : undefined)
})

export const toolCount = 100

/** Throws unless `text` is one answer to `callMessage(era, id)`, as JSON or as the only event of an SSE body. */
export const checkCall = (text, era, id) => {
  const { result } = answerIn(text, id)
  // Peers may say more around the answer, such as an empty _meta; the sum itself leaves no choice.
  deepStrictEqual(result.content, [{ type: "text", text: "5" }])
  ok(result.isError !== true, text)
  if (era === "sessionless") strictEqual(result.resultType, "complete")
}

/** Throws unless `text` answers `listMessage(era, id)` with all tools, each with both schemas. */
export const checkList = (text, _era, id) => {
  const { tools } = answerIn(text, id).result
  strictEqual(tools.length, toolCount)
  for (const [index, { name, inputSchema, outputSchema }] of tools.entries()) {
    strictEqual(name, toolName(index))
    deepStrictEqual(Object.keys(inputSchema.properties), ["id", "title", "count", "ratio", "done"])
    deepStrictEqual(Object.keys(outputSchema.properties), ["id", "saved"])
  }
}

export const toolName = (index) => `update_record_${String(index).padStart(3, "0")}`

export const toolDescription = (index) => `Updates record ${index}: its title, its counters and whether it is done.`

const answerIn = (text, id) => {
  const data = text.startsWith("{")
    ? text
    : text
        .split("\n")
        .find((line) => line.startsWith("data: {"))
        ?.slice(6)
  const message = JSON.parse(data ?? text)
  strictEqual(message.jsonrpc, "2.0")
  strictEqual(message.id, id)
  ok(message.result !== undefined, text)
  return message
}
