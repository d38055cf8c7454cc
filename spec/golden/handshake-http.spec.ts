import { serve, toFetchHandler } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { accepted, events, json, post } from "./post.ts"
import * as at from "./revisions.ts"
import { golden, held } from "./server.ts"

let serving: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  serving = await serve(golden, { http: { port: 0 }, signals: false })
})
afterAll(() => serving.close())

const error = (code: number, message: string, id?: unknown) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  error: { code, message }
})

describe.each(at.revisions)("%s over stateless HTTP", (revision) => {
  const headers = { "mcp-protocol-version": revision }
  const ask = (method: string, params?: unknown) =>
    post(serving.port!, { jsonrpc: "2.0", id: 1, method, params }, headers)
  const result = (value: unknown) => json(200, { jsonrpc: "2.0", id: 1, result: value })

  it("agrees on the revision without a header, and serves a client that has no use for sessions", async () => {
    const params = { protocolVersion: revision, capabilities: {}, clientInfo: { name: "by-hand", version: "0" } }
    const asked = await post(serving.port!, { jsonrpc: "2.0", id: 1, method: "initialize", params })
    const { body, headers: sent } = result(at.initialized[revision])
    // basic/transports, "Session Management": visible ASCII, unguessable
    const session = { "mcp-session-id": expect.stringMatching(/^[0-9a-f]{64}$/) }
    expect(asked).toStrictEqual({ status: 200, headers: { ...sent, ...session }, body })
    expect(await post(serving.port!, { jsonrpc: "2.0", method: "notifications/initialized" }, headers)).toStrictEqual(
      accepted
    )
  })

  it("knows the revision of a request by its header alone", async () => {
    expect(await ask("ping")).toStrictEqual(result({}))
    expect(await ask("tools/list")).toStrictEqual(result({ tools: at.tools[revision] }))
    expect(await ask("resources/list")).toStrictEqual(result({ resources: at.resources[revision] }))
    expect(await ask("resources/templates/list")).toStrictEqual(result({ resourceTemplates: at.templates[revision] }))
    expect(await ask("prompts/list")).toStrictEqual(result({ prompts: at.prompts[revision] }))
    expect(await ask("tools/call", { name: "mixed" })).toStrictEqual(result({ content: at.mixed[revision] }))
  })

  it("streams notifications and the answer as events, byte for byte", async () => {
    const message = revision >= "2025-03-26" ? ',"message":"half way"' : ""
    expect(await ask("tools/call", { name: "talk", _meta: { progressToken: 7 } })).toStrictEqual(
      events(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1,"total":2${message}}}`,
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"storage","data":{"disk":"full"}}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"said"}]}}'
      )
    )
  })

  it("answers what it refuses in-band", async () => {
    expect(await ask("tools/destroy")).toStrictEqual(json(200, error(-32601, 'Method not found: "tools/destroy".', 1)))
    expect(await ask("resources/read", { uri: "doc://none" })).toStrictEqual(
      json(200, {
        jsonrpc: "2.0",
        id: 1,
        error: {
          code: -32002,
          message:
            'Resource not found: "doc://none". resources/list and resources/templates/list name the ones there are.',
          data: { uri: "doc://none" }
        }
      })
    )
  })

  it("accepts a level, which no session is there to keep", async () => {
    expect(await ask("logging/setLevel", { level: "emergency" })).toStrictEqual(result({}))
  })
})

describe("the revision of a request", () => {
  it("is 2025-03-26 where no header tells", async () => {
    // 2025-11-25 basic/transports, "Protocol Version Header"
    const answer = await post(serving.port!, { jsonrpc: "2.0", id: 1, method: "tools/list" })
    expect(answer).toStrictEqual(json(200, { jsonrpc: "2.0", id: 1, result: { tools: at.tools["2025-03-26"] } }))
  })

  it("must be one that is served", async () => {
    const answer = await post(
      serving.port!,
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { "mcp-protocol-version": "1999-01-01" }
    )
    // the same section: 400 for an unsupported version
    const message =
      'MCP-Protocol-Version "1999-01-01" is not supported; use one of 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05.'
    expect(answer).toStrictEqual(json(400, error(-32600, message, 1)))
  })
})

describe("a body", () => {
  it("that is no JSON is a parse error without an id", async () => {
    const { status, headers, body } = await post(serving.port!, '{"jsonrpc":')
    expect({ status, headers }).toStrictEqual({ status: 400, headers: { "content-type": "application/json" } })
    // what follows is the engine's own account of the place
    const message = expect.stringMatching(/^The message is not valid JSON: /)
    expect(body).toStrictEqual({ jsonrpc: "2.0", error: { code: -32700, message } })
  })

  it("that is no request is refused with 400", async () => {
    expect(await post(serving.port!, "null")).toStrictEqual(
      json(400, error(-32600, "A message must be a JSON-RPC object, not null."))
    )
    expect(await post(serving.port!, { jsonrpc: "2.0", id: null, method: "ping" })).toStrictEqual(
      json(400, error(-32600, "id must be a string or an integer of at most 53 bits; it is null."))
    )
    expect(await post(serving.port!, { jsonrpc: "2.0", id: 1, result: {} })).toStrictEqual(
      json(
        400,
        error(
          -32600,
          "A response needs the Mcp-Session-Id of the session it was asked for in; without a session nobody is asked."
        )
      )
    )
  })

  it("reaches a client that takes events only as an event", async () => {
    const answer = await post(serving.port!, { jsonrpc: "2.0", id: 1, method: "ping" }, { accept: "text/event-stream" })
    expect(answer).toStrictEqual(events('{"jsonrpc":"2.0","id":1,"result":{}}'))
  })

  it("reaches a client that takes JSON only without notifications", async () => {
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "talk", _meta: { progressToken: 7 } } }
    const answer = { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "said" }] } }
    expect(await post(serving.port!, call, { accept: "application/json" })).toStrictEqual(json(200, answer))
  })
})

it("does not take a dropped connection for a cancellation", async () => {
  // 2025-11-25 basic/transports, "Sending Messages to the Server": "Disconnection SHOULD NOT be interpreted as the
  // client cancelling its request"
  const handler = toFetchHandler(golden, { gracePeriod: 0 })
  const controller = new AbortController()
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25"
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hold" } }),
    signal: controller.signal
  })
  const answered = handler(request).catch(() => {})
  expect(await held.until("started")).toStrictEqual(["started"])
  controller.abort()
  await answered
  held.record("looked")
  expect(await held.until("looked")).toStrictEqual(["looked"])
  await handler.dispose()
  expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
})
