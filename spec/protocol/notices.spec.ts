import { type App, assemble, Changes, Context, Effect, resource, server, tool } from "mcpipe"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { noticesOf } from "../../lib/protocol/notices.ts"
import { catalogueOf } from "../../lib/runtime/catalogue.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, envelope, gate, type Wire } from "../kit/wire.ts"

const family = "note://by/{id}"
const uris = ["note://a", "note://by/1", "note://by/2"] as const
const main = server({ name: "s", version: "1.0.0" })
  .add(
    resource({ uri: "note://a" }, () => ""),
    resource({ uri: family }, () => "")
  )
  .source(shelf({ kinds: ["tools"] }).source)

const start = async () => {
  const app = assemble(main)
  const running = await app["~mcpipe/App"].running()
  const changes = Context.getUnsafe(running.context(running.assembly.root) as Context.Context<any>, Changes)
  const touch = (uri: string) => Effect.runSync(changes.resourceUpdated(uri))
  let made = 0
  const changeTools = () => {
    const next = tool({ name: `tool-${++made}` }, () => "")
    const componentsOf = () => [...main["~mcpipe/Server"].components, next]
    running.swap(catalogueOf(running.assembly.nodes, componentsOf, running.catalogue().generation + 1))
  }
  return { app, running, touch, changeTools }
}

/** Lets happen what is due in this turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

type Step =
  | { readonly type: "subscribe" | "unsubscribe"; readonly client: number; readonly uri: string }
  | { readonly type: "listen"; readonly stream: number; readonly uris: ReadonlyArray<string>; readonly tools: boolean }
  | { readonly type: "cancel"; readonly stream: number }
  | { readonly type: "touch"; readonly uri: string }
  | { readonly type: "change-tools" | "turn" }

const [clients, streams] = [2, 3]
const uri = fc.constantFrom(...uris)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constantFrom("subscribe", "unsubscribe"), client: fc.nat(clients - 1), uri }),
  fc.record({
    type: fc.constant("listen"),
    stream: fc.nat(streams - 1),
    uris: fc.uniqueArray(uri, { minLength: 1 }),
    tools: fc.boolean()
  }),
  fc.record({ type: fc.constant("cancel"), stream: fc.nat(streams - 1) }),
  fc.record({ type: fc.constant("touch"), uri: fc.constantFrom(...uris, family) }),
  fc.record({ type: fc.constantFrom("change-tools", "turn", "turn") })
)

/** What one client or stream is due to be told at the next turn, said as simply as it can be. */
class Expected {
  uris = new Set<string>()
  tools = false
  due = new Set<string>()

  touched(uri: string) {
    const touched = uri === family ? uris.filter((one) => one.startsWith("note://by/")) : [uri]
    for (const one of touched) if (this.uris.has(one)) this.due.add(one)
  }
  toolsChanged() {
    if (this.tools) this.due.add("tools")
  }
  unsubscribed(uri: string) {
    this.uris.delete(uri)
    this.due.delete(uri)
  }
}

const whatOf = ({ method, params }: any): string =>
  method === "notifications/tools/list_changed" ? "tools" : params.uri

const isNotice = ({ method }: any): boolean =>
  method === "notifications/tools/list_changed" || method === "notifications/resources/updated"

const streamOf = ({ params }: any): unknown => params?._meta?.["io.modelcontextprotocol/subscriptionId"]

/** Gives the notices that came since it was last called. */
const reader = (wire: Wire) => {
  let read = 0
  return () => {
    const fresh = wire.received.slice(read).filter(isNotice)
    read = wire.received.length
    return fresh
  }
}

describe("whatever is subscribed to, left and changed, in whatever order", () => {
  const follow = async (
    app: App,
    steps: ReadonlyArray<Step>,
    touch: (uri: string) => void,
    changeTools: () => void
  ) => {
    const shaken: Array<Wire> = []
    for (let n = 0; n < clients; n++) shaken.push(await connectWire(app, { speak: "2025-11-25" }))
    const free = await connectWire(app)
    const [readers, readFree] = [shaken.map(reader), reader(free)]
    const ofClient = shaken.map(() => Object.assign(new Expected(), { tools: true }))
    const ofStream = Array.from({ length: streams }, () => new Expected())
    const all = [...ofClient, ...ofStream]
    const open = new Set<number>()
    let id = 0
    for (const one of [...steps, { type: "turn" } as const]) {
      switch (one.type) {
        case "subscribe":
        case "unsubscribe":
          shaken[one.client]!.send({
            jsonrpc: "2.0",
            id: ++id,
            method: `resources/${one.type}`,
            params: { uri: one.uri }
          })
          if (one.type === "subscribe") ofClient[one.client]!.uris.add(one.uri)
          else ofClient[one.client]!.unsubscribed(one.uri)
          break
        case "listen": {
          if (open.has(one.stream)) break
          open.add(one.stream)
          const notifications = { toolsListChanged: one.tools, resourceSubscriptions: one.uris }
          const params = { notifications, _meta: envelope() }
          free.send({ jsonrpc: "2.0", id: `s${one.stream}`, method: "subscriptions/listen", params })
          ofStream[one.stream]!.uris = new Set(one.uris)
          ofStream[one.stream]!.tools = one.tools
          break
        }
        case "cancel":
          open.delete(one.stream)
          free.notify("notifications/cancelled", { requestId: `s${one.stream}` })
          Object.assign(ofStream[one.stream]!, new Expected())
          break
        case "touch":
          touch(one.uri)
          for (const expected of all) expected.touched(one.uri)
          break
        case "change-tools":
          changeTools()
          for (const expected of all) expected.toolsChanged()
          break
        case "turn": {
          await turn()
          const told = readers.map((read) => read().map(whatOf))
          const heard = readFree()
          for (const n of ofStream.keys()) told.push(heard.filter((one) => streamOf(one) === `s${n}`).map(whatOf))
          expect(told.map((one) => one.sort())).toEqual(all.map(({ due }) => [...due].sort()))
          expect(heard).toHaveLength(told.slice(clients).flat().length)
          for (const { due } of all) due.clear()
        }
      }
    }
    for (const wire of [...shaken, free]) await wire.close()
  }

  it("each client and stream is told exactly what it subscribed to as it changed, each thing once a turn", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { app, touch, changeTools } = await start()
        await follow(app, steps, touch, changeTools)
        await app.dispose()
      }),
      { numRuns: 200 }
    )
  })
})

describe("a client that reads slowly", () => {
  it("has each thing that changes wait for it once, and is then told in the order of the changes", async () => {
    const { app, running, touch } = await start()
    const sent: Array<string> = []
    const room = gate()
    let full = true
    const subscriber = noticesOf(running).open((notice) => {
      sent.push(notice)
      return full ? room.opened : undefined
    })
    for (const uri of uris) subscriber.add(uri)
    subscriber.kinds(["tools"])
    for (let n = 0; n < 1_000; n++) {
      touch("note://a")
      touch("note://by/2")
      if (n % 100 === 0) await turn()
    }
    touch("note://by/1")
    expect(sent).toEqual(["note://a"])
    full = false
    room.open()
    await turn()
    expect(sent).toEqual(["note://a", "note://by/2", "note://a", "note://by/1"])
    await app.dispose()
  })

  it("is told nothing of what it left meanwhile", async () => {
    const { app, running, touch } = await start()
    const sent: Array<string> = []
    const room = gate()
    const subscriber = noticesOf(running).open((notice) => {
      sent.push(notice)
      return room.opened
    })
    for (const uri of uris) subscriber.add(uri)
    for (const uri of uris) touch(uri)
    await turn()
    subscriber.remove("note://by/1")
    room.open()
    await turn()
    expect(sent).toEqual(["note://a", "note://by/2"])
    for (const uri of uris) touch(uri)
    subscriber.close()
    await turn()
    expect(sent).toEqual(["note://a", "note://by/2"])
    await app.dispose()
  })
})

describe("all clients together", () => {
  it("may subscribe to as much as is remembered, and to more once some of it is left", async () => {
    const { app, running } = await start()
    const notices = noticesOf(running)
    const long = (n: number) => `note://by/${n}/${"x".repeat(1_000_000)}`
    const subscribers = Array.from({ length: 40 }, () => notices.open(() => undefined))
    const added = subscribers.map((one, n) => one.add(long(n)))
    expect(added.filter((one) => one)).toHaveLength(33)
    expect(added.indexOf(false)).toBe(33)
    expect(subscribers[0]!.add(long(0))).toBe(true)
    subscribers[0]!.close()
    expect(subscribers[33]!.add(long(33))).toBe(true)
    expect(subscribers[34]!.add(long(34))).toBe(false)
    await app.dispose()
  })
})
