import { assemble, type Change, Changes, Context, Effect, Layer, LifespanError, resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { ChangeRelay, type ChangeRelayShape } from "../../lib/services/change-relay.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, gate, type Wire } from "../kit/wire.ts"

const info = (name = "main") => ({ name, version: "1.0.0" })
const note = resource({ uri: "note://{id}" }, ({ id }) => id)
const touch = tool({ name: "touch", input: { uri: v.string() } }, ({ uri }) =>
  Effect.flatMap(Changes, ({ resourceUpdated }) => resourceUpdated(uri))
)
const notes = server(info("notes")).add(note, touch)
const named = (name: string) => tool({ name }, () => "")

/** A relay that a spec holds both ends of. */
const byHand = (publish: (text: string) => Effect.Effect<void, unknown>) => {
  const ends: { receive: (text: string) => void } = { receive: () => {} }
  const relay: ChangeRelayShape = {
    publish,
    subscribe: (receive) =>
      Effect.sync(() => {
        ends.receive = receive
      })
  }
  return { layer: Layer.succeed(ChangeRelay, relay), receive: (text: string) => ends.receive(text) }
}

/** All changes of an app from now on. */
const changesOf = async (app: ReturnType<typeof assemble>) => {
  const running = await app["~mcpipe/App"].running()
  const seen: Array<Change> = []
  running.onChange((change) => seen.push(change))
  return seen
}

const updates = (wire: Wire) => wire.received.filter(({ method }) => method === "notifications/resources/updated")
const isUpdate = ({ method }: any) => method === "notifications/resources/updated"
const isToolsChanged = ({ method }: any) => method === "notifications/tools/list_changed"

let logged: Array<string>
beforeEach(() => {
  logged = []
  vi.spyOn(console, "error").mockImplementation((...args) => void logged.push(args.join(" ")))
})
afterEach(() => void vi.restoreAllMocks())

describe("two processes on one relay", () => {
  it("tell each other's clients of resources, under the URIs of the whole server", async () => {
    const relay = ChangeRelay.layerMemory()
    const main = server(info()).mount("team", notes).provide(relay)
    const [here, there] = [assemble(main), assemble(main)]
    await using near = await connectWire(here, { speak: "2025-11-25" })
    await using far = await connectWire(there, { speak: "2025-11-25" })
    for (const wire of [near, far]) await wire.request("resources/subscribe", { uri: "note://team/1" })
    await near.call("team_touch", { uri: "note://1" })
    const update = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "note://team/1" } }
    expect(await far.next(isUpdate)).toEqual(update)
    expect(await near.next(isUpdate)).toEqual(update)
    await far.call("team_touch", { uri: "note://2" })
    await far.call("team_touch", { uri: "note://1" })
    await vi.waitFor(() => expect([updates(near).length, updates(far).length]).toEqual([2, 2]), { interval: 5 })
    await here.dispose()
    await there.dispose()
  })

  it("load their sources again when one of them has noticed a change, and say so once each", async () => {
    const relay = ChangeRelay.layerMemory()
    // one of the two watches a folder that both have, and the other notices nothing by itself
    const [noticing, blind] = [shelf({ kinds: ["tools"] }), shelf({ kinds: ["tools"] })]
    const [here, there] = [noticing, blind].map(({ source }) => assemble(server(info()).source(source).provide(relay)))
    await using near = await connectWire(here!, { speak: "2025-11-25" })
    await using far = await connectWire(there!, { speak: "2025-11-25" })
    const told: Array<ReadonlyArray<Change>> = [await changesOf(here!), await changesOf(there!)]
    blind.hold(named("a"))
    noticing.put(named("a"))
    await near.next(isToolsChanged)
    await far.next(isToolsChanged)
    const listed = await far.request("tools/list")
    expect(listed.result.tools.map(({ name }: any) => name)).toEqual(["a"])
    expect(told).toEqual([
      [{ type: "catalogue-changed", generation: 1, kinds: ["tools"] }],
      [{ type: "catalogue-changed", generation: 1, kinds: ["tools"] }]
    ])
    // what one was told of it does not tell in turn
    expect([noticing.loads(), blind.loads()]).toEqual([2, 2])
    await here!.dispose()
    await there!.dispose()
  })

  it("tell nothing to a server of another name", async () => {
    const relay = ChangeRelay.layerMemory()
    const app = (name: string) => assemble(server(info(name)).add(note, touch).provide(relay))
    const [one, other, last] = [app("one"), app("other"), app("one")]
    const [heard, unheard] = [await changesOf(last), await changesOf(other)]
    await using wire = await connectWire(one)
    await wire.call("touch", { uri: "note://1" })
    await vi.waitFor(() => expect(heard).toHaveLength(1), { interval: 5 })
    expect(unheard).toEqual([])
    for (const each of [one, other, last]) await each.dispose()
  })
})

describe("a relay", () => {
  it("is handed equal changes once a turn, in a message that says where it comes from", async () => {
    const texts: Array<string> = []
    const { layer } = byHand((text) => Effect.sync(() => void texts.push(text)))
    const often = tool({ name: "often" }, function* () {
      const { resourceUpdated } = yield* Changes
      for (let n = 0; n < 50; n++) yield* resourceUpdated("note://1")
      yield* resourceUpdated("note://2")
    })
    await using wire = await connectWire(server(info()).add(note, often).provide(layer))
    await wire.call("often")
    await vi.waitFor(() => expect(texts).toHaveLength(2), { interval: 5 })
    const [first, second] = texts.map((text) => JSON.parse(text))
    const { from } = first
    expect(from).toMatch(/^[0-9a-f-]{36}$/)
    expect([first, second]).toEqual([
      { v: 1, app: "main", from, change: { type: "resource-updated", uri: "note://1" } },
      { v: 1, app: "main", from, change: { type: "resource-updated", uri: "note://2" } }
    ])
  })

  it("that is slow or fails holds nobody up, is logged once, and gets the next change all the same", async () => {
    const go = gate()
    const tried: Array<string> = []
    let down = true
    const { layer } = byHand((text) =>
      Effect.suspend(() => {
        tried.push(JSON.parse(text).change.uri)
        return down
          ? Effect.andThen(
              Effect.promise(() => go.opened),
              Effect.fail(new Error("no redis"))
            )
          : Effect.void
      })
    )
    await using wire = await connectWire(server(info()).add(note, touch).provide(layer))
    await wire.call("touch", { uri: "note://1" })
    await wire.call("touch", { uri: "note://2" })
    await wire.call("touch", { uri: "note://3" })
    await vi.waitFor(() => expect(tried).toEqual(["note://1"]), { interval: 5 })
    go.open()
    await vi.waitFor(() => expect(tried).toEqual(["note://1", "note://2", "note://3"]), { interval: 5 })
    await vi.waitFor(() => expect(logged.join("\n")).toMatch(/other processes could not be told.*no redis/s))
    expect(logged.filter((text) => text.includes("could not be told"))).toHaveLength(1)
    down = false
    await wire.call("touch", { uri: "note://4" })
    await vi.waitFor(() => expect(tried.at(-1)).toBe("note://4"), { interval: 5 })
  })

  it("keeps the newest 1,024 changes where it is not handed any, and says that it gives up others", async () => {
    const go = gate()
    const tried: Array<string> = []
    const { layer } = byHand((text) =>
      Effect.suspend(() => {
        tried.push(JSON.parse(text).change.uri)
        return Effect.promise(() => go.opened)
      })
    )
    const many = tool({ name: "many" }, function* () {
      const { resourceUpdated } = yield* Changes
      for (let n = 1; n <= 1_100; n++) yield* resourceUpdated(`note://${n}`)
    })
    await using wire = await connectWire(server(info()).add(note, touch, many).provide(layer))
    await wire.call("touch", { uri: "note://0" })
    await vi.waitFor(() => expect(tried).toEqual(["note://0"]), { interval: 5 })
    await wire.call("many")
    go.open()
    await vi.waitFor(() => expect(tried.at(-1)).toBe("note://1100"), { interval: 5 })
    expect(tried.slice(1)).toEqual(Array.from({ length: 1_024 }, (_, n) => `note://${n + 77}`))
    expect(logged.filter((text) => text.includes("more than 1024 changes wait"))).toHaveLength(1)
  })

  it.each([
    ["no JSON", "{"],
    [
      "another version",
      JSON.stringify({ v: 2, app: "main", from: "x", change: { type: "resource-updated", uri: "note://1" } })
    ],
    ["no URI", JSON.stringify({ v: 1, app: "main", from: "x", change: { type: "resource-updated", uri: "nowhere" } })],
    [
      "an unknown kind",
      JSON.stringify({ v: 1, app: "main", from: "x", change: { type: "catalogue-changed", kinds: ["spoons"] } })
    ],
    ["nothing", JSON.stringify(null)]
  ])("that brings what is not understood is not believed: %s", async (_, text) => {
    const { layer, receive } = byHand(() => Effect.void)
    const app = assemble(server(info()).add(note).provide(layer))
    const seen = await changesOf(app)
    receive(text)
    receive(JSON.stringify({ v: 1, app: "main", from: "x", change: { type: "resource-updated", uri: "note://1" } }))
    expect(seen).toMatchObject([{ type: "resource-updated", ref: { uri: "note://1" } }])
    await vi.waitFor(() => expect(logged.join("\n")).toMatch(/was not understood/), { interval: 5 })
    await app.dispose()
  })

  it("hands over what waits before the app closes, and is not waited for much longer", async () => {
    const texts: Array<string> = []
    const events: Array<string> = []
    const relay: ChangeRelayShape = {
      publish: (text) => Effect.sync(() => void texts.push(text)),
      subscribe: () => Effect.addFinalizer(() => Effect.sync(() => void events.push(`closed after ${texts.length}`)))
    }
    const app = assemble(server(info()).add(note).provide(Layer.succeed(ChangeRelay, relay)))
    const running = await app["~mcpipe/App"].running()
    const root = running.context(running.assembly.root) as Context.Context<any>
    Effect.runSync(Context.getUnsafe(root, Changes).resourceUpdated("note://1"))
    expect(texts).toEqual([])
    await app.dispose()
    expect(events).toEqual(["closed after 1"])
  })

  it("that cannot be subscribed to keeps the app from starting, with its reason", async () => {
    const relay: ChangeRelayShape = { publish: () => Effect.void, subscribe: () => Effect.fail(new Error("refused")) }
    const app = assemble(server(info()).add(note).provide(Layer.succeed(ChangeRelay, relay)) as AnyServer as never)
    const error = await app.start().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(LifespanError)
    expect(error).toMatchObject({
      reason: "relay-failed",
      message: 'server "main": the ChangeRelay could not be subscribed to: refused'
    })
  })
})
