import {
  assemble,
  Changes,
  ClientLog,
  Context,
  Effect,
  middleware,
  Progress,
  PublicError,
  ResourceNotFound,
  resource,
  server
} from "mcpipe"
import { describe, expect, it } from "vitest"
import { connectWire, envelope, gate, type Wire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })
const note = resource({ uri: "note://{id}" }, ({ id }) => id)

const isUpdate = ({ method }: any) => method === "notifications/resources/updated"
const isAcknowledged = ({ method }: any) => method === "notifications/subscriptions/acknowledged"

/** Lets happen what is due in this turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const touching = async (app: ReturnType<typeof assemble>) => {
  const running = await app["~mcpipe/App"].running()
  const changes = Context.getUnsafe(running.context(running.assembly.root) as Context.Context<any>, Changes)
  return async (uri: string) => {
    Effect.runSync(changes.resourceUpdated(uri))
    await turn()
  }
}

const listen = (wire: Wire, id: string | number, notifications: object, meta: object = {}) =>
  wire.send({
    jsonrpc: "2.0",
    id,
    method: "subscriptions/listen",
    params: { notifications, _meta: envelope({}, meta) }
  })

describe("a request hook", () => {
  it("on a mounted server sees subscriptions to its resources, by the names that it knows", async () => {
    const seen: Array<unknown> = []
    const watching = middleware(function* (next, { method, name, component }) {
      const outcome = yield* next
      seen.push([method, name, component?.name, outcome.outcome])
      return outcome
    })
    const team = server(info("team")).use(watching).add(note)
    await using wire = await connectWire(server(info("main")).mount("team", team), { speak: "2025-11-25" })
    await wire.request("resources/subscribe", { uri: "note://team/1" })
    await wire.request("resources/unsubscribe", { uri: "note://team/1" })
    expect(seen).toEqual([
      ["resources/subscribe", "note://1", "note://{id}", "complete"],
      ["resources/unsubscribe", "note://1", "note://{id}", "complete"]
    ])
  })

  it("can refuse a subscription, which then is none", async () => {
    const guarding = middleware(function* (next, { method, name }) {
      if (method === "resources/subscribe" && name === "note://secret") throw new PublicError("Not for you.")
      if (method === "resources/subscribe" && name === "note://hidden") throw new ResourceNotFound()
      return yield* next
    })
    const app = assemble(server(info("main")).use(guarding).add(note))
    const touch = await touching(app)
    await using wire = await connectWire(app, { speak: "2025-11-25" })
    const secret = await wire.request("resources/subscribe", { uri: "note://secret" })
    expect(secret.error).toEqual({ code: -32603, message: "Not for you." })
    const hidden = await wire.request("resources/subscribe", { uri: "note://hidden" })
    expect(hidden.error).toMatchObject({ code: -32002, data: { uri: "note://hidden" } })
    await touch("note://secret")
    await touch("note://hidden")
    expect(wire.received.filter(isUpdate)).toEqual([])
    await app.dispose()
  })

  it("sees subscriptions/listen as one request, and how it ends", async () => {
    const seen: Array<string> = []
    const done = gate()
    const watching = middleware(function* (next, { method }) {
      seen.push(`${method} begins`)
      const outcome = yield* Effect.onInterrupt(next, () => Effect.sync(() => void seen.push("interrupted")))
      seen.push(`${method} ${outcome.outcome}`)
      done.open()
      return outcome
    })
    const app = assemble(server(info("main")).use(watching).add(note))
    const wire = await connectWire(app)
    listen(wire, 1, { resourceSubscriptions: ["note://1"] })
    listen(wire, 2, { resourceSubscriptions: ["note://1"] })
    wire.notify("notifications/cancelled", { requestId: 2 })
    await turn()
    expect(seen).toEqual(["subscriptions/listen begins", "subscriptions/listen begins", "interrupted"])
    await wire.close()
    await done.opened
    expect(seen.slice(3)).toEqual(["subscriptions/listen complete"])
    await app.dispose()
  })

  it("can refuse subscriptions/listen before anything is acknowledged", async () => {
    const refusing = middleware(function* (next, { method }) {
      if (method === "subscriptions/listen") throw new PublicError("No listening today.", { code: 7 })
      return yield* next
    })
    await using wire = await connectWire(server(info("main")).use(refusing).add(note))
    const answer = await wire.request("subscriptions/listen", {
      notifications: { resourceSubscriptions: ["note://1"] }
    })
    expect(answer.error).toEqual({ code: 7, message: "No listening today." })
    expect(wire.received).toHaveLength(1)
  })

  it("of a mounted server decides which of its resources a stream is about", async () => {
    const seen: Array<unknown> = []
    const guarding = middleware(function* (next, { method, name, component }) {
      seen.push([method, name, component?.name])
      if (name === "note://secret") throw new PublicError("Not for you.")
      return yield* next
    })
    const team = server(info("team")).use(guarding).add(note)
    const app = assemble(server(info("main")).add(note).mount("team", team))
    const touch = await touching(app)
    await using wire = await connectWire(app)
    listen(wire, 1, { resourceSubscriptions: ["note://team/secret", "note://team/1", "note://secret"] })
    const { params } = await wire.next(isAcknowledged)
    expect(params.notifications).toEqual({ resourceSubscriptions: ["note://team/1", "note://secret"] })
    expect(seen).toEqual([
      ["subscriptions/listen", "note://secret", "note://{id}"],
      ["subscriptions/listen", "note://1", "note://{id}"]
    ])
    await touch("note://team/secret")
    expect(wire.received.filter(isUpdate)).toEqual([])
    await app.dispose()
  })

  it("cannot send log messages or progress on the stream, however much the request asks for", async () => {
    const talking = middleware(function* (next) {
      yield* ClientLog.log("error", "unheard")
      yield* Progress.report(1)
      return yield* next
    })
    const app = assemble(server(info("main")).use(talking).add(note))
    const touch = await touching(app)
    await using wire = await connectWire(app)
    const meta = { progressToken: "p", "io.modelcontextprotocol/logLevel": "debug" }
    listen(wire, 1, { resourceSubscriptions: ["note://1"] }, meta)
    await wire.next(isAcknowledged)
    await touch("note://1")
    expect(wire.received.map(({ method }) => method)).toEqual([
      "notifications/subscriptions/acknowledged",
      "notifications/resources/updated"
    ])
    await app.dispose()
  })
})

describe("a client that goes away", () => {
  it("makes room for others, and is told nothing more, in either era", async () => {
    const app = assemble(server(info("main")).add(note), { maxListens: 1, maxSubscriptions: 1 })
    const touch = await touching(app)
    const gone = await connectWire(app, { speak: "2025-11-25" })
    await gone.request("resources/subscribe", { uri: "note://1" })
    listen(gone, "stream", { resourceSubscriptions: ["note://1"] })
    await gone.next(isAcknowledged)
    const heard = gone.received.length
    gone.leave()
    await touch("note://1")
    expect(gone.received).toHaveLength(heard)
    await using next = await connectWire(app)
    listen(next, "stream", { resourceSubscriptions: ["note://1"] })
    await next.next(isAcknowledged)
    await touch("note://1")
    expect(next.received.filter(isUpdate)).toHaveLength(1)
    await app.dispose()
  })
})

describe("closing a server", () => {
  it("ends its streams before it waits for what is in flight, however long it might wait", async () => {
    const app = assemble(server(info("main")).add(note))
    const wire = await connectWire(app, { gracePeriod: 2_000_000_000 })
    listen(wire, 1, { resourceSubscriptions: ["note://1"] })
    await wire.next(isAcknowledged)
    await wire.close()
    expect(wire.received.at(-1)).toMatchObject({ id: 1, result: { resultType: "complete" } })
    await app.dispose()
  })

  it("leaves the streams of the app's other servers open", async () => {
    const app = assemble(server(info("main")).add(note))
    const touch = await touching(app)
    const [closing, staying] = [await connectWire(app), await connectWire(app)]
    for (const wire of [closing, staying]) listen(wire, 1, { resourceSubscriptions: ["note://1"] })
    await closing.close()
    await touch("note://1")
    expect(staying.received.filter(isUpdate)).toHaveLength(1)
    await staying.close()
    await app.dispose()
  })
})

describe("options", () => {
  it.each([
    ["maxListens", -1],
    ["maxListens", 1.5],
    ["maxSubscriptions", 1_000_001],
    ["maxSubscriptions", "many"]
  ])("that are out of range are named: %s %j", (name, value) => {
    expect(() => assemble(server(info("main")).add(note), { [name]: value })).toThrow(
      `Option ${name} is ${JSON.stringify(value)}: use an integer from 0 to 1000000.`
    )
  })
})
