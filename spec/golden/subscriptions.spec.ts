import { assemble, Changes, Effect, resource, type Server, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import type { Component } from "../../lib/builder/component.ts"
import { shelf } from "../kit/shelf.ts"
import { connect, shakenHands } from "./wire.ts"

const touch = tool({ name: "touch", input: { uri: v.string() } }, ({ uri }) =>
  Effect.flatMap(Changes, ({ resourceUpdated }) => resourceUpdated(uri))
)
const notes = [
  resource({ uri: "note://static" }, () => "text"),
  resource({ uri: "note://by/{id}" }, ({ id }) => id)
] as const
const info = { name: "notes", version: "1.0.0" }
const still: Server = server(info).add(touch, ...notes)

const note = (method: string, params?: object) => ({ jsonrpc: "2.0", method, ...(params && { params }) })
const request = (id: number | string, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params })
const result = (id: number | string, result: object = {}) => ({ jsonrpc: "2.0", id, result })
const error = (id: number | string, code: number, message: string, data?: object) => ({
  jsonrpc: "2.0",
  id,
  error: { code, message, ...(data && { data }) }
})
const updated = (uri: string) => note("notifications/resources/updated", { uri })
const touching = (id: number, uri: string) => request(id, "tools/call", { name: "touch", arguments: { uri } })
const touched = (id: number) => result(id, { content: [] })

const initialize = (protocolVersion: string) =>
  request("init", "initialize", {
    protocolVersion,
    capabilities: {},
    clientInfo: { name: "by-hand", version: "0" }
  })

describe("what is advertised", () => {
  const capabilities = async (main: Parameters<typeof connect>[0]) => {
    await using wire = await connect(main)
    const shaken = (await wire.ask(initialize("2025-11-25"))) as any
    const discovered = (await wire.ask(sessionless("d", "server/discover"))) as any
    expect(discovered.result.capabilities).toStrictEqual(shaken.result.capabilities)
    return shaken.result.capabilities
  }

  it("is that resources can be subscribed to, where there are some", async () => {
    expect(await capabilities(still)).toStrictEqual({ logging: {}, tools: {}, resources: { subscribe: true } })
    expect(await capabilities(server(info).tool(touch))).toStrictEqual({ logging: {}, tools: {} })
  })

  it("is that lists change, where a source can change them, whatever it has at the moment", async () => {
    expect(await capabilities(server(info).source(shelf().source))).toStrictEqual({
      logging: {},
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {}
    })
    const few = shelf({ kinds: ["tools"] }).source
    expect(
      await capabilities(
        server(info)
          .add(...notes)
          .source(few)
      )
    ).toStrictEqual({
      logging: {},
      tools: { listChanged: true },
      resources: { subscribe: true }
    })
  })

  it("has lists that answer, empty as they are", async () => {
    await using wire = await shakenHands(server(info).source(shelf().source), "2025-11-25")
    expect(await wire.ask(request(1, "tools/list"))).toStrictEqual(result(1, { tools: [] }))
    expect(await wire.ask(request(2, "prompts/list"))).toStrictEqual(result(2, { prompts: [] }))
    expect(await wire.ask(request(3, "resources/list"))).toStrictEqual(result(3, { resources: [] }))
    expect(await wire.ask(request(4, "resources/templates/list"))).toStrictEqual(result(4, { resourceTemplates: [] }))
  })
})

describe.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("resources/subscribe at %s", (revision) => {
  it("brings notifications/resources/updated for that URI until resources/unsubscribe", async () => {
    await using wire = await shakenHands(still, revision)
    expect(await wire.ask(request(1, "resources/subscribe", { uri: "note://static" }))).toStrictEqual(result(1))
    expect(await wire.ask(touching(2, "note://static"))).toStrictEqual(touched(2))
    expect(await wire.next()).toStrictEqual(updated("note://static"))
    expect(await wire.ask(touching(3, "note://by/1"))).toStrictEqual(touched(3))
    expect(await wire.ask(request(4, "resources/unsubscribe", { uri: "note://static" }))).toStrictEqual(result(4))
    expect(await wire.ask(touching(5, "note://static"))).toStrictEqual(touched(5))
    // both are idempotent: what is not subscribed to can be left
    expect(await wire.ask(request(6, "resources/unsubscribe", { uri: "note://static" }))).toStrictEqual(result(6))
    expect(await wire.ask(request(7, "resources/subscribe", { uri: "note://by/1" }))).toStrictEqual(result(7))
    expect(await wire.ask(request(8, "resources/subscribe", { uri: "note://by/1" }))).toStrictEqual(result(8))
    expect(await wire.ask(touching(9, "note://by/1"))).toStrictEqual(touched(9))
    expect(await wire.next()).toStrictEqual(updated("note://by/1"))
    expect(await wire.ask(request(10, "ping"))).toStrictEqual(result(10))
  })

  it("is refused for a URI that no resource and no template has", async () => {
    await using wire = await shakenHands(still, revision)
    // 2025-11-25 server/resources, "Error Handling"
    const message =
      'Resource not found: "note://other". resources/list and resources/templates/list name the ones there are.'
    expect(await wire.ask(request(1, "resources/subscribe", { uri: "note://other" }))).toStrictEqual(
      error(1, -32002, message, { uri: "note://other" })
    )
    expect(await wire.ask(request(2, "resources/subscribe", { uri: 7 }))).toStrictEqual(
      error(2, -32602, "resources/subscribe: params.uri must be a string, the URI of a resource, not 7.")
    )
    expect(await wire.ask(request(3, "resources/unsubscribe"))).toStrictEqual(
      error(3, -32602, "resources/unsubscribe: params.uri must be a string, the URI of a resource, not missing.")
    )
  })
})

describe("a handshake client", () => {
  it("is told of a resource by the URI that it knows, through mounts", async () => {
    const main = server(info).mount("team", server(info).mount("notes", still))
    await using wire = await shakenHands(main, "2025-11-25")
    await wire.ask(request(1, "resources/subscribe", { uri: "note://team/notes/static" }))
    await wire.ask(request(2, "tools/call", { name: "team_notes_touch", arguments: { uri: "note://static" } }))
    expect(await wire.next()).toStrictEqual(updated("note://team/notes/static"))
  })

  it("is told once of what changes often in one turn", async () => {
    const often = tool({ name: "often" }, function* () {
      const { resourceUpdated } = yield* Changes
      for (let n = 0; n < 100; n++) yield* resourceUpdated("note://static")
      yield* resourceUpdated("note://by/1")
    })
    await using wire = await shakenHands(still.tool(often), "2025-11-25")
    await wire.ask(request(1, "resources/subscribe", { uri: "note://static" }))
    await wire.ask(request(2, "resources/subscribe", { uri: "note://by/1" }))
    await wire.ask(request(3, "tools/call", { name: "often" }))
    expect(await wire.next()).toStrictEqual(updated("note://static"))
    expect(await wire.next()).toStrictEqual(updated("note://by/1"))
    expect(await wire.ask(request(4, "ping"))).toStrictEqual(result(4))
  })

  it("is told of each resource of a family whose template is said to have changed", async () => {
    await using wire = await shakenHands(still, "2025-11-25")
    for (const [id, uri] of ["note://by/1", "note://static", "note://by/2"].entries()) {
      await wire.ask(request(id, "resources/subscribe", { uri }))
    }
    await wire.ask(touching(8, "note://by/{id}"))
    expect(await wire.next()).toStrictEqual(updated("note://by/1"))
    expect(await wire.next()).toStrictEqual(updated("note://by/2"))
    expect(await wire.ask(request(9, "ping"))).toStrictEqual(result(9))
  })

  it("is told of lists that change, and of nothing before it has initialized", async () => {
    const plugins = shelf({ holds: [tool({ name: "one" }, () => "")] })
    const app = assemble(
      server(info)
        .add(touch, ...notes)
        .source(plugins.source)
    )
    await using wire = await connect(app)
    const running = await app["~mcpipe/App"].running()
    const swapped = (...components: ReadonlyArray<Component<unknown, never>>) =>
      new Promise<void>((resolve) => {
        const stop = running.onChange(() => {
          stop()
          resolve()
        })
        plugins.put(...components)
      })
    await wire.ask(initialize("2025-11-25"))
    await wire.ask(request(1, "resources/subscribe", { uri: "note://static" }))
    await wire.ask(touching(2, "note://static"))
    await swapped(tool({ name: "two" }, () => ""))
    expect(await wire.ask(request(3, "ping"))).toStrictEqual(result(3))
    wire.send(note("notifications/initialized"))
    expect(await wire.next()).toStrictEqual(updated("note://static"))
    await swapped(
      tool({ name: "three" }, () => ""),
      resource({ uri: "note://new" }, () => "")
    )
    expect(await wire.next()).toStrictEqual(note("notifications/tools/list_changed"))
    expect(await wire.next()).toStrictEqual(note("notifications/resources/list_changed"))
    expect(await wire.ask(request(4, "ping"))).toStrictEqual(result(4))
    await app.dispose()
  })

  it("may subscribe to so many resources, and can make room", async () => {
    await using wire = await connect(assemble(still, { maxSubscriptions: 2 }))
    await wire.ask(initialize("2025-11-25"))
    for (const id of [1, 2]) await wire.ask(request(id, "resources/subscribe", { uri: `note://by/${id}` }))
    expect(await wire.ask(request(3, "resources/subscribe", { uri: "note://by/3" }))).toStrictEqual(
      error(
        3,
        -32603,
        "This session subscribes to 2 resources already, the most it may: unsubscribe from others first."
      )
    )
    expect(await wire.ask(request(4, "resources/subscribe", { uri: "note://by/2" }))).toStrictEqual(result(4))
    await wire.ask(request(5, "resources/unsubscribe", { uri: "note://by/1" }))
    expect(await wire.ask(request(6, "resources/subscribe", { uri: "note://by/3" }))).toStrictEqual(result(6))
    const long = `note://by/${"x".repeat(4_087)}`
    expect(await wire.ask(request(7, "resources/subscribe", { uri: long }))).toStrictEqual(
      error(7, -32602, "resources/subscribe: a URI of more than 4096 characters cannot be subscribed to.")
    )
  })

  it("knows no subscriptions/listen", async () => {
    await using wire = await shakenHands(still, "2025-11-25")
    const message =
      'Method not found: "subscriptions/listen"; this server does not serve it at revisions up to 2025-11-25.'
    expect(await wire.ask(request(1, "subscriptions/listen", { notifications: {} }))).toStrictEqual(
      error(1, -32601, message)
    )
  })
})

const stamp = { "io.modelcontextprotocol/serverInfo": info }

const sessionless = (id: number | string, method: string, params: object = {}) =>
  request(id, method, {
    ...params,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {}
    }
  })
const listen = (id: number | string, notifications: unknown) =>
  sessionless(id, "subscriptions/listen", { notifications })
const of = (id: number | string) => ({ "io.modelcontextprotocol/subscriptionId": id })
const acknowledged = (id: number | string, notifications: object) =>
  note("notifications/subscriptions/acknowledged", { _meta: of(id), notifications })
const ended = (id: number | string) => result(id, { _meta: { ...of(id), ...stamp }, resultType: "complete" })

describe("subscriptions/listen", () => {
  const plugins = shelf({ kinds: ["tools", "prompts"], holds: [tool({ name: "one" }, () => "")] })
  const main = server(info)
    .add(touch, ...notes)
    .source(plugins.source)
  const touching = (id: number, uri: string) => sessionless(id, "tools/call", { name: "touch", arguments: { uri } })
  const touched = (id: number) => result(id, { content: [], resultType: "complete", _meta: stamp })

  it.each([[1], ["2"], ["listen:3"], [0]])(
    "acknowledges what it will send, and sends that alone: id %j",
    async (id) => {
      await using wire = await connect(main)
      const asked = {
        toolsListChanged: true,
        promptsListChanged: false,
        // no source brings resources
        resourcesListChanged: true,
        resourceSubscriptions: ["note://by/1", "note://other", "note://by/1"],
        taskIds: ["unknown filters are ignored"]
      }
      expect(await wire.ask(listen(id, asked))).toStrictEqual(
        acknowledged(id, { toolsListChanged: true, resourceSubscriptions: ["note://by/1"] })
      )
      expect(await wire.ask(touching(90, "note://static"))).toStrictEqual(touched(90))
      expect(await wire.ask(touching(91, "note://by/1"))).toStrictEqual(touched(91))
      expect(await wire.next()).toStrictEqual(
        note("notifications/resources/updated", { _meta: of(id), uri: "note://by/1" })
      )
      plugins.put(tool({ name: `tool-${String(id).slice(-1)}` }, () => ""))
      expect(await wire.next()).toStrictEqual(note("notifications/tools/list_changed", { _meta: of(id) }))
      wire.send(note("notifications/cancelled", { requestId: id }))
      expect(await wire.ask(touching(92, "note://by/1"))).toStrictEqual(touched(92))
      // the id is free again
      expect(await wire.ask(listen(id, { toolsListChanged: true }))).toStrictEqual(
        acknowledged(id, { toolsListChanged: true })
      )
    }
  )

  it("runs many times beside each other, each for itself", async () => {
    await using wire = await connect(main)
    await wire.ask(listen(1, { resourceSubscriptions: ["note://by/1"] }))
    await wire.ask(listen("1", { resourceSubscriptions: ["note://by/1", "note://static"] }))
    await wire.ask(touching(9, "note://by/1"))
    const update = (id: number | string, uri: string) => note("notifications/resources/updated", { _meta: of(id), uri })
    expect(await wire.next()).toStrictEqual(update(1, "note://by/1"))
    expect(await wire.next()).toStrictEqual(update("1", "note://by/1"))
    wire.send(note("notifications/cancelled", { requestId: 1 }))
    await wire.ask(touching(10, "note://by/1"))
    expect(await wire.next()).toStrictEqual(update("1", "note://by/1"))
    await wire.ask(touching(11, "note://static"))
    expect(await wire.next()).toStrictEqual(update("1", "note://static"))
  })

  it("ends at once where nothing of what was asked can happen", async () => {
    await using wire = await connect(main)
    expect(await wire.ask(listen(1, { resourcesListChanged: true, promptsListChanged: false }))).toStrictEqual(
      acknowledged(1, {})
    )
    expect(await wire.next()).toStrictEqual(ended(1))
    expect(await wire.ask(listen(2, {}))).toStrictEqual(acknowledged(2, {}))
    expect(await wire.next()).toStrictEqual(ended(2))
  })

  it("is not served where nothing at all can happen", async () => {
    await using wire = await connect(server(info).tool(touch))
    const message = 'Method not found: "subscriptions/listen"; this server has nothing to serve it with.'
    expect(await wire.ask(listen(1, { toolsListChanged: true }))).toStrictEqual(error(1, -32601, message))
  })

  it.each([
    ["missing", undefined, "params.notifications must be an object, the notifications to send, not missing."],
    ["no object", [], "params.notifications must be an object, the notifications to send, not []."],
    ["null", null, "params.notifications must be an object, the notifications to send, not null."],
    [
      "a flag that is none",
      { toolsListChanged: 1 },
      "params.notifications.toolsListChanged must be true or false, not 1."
    ],
    [
      "a flag that is null",
      { promptsListChanged: null },
      "params.notifications.promptsListChanged must be true or false, not null."
    ],
    [
      "a URI alone",
      { resourceSubscriptions: "note://static" },
      'params.notifications.resourceSubscriptions must be an array of URIs, not "note://static".'
    ],
    [
      "null for URIs",
      { resourceSubscriptions: null },
      "params.notifications.resourceSubscriptions must be an array of URIs, not null."
    ],
    [
      "a number among URIs",
      { resourceSubscriptions: ["note://static", 7] },
      "params.notifications.resourceSubscriptions[1] must be a string, the URI of a resource, not 7."
    ],
    [
      "too many URIs",
      { resourceSubscriptions: Array.from({ length: 1_001 }, (_, n) => `note://by/${n}`) },
      "params.notifications.resourceSubscriptions names 1001 resources; 1000 is the most."
    ]
  ])("refuses a filter: %s", async (_, notifications, why) => {
    await using wire = await connect(main)
    expect(await wire.ask(listen(1, notifications))).toStrictEqual(error(1, -32602, `subscriptions/listen: ${why}`))
  })

  it("runs so many times in an app, and says so to the next", async () => {
    const app = assemble(main, { maxListens: 2 })
    await using one = await connect(app)
    await using two = await connect(app)
    const any = { toolsListChanged: true }
    await one.ask(listen(1, any))
    await one.ask(listen(2, any))
    const full = "This server has 2 subscriptions/listen streams open, the most it takes: end one, or try again later."
    expect(await two.ask(listen(3, any))).toStrictEqual(error(3, -32603, full))
    one.send(note("notifications/cancelled", { requestId: 1 }))
    expect(await two.ask(listen(4, any))).toStrictEqual(acknowledged(4, any))
    await app.dispose()
  })

  it("ends with its result when the server drains, after what waited to be told", async () => {
    const hold = tool({ name: "hold" }, () => Effect.never)
    const wire = await connect(main.tool(hold))
    await wire.ask(listen("s", { resourceSubscriptions: ["note://by/1"] }))
    await wire.ask(touching(1, "note://by/1"))
    const closing = wire[Symbol.asyncDispose]()
    expect(await wire.next()).toStrictEqual(
      note("notifications/resources/updated", { _meta: of("s"), uri: "note://by/1" })
    )
    expect(await wire.next()).toStrictEqual(ended("s"))
    await closing
  })

  it("is of the request: handshake clients of the same app hear nothing of it, and it nothing of theirs", async () => {
    await using wire = await shakenHands(main, "2025-11-25")
    await wire.ask(listen(1, { resourceSubscriptions: ["note://by/1"] }))
    await wire.ask(request(2, "resources/subscribe", { uri: "note://static" }))
    await wire.ask(touching(3, "note://static"))
    expect(await wire.next()).toStrictEqual(updated("note://static"))
    await wire.ask(touching(4, "note://by/1"))
    expect(await wire.next()).toStrictEqual(
      note("notifications/resources/updated", { _meta: of(1), uri: "note://by/1" })
    )
    plugins.put(tool({ name: "last" }, () => ""))
    expect(await wire.next()).toStrictEqual(note("notifications/tools/list_changed"))
    expect(await wire.ask(sessionless(5, "server/discover"))).toMatchObject({ id: 5 })
  })
})
