import { extension, method, server } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { discovered, error, meta, request, result, uncached } from "./envelope.ts"
import * as at from "./revisions.ts"
import { golden, held } from "./server.ts"
import { connect, shakenHands } from "./wire.ts"

describe("2026-07-28 over a connection", () => {
  it("discovers the server without a handshake", async () => {
    await using wire = await connect(golden)
    expect(await wire.ask(request(1, "server/discover"))).toStrictEqual(result(1, discovered))
  })

  it("lists everything it knows, nothing wrapped, with cache hints", async () => {
    await using wire = await connect(golden)
    const newest = at.tools["2025-11-25"]
    const letters = {
      name: "letters",
      inputSchema: { type: "object", properties: {}, additionalProperties: false },
      // server/tools, "Output Schema": any JSON Schema
      outputSchema: { type: "array", items: { type: "string" } }
    }
    const tools = [newest[0], letters, ...newest.slice(2)]
    expect(await wire.ask(request(1, "tools/list"))).toStrictEqual(result(1, { tools, ...uncached }))
    expect(await wire.ask(request(2, "resources/list", { cursor: "" }))).toStrictEqual(
      result(2, { resources: at.resources["2025-11-25"], ...uncached })
    )
    expect(await wire.ask(request(3, "resources/templates/list"))).toStrictEqual(
      result(3, { resourceTemplates: at.templates["2025-11-25"], ...uncached })
    )
    expect(await wire.ask(request(4, "prompts/list"))).toStrictEqual(
      result(4, { prompts: at.prompts["2025-11-25"], ...uncached })
    )
  })

  it("answers a call with structured content of any JSON value", async () => {
    await using wire = await connect(golden)
    const sum = { name: "sum", arguments: { a: 1, b: 2 } }
    expect(await wire.ask(request("a", "tools/call", sum))).toStrictEqual(
      result("a", { content: [{ type: "text", text: '{"sum":3}' }], structuredContent: { sum: 3 } })
    )
    expect(await wire.ask(request("b", "tools/call", { name: "letters" }))).toStrictEqual(
      result("b", { content: [{ type: "text", text: '["a","b"]' }], structuredContent: ["a", "b"] })
    )
    expect(await wire.ask(request("c", "tools/call", { name: "mixed" }))).toStrictEqual(
      result("c", { content: at.mixed["2025-11-25"] })
    )
    expect(await wire.ask(request("d", "tools/call", { name: "sum", arguments: { a: 1 } }))).toStrictEqual(
      // server/tools, "Error Handling" (SEP-1303): the model's to repair, so a result
      result("d", {
        content: [{ type: "text", text: 'Invalid arguments for tool "sum":\n- b: expected number, received nothing' }],
        isError: true
      })
    )
  })

  it("reads a resource with its own cache hint", async () => {
    await using wire = await connect(golden)
    const contents = [
      { uri: "user://ada", mimeType: "application/json", text: '{"id":"ada"}', _meta: { "example.com/id": "ada" } }
    ]
    expect(await wire.ask(request(1, "resources/read", { uri: "user://ada" }))).toStrictEqual(
      result(1, { contents, ttlMs: 60_000, cacheScope: "public" })
    )
  })

  it("gets a prompt and completes its arguments", async () => {
    await using wire = await connect(golden)
    expect(await wire.ask(request(1, "prompts/get", { name: "grüße", arguments: { name: "Ada" } }))).toStrictEqual(
      result(1, {
        description: "Greets somebody",
        messages: [
          { role: "user", content: { type: "text", text: "Greet Ada." } },
          { role: "assistant", content: { type: "audio", data: "AQID", mimeType: "audio/wav" } }
        ]
      })
    )
    const params = { ref: { type: "ref/prompt", name: "grüße" }, argument: { name: "name", value: "Al" } }
    expect(await wire.ask(request(2, "completion/complete", params))).toStrictEqual(
      result(2, { completion: { values: ["Alan"], total: 1, hasMore: false } })
    )
  })

  it("sends progress and logs to the request that asks for them", async () => {
    await using wire = await connect(golden)
    const asked = { progressToken: 0, "io.modelcontextprotocol/logLevel": "warning" }
    wire.send(request(1, "tools/call", { name: "talk" }, asked))
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: 0, progress: 1, total: 2, message: "half way" }
    })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "warning", logger: "storage", data: { disk: "full" } }
    })
    const said = { content: [{ type: "text", text: "said" }] }
    expect(await wire.next()).toStrictEqual(result(1, said))
    // server/utilities/logging: without a level on this request there are no messages, whatever an earlier one said
    expect(await wire.ask(request(2, "tools/call", { name: "talk" }))).toStrictEqual(result(2, said))
  })

  it("interrupts a cancelled call and answers nothing", async () => {
    await using wire = await connect(golden)
    wire.send(request(1, "tools/call", { name: "hold" }))
    expect(await held.until("started")).toStrictEqual(["started"])
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, _meta: meta } })
    expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
    expect(await wire.ask(request(2, "server/discover"))).toStrictEqual(result(2, discovered))
  })
})

describe("refusals of 2026-07-28 over a connection", () => {
  it.each(["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"])(
    "does not know %s any more, and says since when",
    async (method) => {
      await using wire = await connect(golden)
      // 2026-07-28 changelog: methods of the handshake and of sessions are removed
      expect(await wire.ask(request(1, method))).toStrictEqual(
        error(1, -32601, `Method not found: "${method}"; this server does not serve it at revision 2026-07-28.`)
      )
    }
  )

  it.each(["tasks/list", "tools/destroy"])("does not know %s", async (method) => {
    await using wire = await connect(golden)
    expect(await wire.ask(request(1, method))).toStrictEqual(error(1, -32601, `Method not found: "${method}".`))
  })

  it("names the versions it serves to a client that asks for another", async () => {
    await using wire = await connect(golden)
    const asked = request(1, "tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2099-01-01" })
    // basic/versioning, "Unsupported Protocol Version"
    expect(await wire.ask(asked)).toStrictEqual(
      error(1, -32022, 'Unsupported protocol version "2099-01-01"; use 2026-07-28.', {
        supported: ["2026-07-28"],
        requested: "2099-01-01"
      })
    )
  })

  it("says what an envelope misses", async () => {
    await using wire = await connect(golden)
    const key = "io.modelcontextprotocol"
    const ask = (_meta: object) => wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta } })
    expect(await ask({ [`${key}/protocolVersion`]: "2026-07-28" })).toStrictEqual(
      error(1, -32602, `params._meta["${key}/clientCapabilities"] must be an object.`)
    )
    expect(await ask({ [`${key}/clientCapabilities`]: {} })).toStrictEqual(
      error(1, -32602, `params._meta["${key}/protocolVersion"] must be a string.`)
    )
    expect(await ask({ ...meta, [`${key}/clientInfo`]: "me" })).toStrictEqual(
      error(1, -32602, `params._meta["${key}/clientInfo"] must be { name: string, version: string }.`)
    )
    expect(await ask({ ...meta, [`${key}/logLevel`]: "loud" })).toStrictEqual(
      error(
        1,
        -32602,
        `params._meta["${key}/logLevel"]: unknown log level "loud"; use one of debug, info, notice, warning, error, critical, alert, emergency.`
      )
    )
  })

  it("answers an unknown resource with -32602, never -32002", async () => {
    await using wire = await connect(golden)
    // server/resources, "Error Handling" (SEP-2164)
    expect(await wire.ask(request(1, "resources/read", { uri: "doc://none" }))).toStrictEqual(
      error(
        1,
        -32602,
        'Resource not found: "doc://none". resources/list and resources/templates/list name the ones there are.',
        { uri: "doc://none" }
      )
    )
  })

  it("names the capability that a method of an extension needs", async () => {
    const find = method({ params: { query: v.string() } }, ({ query }) => ({ hits: [query] }))
    const search = extension({ id: "com.example/search", settings: { deep: true }, methods: { "search/find": find } })
    await using wire = await connect(server({ name: "s", version: "1" }).add(search))
    const stamp = { "io.modelcontextprotocol/serverInfo": { name: "s", version: "1" } }
    expect(await wire.ask(request(1, "server/discover"))).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { logging: {}, extensions: { "com.example/search": { deep: true } } },
        ...uncached,
        _meta: stamp
      }
    })
    // basic/index, "Missing Required Client Capability"
    expect(await wire.ask(request(2, "search/find", { query: "x" }))).toStrictEqual(
      error(2, -32021, 'search/find needs the client to declare the extension "com.example/search".', {
        requiredCapabilities: { extensions: { "com.example/search": {} } }
      })
    )
    const declared = {
      "io.modelcontextprotocol/clientCapabilities": { extensions: { "com.example/search": {} } }
    }
    expect(await wire.ask(request(3, "search/find", { query: "x" }, declared))).toStrictEqual({
      jsonrpc: "2.0",
      id: 3,
      result: { resultType: "complete", hits: ["x"], _meta: stamp }
    })
  })

  it("refuses a list that the server does not have", async () => {
    await using wire = await connect(server({ name: "empty", version: "1" }))
    expect(await wire.ask(request(1, "tools/list"))).toStrictEqual(
      error(1, -32601, 'Method not found: "tools/list"; this server has nothing to serve it with.')
    )
  })
})

describe("both eras on one connection", () => {
  const sum = { name: "letters" }
  const legacy = { jsonrpc: "2.0", id: 2, method: "tools/call", params: sum }
  const content = [{ type: "text", text: '["a","b"]' }]

  it("a probe never decides the era: the client may still shake hands", async () => {
    await using wire = await connect(golden)
    expect(await wire.ask(request(1, "server/discover"))).toStrictEqual(result(1, discovered))
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "0" } }
    expect(await wire.ask({ jsonrpc: "2.0", id: 2, method: "initialize", params })).toStrictEqual({
      jsonrpc: "2.0",
      id: 2,
      result: at.initialized["2025-06-18"]
    })
    expect(await wire.ask({ ...legacy, id: 3 })).toStrictEqual({
      jsonrpc: "2.0",
      id: 3,
      result: { content, structuredContent: { result: ["a", "b"] } }
    })
  })

  it("a probe for a version it does not serve leaves the handshake open too", async () => {
    await using wire = await connect(golden)
    const probe = request(1, "server/discover", {}, { "io.modelcontextprotocol/protocolVersion": "2027-01-01" })
    expect(await wire.ask(probe)).toStrictEqual(
      error(1, -32022, 'Unsupported protocol version "2027-01-01"; use 2026-07-28.', {
        supported: ["2026-07-28"],
        requested: "2027-01-01"
      })
    )
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "0" } }
    expect(await wire.ask({ jsonrpc: "2.0", id: 2, method: "initialize", params })).toStrictEqual({
      jsonrpc: "2.0",
      id: 2,
      result: at.initialized["2025-11-25"]
    })
  })

  it("an envelope after the handshake is answered in its own words, and nothing it says is kept", async () => {
    await using wire = await shakenHands(golden, "2024-11-05")
    const loud = { "io.modelcontextprotocol/logLevel": "debug" }
    expect(await wire.ask(request(1, "tools/call", sum, loud))).toStrictEqual(
      result(1, { content, structuredContent: ["a", "b"] })
    )
    expect(await wire.ask(legacy)).toStrictEqual({ jsonrpc: "2.0", id: 2, result: { content } })
    // the level of the connection is still its own: the debug message stays away
    expect(await wire.ask({ ...legacy, params: { name: "talk" } })).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "warning", logger: "storage", data: { disk: "full" } }
    })
  })

  it("an envelope does not shake hands for the requests after it", async () => {
    await using wire = await connect(golden)
    await wire.ask(request(1, "server/discover"))
    const message =
      'Send initialize before "tools/call", or the io.modelcontextprotocol/protocolVersion envelope of 2026-07-28 with it.'
    expect(await wire.ask(legacy)).toStrictEqual(error(2, -32600, message))
  })
})
