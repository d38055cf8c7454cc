import { describe, expect, it } from "vitest"
import * as at from "./revisions.ts"
import { golden } from "./server.ts"
import { connect, shakenHands } from "./wire.ts"

const initialize = (protocolVersion: unknown) => ({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion, capabilities: {}, clientInfo: { name: "by-hand", version: "0" } }
})

describe.each(at.revisions)("%s over a connection", (revision) => {
  const open = () => shakenHands(golden, revision)
  const since = (from: string) => revision >= from

  it("agrees on the revision, and tells of itself what that revision knows", async () => {
    await using wire = await connect(golden)
    const answer = { jsonrpc: "2.0", id: 0, result: at.initialized[revision] }
    expect(await wire.ask(initialize(revision))).toStrictEqual(answer)
  })

  it("lists with the members that the revision knows", async () => {
    await using wire = await open()
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/list" })).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { tools: at.tools[revision] }
    })
    expect(await wire.ask({ jsonrpc: "2.0", id: 2, method: "resources/list", params: {} })).toStrictEqual({
      jsonrpc: "2.0",
      id: 2,
      result: { resources: at.resources[revision] }
    })
    // server/utilities/pagination: a cursor is any string, the empty one included
    const params = { cursor: "" }
    expect(await wire.ask({ jsonrpc: "2.0", id: 3, method: "resources/templates/list", params })).toStrictEqual({
      jsonrpc: "2.0",
      id: 3,
      result: { resourceTemplates: at.templates[revision] }
    })
    expect(await wire.ask({ jsonrpc: "2.0", id: 4, method: "prompts/list" })).toStrictEqual({
      jsonrpc: "2.0",
      id: 4,
      result: { prompts: at.prompts[revision] }
    })
  })

  it("answers a call, with structured content since 2025-06-18", async () => {
    await using wire = await open()
    const call = (id: string, name: string, args?: unknown) =>
      wire.ask({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })
    expect(await call("a", "sum", { a: 1, b: 2 })).toStrictEqual({
      jsonrpc: "2.0",
      id: "a",
      result: {
        content: [{ type: "text", text: '{"sum":3}' }],
        ...(since("2025-06-18") ? { structuredContent: { sum: 3 } } : {})
      }
    })
    expect(await call("b", "letters")).toStrictEqual({
      jsonrpc: "2.0",
      id: "b",
      result: {
        content: [{ type: "text", text: '["a","b"]' }],
        // 2025-06-18 server/tools, "Structured Content": a JSON object
        ...(since("2025-06-18") ? { structuredContent: { result: ["a", "b"] } } : {})
      }
    })
  })

  it("writes content that the revision does not know in the nearest form it does", async () => {
    await using wire = await open()
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "mixed" } }
    expect(await wire.ask(call)).toStrictEqual({ jsonrpc: "2.0", id: 1, result: { content: at.mixed[revision] } })
  })

  it("reads a resource, with no trace of what only 2026-07-28 knows", async () => {
    await using wire = await open()
    const read = { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "user://ada" } }
    expect(await wire.ask(read)).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        contents: [
          {
            uri: "user://ada",
            mimeType: "application/json",
            text: '{"id":"ada"}',
            _meta: { "example.com/id": "ada" }
          }
        ]
      }
    })
  })

  it("gets a prompt", async () => {
    await using wire = await open()
    const params = { name: "grüße", arguments: { name: "Ada" } }
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "prompts/get", params })).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        description: "Greets somebody",
        messages: [
          { role: "user", content: { type: "text", text: "Greet Ada." } },
          { role: "assistant", content: at.audioIn(revision) }
        ]
      }
    })
  })

  it("completes arguments of prompts and templates", async () => {
    await using wire = await open()
    const complete = (ref: unknown, name: string) =>
      wire.ask({
        jsonrpc: "2.0",
        id: 1,
        method: "completion/complete",
        params: { ref, argument: { name, value: "A" } }
      })
    expect(await complete({ type: "ref/prompt", name: "grüße" }, "name")).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { completion: { values: ["Ada", "Alan"], total: 2, hasMore: false } }
    })
    expect(await complete({ type: "ref/resource", uri: "user://{id}" }, "id")).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { completion: { values: [], total: 0, hasMore: false } }
    })
  })

  it("sends progress to its token and log messages before the answer", async () => {
    await using wire = await open()
    const params = { name: "talk", _meta: { progressToken: "t-1" } }
    wire.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: {
        progressToken: "t-1",
        progress: 1,
        total: 2,
        // 2025-03-26 changelog: "Added message field to ProgressNotification"
        ...(since("2025-03-26") ? { message: "half way" } : {})
      }
    })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "warning", logger: "storage", data: { disk: "full" } }
    })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { content: [{ type: "text", text: "said" }] }
    })
  })

  it("answers an unknown resource with -32002 and its URI", async () => {
    await using wire = await open()
    const read = { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "doc://none" } }
    expect(await wire.ask(read)).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      // server/resources, "Error Handling"
      error: {
        code: -32002,
        message:
          'Resource not found: "doc://none". resources/list and resources/templates/list name the ones there are.',
        data: { uri: "doc://none" }
      }
    })
  })
})

describe("initialize", () => {
  it.each(["1999-01-01", "2026-07-28", "next"])(
    "answers %s, which it does not serve, with the newest it does",
    async (asked) => {
      await using wire = await connect(golden)
      // basic/lifecycle, "Version Negotiation"; 2026-07-28 has no handshake to agree on it by
      const answer = { jsonrpc: "2.0", id: 0, result: at.initialized["2025-11-25"] }
      expect(await wire.ask(initialize(asked))).toStrictEqual(answer)
    }
  )

  it("says what it misses, and the client can try again", async () => {
    await using wire = await connect(golden)
    expect(await wire.ask(initialize(1))).toStrictEqual({
      jsonrpc: "2.0",
      id: 0,
      error: { code: -32602, message: 'initialize: params.protocolVersion must be a string, such as "2025-11-25".' }
    })
    const bare = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {} }
    }
    expect(await wire.ask(bare)).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32602, message: "initialize: params.clientInfo must be { name: string, version: string }." }
    })
    const answer = { jsonrpc: "2.0", id: 0, result: at.initialized["2025-06-18"] }
    expect(await wire.ask(initialize("2025-06-18"))).toStrictEqual(answer)
  })
})
