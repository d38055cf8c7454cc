import { once } from "node:events"
import { serve } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openSocket, rawHead, send } from "../kit/raw-http.ts"
import { discovered, error, meta, request, result, uncached } from "./envelope.ts"
import { accepted, events, json, post } from "./post.ts"
import { golden, held } from "./server.ts"
import * as at from "./revisions.ts"

let serving: Awaited<ReturnType<typeof serve>>
let port: number
beforeAll(async () => {
  serving = await serve(golden, { http: { port: 0 }, signals: false })
  port = serving.port!
})
afterAll(() => serving.close())

/** The standard headers of a request (basic/transports, "Standard Request Headers", SEP-2243). */
const headersOf = (method: string, name?: string) => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(name === undefined ? {} : { "mcp-name": name })
})

describe("2026-07-28 over HTTP", () => {
  it("discovers the server, and mints no session", async () => {
    const headers = { ...headersOf("server/discover"), "mcp-session-id": "made-up", "last-event-id": "7" }
    expect(await post(port, request(1, "server/discover"), headers)).toStrictEqual(json(200, result(1, discovered)))
  })

  it("lists, calls, reads, gets and completes", async () => {
    expect(await post(port, request(1, "resources/list"), headersOf("resources/list"))).toStrictEqual(
      json(200, result(1, { resources: at.resources["2025-11-25"], ...uncached }))
    )
    const call = request("a", "tools/call", { name: "letters" })
    expect(await post(port, call, headersOf("tools/call", "letters"))).toStrictEqual(
      json(200, result("a", { content: [{ type: "text", text: '["a","b"]' }], structuredContent: ["a", "b"] }))
    )
    const read = request(2, "resources/read", { uri: "doc://readme" })
    expect(await post(port, read, headersOf("resources/read", "doc://readme"))).toStrictEqual(
      json(
        200,
        result(2, { contents: [{ uri: "doc://readme", mimeType: "text/markdown", text: "# Hello" }], ...uncached })
      )
    )
    const params = { ref: { type: "ref/prompt", name: "grüße" }, argument: { name: "name", value: "Ad" } }
    expect(await post(port, request(3, "completion/complete", params), headersOf("completion/complete"))).toStrictEqual(
      json(200, result(3, { completion: { values: ["Ada"], total: 1, hasMore: false } }))
    )
  })

  it("streams what a request asked for, byte for byte", async () => {
    const asked = { progressToken: "t", "io.modelcontextprotocol/logLevel": "debug" }
    const info =
      '{"name":"golden","version":"1.0.0","title":"Golden","description":"A server known by heart",' +
      '"icons":[{"src":"https://example.com/icon.png","mimeType":"image/png","sizes":["48x48"]}],' +
      '"websiteUrl":"https://example.com"}'
    const call = request(1, "tools/call", { name: "talk" }, asked)
    expect(await post(port, call, headersOf("tools/call", "talk"))).toStrictEqual(
      events(
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":2,"message":"half way"}}',
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"debug","data":"unheard"}}',
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"storage","data":{"disk":"full"}}}',
        `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"said"}],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":${info}}}}`
      )
    )
  })

  it("answers JSON where nothing was asked for", async () => {
    const call = request(1, "tools/call", { name: "talk" })
    expect(await post(port, call, headersOf("tools/call", "talk"))).toStrictEqual(
      json(200, result(1, { content: [{ type: "text", text: "said" }] }))
    )
  })

  it("accepts notifications without an answer", async () => {
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, _meta: meta } }
    expect(await post(port, cancelled, headersOf("notifications/cancelled"))).toStrictEqual(accepted)
  })

  it("takes a dropped connection for a cancellation", async () => {
    // 2026-07-28 basic/utilities/cancellation: closing the response stream cancels
    const body = JSON.stringify(request(1, "tools/call", { name: "hold" }))
    const socket = await openSocket(port)
    const headers = { ...headersOf("tools/call", "hold"), "content-length": String(Buffer.byteLength(body)) }
    socket.write(rawHead(port, headers) + body)
    expect(await held.until("started")).toStrictEqual(["started"])
    socket.destroy()
    await once(socket, "close")
    expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
  })

  it.each(["GET", "DELETE", "PUT"])("serves no %s", async (method) => {
    const sent = { "content-length": "0", "mcp-protocol-version": "2026-07-28" }
    const { status, headers, body } = await send(port, { method, headers: sent })
    expect({ status, allow: headers["allow"], body: JSON.parse(body) }).toStrictEqual({
      status: 405,
      allow: "POST",
      body: { jsonrpc: "2.0", error: { code: -32600, message: "MCP is served by POST only." } }
    })
  })
})

describe("refusals of 2026-07-28 over HTTP", () => {
  const gone = "; this server does not serve it at revision 2026-07-28"
  it.each([
    ["initialize", gone],
    ["ping", gone],
    ["logging/setLevel", gone],
    ["resources/subscribe", gone],
    ["tasks/result", ""],
    ["tools/destroy", ""]
  ])("answers %s with 404 and -32601, without asking for its name", async (method, why) => {
    // basic/transports, "Status Codes": an unknown method is 404, whatever its other headers
    const answer = json(404, error(1, -32601, `Method not found: "${method}"${why}.`))
    expect(await post(port, request(1, method), headersOf(method))).toStrictEqual(answer)
  })

  it("answers a header that does not repeat the body with -32020", async () => {
    const list = request(1, "tools/list")
    const mismatch = (message: string) => json(400, error(1, -32020, `Header mismatch: ${message}`))
    expect(await post(port, list)).toStrictEqual(
      mismatch('MCP-Protocol-Version is missing, but the body says "2026-07-28".')
    )
    expect(await post(port, list, { ...headersOf("tools/list"), "mcp-protocol-version": "2025-11-25" })).toStrictEqual(
      mismatch('MCP-Protocol-Version is "2025-11-25", but the body says "2026-07-28".')
    )
    expect(await post(port, list, { "mcp-protocol-version": "2026-07-28" })).toStrictEqual(
      mismatch('Mcp-Method is missing, but the body says "tools/list".')
    )
    // values are case-sensitive, names are not
    expect(await post(port, list, headersOf("Tools/List"))).toStrictEqual(
      mismatch('Mcp-Method is "Tools/List", but the body says "tools/list".')
    )
    const call = request(1, "tools/call", { name: "letters" })
    expect(await post(port, call, headersOf("tools/call"))).toStrictEqual(
      mismatch('Mcp-Name is missing, but the body says "letters".')
    )
    expect(await post(port, call, headersOf("tools/call", "sum"))).toStrictEqual(
      mismatch('Mcp-Name is "sum", but the body says "letters".')
    )
    const read = request(1, "resources/read", { uri: "doc://readme" })
    expect(await post(port, read, headersOf("resources/read", "doc://logo"))).toStrictEqual(
      mismatch('Mcp-Name is "doc://logo", but the body says "doc://readme".')
    )
  })

  it("trims header values and ignores the case of header names", async () => {
    const headers = {
      "MCP-PROTOCOL-VERSION": "  2026-07-28 ",
      "Mcp-Method": "\ttools/call ",
      "mCP-nAME": " letters\t"
    }
    const answer = await post(port, request(1, "tools/call", { name: "letters" }), headers)
    expect(answer.status).toBe(200)
  })

  it("reads Mcp-Name wrapped in base64", async () => {
    const get = request(1, "prompts/get", { name: "grüße", arguments: { name: "Ada" } })
    // basic/transports, "Value Encoding": what is no plain ASCII goes as =?base64?…?= of its UTF-8
    expect((await post(port, get, headersOf("prompts/get", "=?base64?Z3LDvMOfZQ==?="))).status).toBe(200)
    expect(await post(port, get, headersOf("prompts/get", "=?base64?Z3J1c3Nl?="))).toStrictEqual(
      json(400, error(1, -32020, 'Header mismatch: Mcp-Name is "grusse", but the body says "grüße".'))
    )
    for (const broken of ["=?base64?Z3LDvMOfZQ?=", "=?base64?Z3L*vMOfZQ==?=", "=?base64?/w==?="]) {
      expect(await post(port, get, headersOf("prompts/get", broken))).toStrictEqual(
        json(400, error(1, -32020, "Header mismatch: Mcp-Name holds invalid base64."))
      )
    }
    // the marker is lower case, so this is a name like any other
    expect(await post(port, get, headersOf("prompts/get", "=?BASE64?Z3LDvMOfZQ==?="))).toStrictEqual(
      json(400, error(1, -32020, 'Header mismatch: Mcp-Name is "=?BASE64?Z3LDvMOfZQ==?=", but the body says "grüße".'))
    )
  })

  it("wants Mcp-Param headers for the arguments marked with x-mcp-header, and for nothing else", async () => {
    const deploy = (args: object, headers: Record<string, string> = {}) =>
      post(port, request(1, "tools/call", { name: "deploy", arguments: args }), {
        ...headersOf("tools/call", "deploy"),
        ...headers
      })
    const done = (text: string) => json(200, result(1, { content: [{ type: "text", text }] }))
    const mismatch = (message: string) => json(400, error(1, -32020, `Header mismatch: ${message}`))
    expect(await deploy({})).toStrictEqual(done("undefined × undefined"))
    expect(await deploy({ region: "eu" }, { "mcp-param-region": "eu" })).toStrictEqual(done("eu × undefined"))
    expect(await deploy({ region: "köln" }, { "mcp-param-region": "=?base64?a8O2bG4=?=" })).toStrictEqual(
      done("köln × undefined")
    )
    // integers are compared as numbers
    expect(await deploy({ replicas: 3 }, { "mcp-param-replicas": "3.0" })).toStrictEqual(done("undefined × 3"))
    expect(await deploy({ region: "eu" })).toStrictEqual(
      mismatch('mcp-param-region is missing, but the body says "eu".')
    )
    expect(await deploy({ region: "eu" }, { "mcp-param-region": "EU" })).toStrictEqual(
      mismatch('mcp-param-region is "EU", but the body says "eu".')
    )
    expect(await deploy({ replicas: 3 }, { "mcp-param-replicas": "three" })).toStrictEqual(
      mismatch('mcp-param-replicas is "three", but the body says "3".')
    )
    expect(await deploy({}, { "mcp-param-region": "eu" })).toStrictEqual(
      mismatch('mcp-param-region is "eu", but the argument region is not given.')
    )
  })

  it("names the versions it serves where header and body agree on another", async () => {
    const asked = request(1, "tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2099-01-01" })
    const data = { supported: ["2026-07-28"], requested: "2099-01-01" }
    expect(await post(port, asked, { ...headersOf("tools/list"), "mcp-protocol-version": "2099-01-01" })).toStrictEqual(
      json(400, error(1, -32022, 'Unsupported protocol version "2099-01-01"; use 2026-07-28.', data))
    )
  })

  it("refuses a notification it cannot accept with an HTTP error", async () => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/logLevel": "loud"
    }
    const told = { jsonrpc: "2.0", method: "notifications/progress", params: { _meta } }
    const { status } = await post(port, told, { "mcp-protocol-version": "2099-01-01" })
    // basic/transports/streamable-http: "it MUST return an HTTP error status code"
    expect(status).toBe(400)
  })

  it("takes a modern header for a claim that the body must repeat", async () => {
    const bare = { jsonrpc: "2.0", id: 1, method: "tools/list" }
    const message =
      "params._meta must carry io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities."
    // basic/transports, "Backward Compatibility": never served as a request of the handshake
    expect(await post(port, bare, headersOf("tools/list"))).toStrictEqual(json(400, error(1, -32602, message)))
  })

  it("answers what went wrong inside a method with 200", async () => {
    expect(
      await post(port, request(1, "resources/read", { uri: "doc://none" }), headersOf("resources/read", "doc://none"))
    ).toStrictEqual(
      json(
        200,
        error(
          1,
          -32602,
          'Resource not found: "doc://none". resources/list and resources/templates/list name the ones there are.',
          { uri: "doc://none" }
        )
      )
    )
    expect(await post(port, request(1, "tools/call", { name: "nope" }), headersOf("tools/call", "nope"))).toStrictEqual(
      json(200, error(1, -32602, 'Unknown tool: "nope". tools/list names the ones there are.'))
    )
  })

  it("answers what is no request with 400 and -32600", async () => {
    const headers = headersOf("tools/list")
    expect(await post(port, { ...request(1, "tools/list"), id: null }, headers)).toStrictEqual(
      json(400, error(undefined, -32600, "id must be a string or an integer of at most 53 bits; it is null."))
    )
    expect(await post(port, { jsonrpc: "2.0", id: 1, result: {} }, headers)).toStrictEqual(
      json(
        400,
        error(undefined, -32600, "This server waits for no response: it sends no requests to clients of 2026-07-28.")
      )
    )
  })
})
