import { Effect, extension, Layer, method, middleware, serve, server, tool } from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { send } from "../kit/raw-http.ts"
import { A } from "../kit/services.ts"
import { connectWire, envelope } from "../kit/wire.ts"

const info = (name = "s") => ({ name, version: "1.0.0" })
const id = "com.example/search"
const declared = { extensions: { [id]: {} } }

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

const search = extension({
  id,
  settings: { fuzzy: true },
  resultTypes: ["partial"],
  capabilities: { search: { live: true } },
  methods: {
    "search/find": method(
      { params: { query: v.string(), limit: v.optional(v.number()) }, nameParam: "query" },
      (params) => ({
        ...params
      })
    ),
    "search/type": method({ params: { type: v.unknown() } }, ({ type }) => ({ resultType: type, _meta: { a: 1 } })),
    "search/list": method({}, () => [1]),
    "search/who": method({}, () => Effect.map(A, ({ value }) => ({ value })))
  }
})
const plain = server(info())
  .add(search)
  .provide(Layer.succeed(A, { value: "root" }))

describe("a method of an extension", () => {
  it("is served to clients that declare the extension", async () => {
    await using wire = await connectWire(plain, { capabilities: declared })
    expect((await wire.request("search/find", { query: "x" })).result).toEqual({
      query: "x",
      resultType: "complete",
      _meta: { "io.modelcontextprotocol/serverInfo": info() }
    })
  })

  it("tells clients that do not which extension to declare", async () => {
    for (const capabilities of [{}, { extensions: {} }, { extensions: [id] }, { extensions: { constructor: {} } }]) {
      await using wire = await connectWire(plain, { capabilities })
      expect((await wire.request("search/find", { query: "x" })).error).toEqual({
        code: -32021,
        message: 'search/find needs the client to declare the extension "com.example/search".',
        data: { requiredCapabilities: declared }
      })
    }
  })

  it("validates its params, and names what is wrong in them", async () => {
    await using wire = await connectWire(plain, { capabilities: declared })
    expect((await wire.request("search/find", { query: 5, more: 1 })).error).toEqual({
      code: -32602,
      message:
        'Invalid params for search/find:\n- query: expected string, received 5\n- more: expected no property of this name, received 1; allowed: "query", "limit"'
    })
  })

  it("may answer with a resultType that the extension declares, and no other", async () => {
    await using wire = await connectWire(plain, { capabilities: declared })
    expect((await wire.request("search/type", { type: "partial" })).result).toMatchObject({
      resultType: "partial",
      _meta: { a: 1 }
    })
    expect((await wire.request("search/type", { type: "complete" })).result.resultType).toBe("complete")
    for (const type of ["input_required", "task", 5, null]) {
      expect((await wire.request("search/type", { type })).error.message).toMatch(/^Internal error/)
    }
    expect(log.mock.calls.flat().join(" ")).toContain(
      'search/type answered with resultType "input_required"; extension com.example/search declares complete, partial.'
    )
  })

  it("that answers with no object is masked", async () => {
    await using wire = await connectWire(plain, { capabilities: declared })
    expect((await wire.request("search/list")).error.message).toMatch(/^Internal error/)
    expect(log.mock.calls.flat().join(" ")).toContain("The handler of search/list must return an object.")
  })

  it("runs inside the request hooks of the root, and finds the services of its own server", async () => {
    const seen: Array<string> = []
    const watch = middleware((next, { method: called }) => {
      seen.push(called)
      return next
    })
    const child = server(info("child"))
      .add(search)
      .provide(Layer.succeed(A, { value: "child" }))
    await using own = await connectWire(plain.use(watch), { capabilities: declared })
    await using mounted = await connectWire(server(info("root")).mount("c", child), { capabilities: declared })
    expect((await own.request("search/who")).result.value).toBe("root")
    expect(seen).toEqual(["search/who"])
    expect((await mounted.request("search/who")).result.value).toBe("child")
  })

  it("of a mounted server finds that server's own services over its parent's, and its parent's where it has none", async () => {
    const root = server(info("root")).provide(Layer.succeed(A, { value: "root" }))
    const child = server(info("child")).add(search)
    const own = child.provide(Layer.succeed(A, { value: "child" }))
    await using nearest = await connectWire(root.mount("c", own), { capabilities: declared })
    await using inherited = await connectWire(root.mount("c", child), { capabilities: declared })
    expect((await nearest.request("search/who")).result.value).toBe("child")
    expect((await inherited.request("search/who")).result.value).toBe("root")
  })

  it("named by nameParam must be repeated in Mcp-Name", async () => {
    await using serving = await serve(plain, { http: { port: 0 }, signals: false })
    const post = async (name: string | undefined) => {
      const params = { query: "x", _meta: envelope(declared) }
      const response = await send(serving.port!, {
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "search/find", params }),
        headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "search/find", "mcp-name": name }
      })
      return [response.status, JSON.parse(response.body).error?.message]
    }
    expect(await post("x")).toEqual([200, undefined])
    expect(await post("y")).toEqual([400, 'Header mismatch: Mcp-Name is "y", but the body says "x".'])
    expect(await post(undefined)).toEqual([400, 'Header mismatch: Mcp-Name is missing, but the body says "x".'])
  })
})

describe("an extension", () => {
  it("is advertised with its settings, and its capabilities beside the derived ones", async () => {
    const s = plain.tool(tool({ name: "t" }, () => 1))
    await using now = await connectWire(s)
    expect((await now.request("server/discover")).result.capabilities).toEqual({
      logging: {},
      tools: {},
      search: { live: true },
      extensions: { [id]: { fuzzy: true } }
    })
    await using old = await connectWire(s, { speak: "2025-11-25" })
    expect(old.received[0].result.capabilities).toMatchObject({
      search: { live: true },
      extensions: { [id]: { fuzzy: true } }
    })
  })

  it("is served by handshake revisions to clients that declared it at initialize", async () => {
    await using wire = await connectWire(plain, { speak: "2025-11-25", capabilities: declared })
    expect((await wire.request("search/find", { query: "x" })).result).toEqual({ query: "x" })
  })

  it("adds to a capability that the server has already", async () => {
    const more = extension({ id: "com.example/more", capabilities: { tools: { ranked: true } } })
    await using wire = await connectWire(
      server(info()).add(
        tool({ name: "t" }, () => 1),
        more
      )
    )
    expect((await wire.request("server/discover")).result.capabilities.tools).toEqual({ ranked: true })
  })
})
