import {
  type App,
  assemble,
  Durable,
  Effect,
  Elicitation,
  Layer,
  middleware,
  server,
  toFetchHandler,
  tool
} from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { Session } from "../../lib/services/session.ts"
import { memoryStore, StateStore } from "../../lib/services/state-store.ts"
import { connectWire, envelope } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })
const cart = Session.state("cart", v.array(v.string()), { initial: () => [] })

const add = tool({ name: "add", input: { item: v.string() } }, ({ item }) =>
  Effect.map(
    cart.update((items) => [...items, item]),
    (items) => items.join()
  )
)
const begin = tool({ name: "begin" }, async (_, { run }) => (await run(Session.create())).handle)
const addTo = tool({ name: "add_to", input: { handle: v.string(), item: v.string() } }, function* ({ handle, item }) {
  const session = yield* Session.open(handle)
  return (yield* cart.in(session).update((items) => [...items, item])).join()
})

const child = server(info("child")).add(add)
const main = server(info("main"))
  .add(add, begin, addTo)
  .mount("c", child)
  .use(middleware({ callTool: (next, call) => next(call) }))

/** Calls tools of an app over HTTP, as a principal or anonymously. */
const clients = (app: App) => {
  const anonymous = toFetchHandler(app)
  const known = toFetchHandler(app, { authenticate: (head) => ({ id: head.headers.get("authorization") ?? "" }) })
  const call = async (who: string | undefined, name: string, args: object = {}): Promise<string> => {
    const handler = who === undefined ? anonymous : known
    const response: Response = await handler(
      new Request("http://localhost/mcp", {
        method: "POST",
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name, arguments: args, _meta: envelope() }
        }),
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": name,
          ...(who === undefined ? undefined : { authorization: who })
        }
      })
    )
    return ((await response.json()) as any).result.content[0].text
  }
  return { call, dispose: () => app.dispose() }
}

it("state follows a principal from request to request, into mounted servers, and nobody else", async () => {
  const { call, dispose } = clients(assemble(main))
  expect(await call("ada", "add", { item: "a" })).toBe("a")
  expect(await call("grace", "add", { item: "g" })).toBe("g")
  expect(await call("ada", "c_add", { item: "b" })).toBe("a,b")
  expect(await call(undefined, "add", { item: "n" })).toMatch(
    /^This call belongs to no session: .* Authenticate callers/
  )
  await dispose()
})

it("a handle carries the session of an anonymous caller through its arguments, and is no use to others", async () => {
  const { call, dispose } = clients(assemble(main))
  const handle = await call(undefined, "begin")
  expect(await call(undefined, "add_to", { handle, item: "a" })).toBe("a")
  expect(await call(undefined, "add_to", { handle, item: "b" })).toBe("a,b")
  const refused = await call("ada", "add_to", { handle, item: "c" })
  expect(refused).toMatch(/^This handle opens no session for this caller/)
  expect(await call(undefined, "add_to", { handle: await call("ada", "begin"), item: "c" })).toBe(refused)
  await dispose()
})

it("one app's state is none of another's, unless both are given the same store", async () => {
  const store = memoryStore()
  const shared = () => assemble(main.provide(Layer.succeed(StateStore, store)))
  const apps = [clients(assemble(main)), clients(assemble(main)), clients(shared()), clients(shared())]
  const carts: Array<string> = []
  for (const [at, { call }] of apps.entries()) carts.push(await call("ada", "c_add", { item: String(at) }))
  expect(carts).toEqual(["0", "1", "2", "2,3"])
  for (const { dispose } of apps) await dispose()
})

it("calls that come at the same time all count", async () => {
  const { call, dispose } = clients(assemble(main))
  const items = Array.from({ length: 50 }, (_, at) => `item ${at}`)
  await Promise.all(items.map((item) => call("ada", "add", { item })))
  expect((await call("ada", "add", { item: "last" })).split(",")).toHaveLength(51)
  await dispose()
})

it("handles work in memory and on stdio as well", async () => {
  await using wire = await connectWire(main)
  const handle = await wire.text("begin")
  await wire.text("add_to", { handle, item: "a" })
  expect(await wire.text("add_to", { handle, item: "b" })).toBe("a,b")
})

it("a call that asks creates its sessions once, and an update in a step counts once, however many rounds it takes", async () => {
  let executions = 0
  const order = tool({ name: "order" }, function* () {
    executions++
    const session = yield* Session.create()
    const unwrapped = yield* cart.in(session).update((items) => [...items, "every round"])
    yield* Durable.step(
      "order",
      cart.in(session).update((items) => [...items, "once"])
    )
    const sure = yield* Elicitation.confirm("Sure?")
    return [session.handle, sure, unwrapped.length].join()
  })
  await using wire = await connectWire(main.add(order), { capabilities: { elicitation: { form: {} } } })
  const { inputRequests, requestState } = await wire.call("order")
  const inputResponses = { [Object.keys(inputRequests)[0]!]: { action: "accept", content: { ok: true } } }
  const { result } = await wire.request("tools/call", { name: "order", arguments: {}, requestState, inputResponses })
  const [handle, sure, unwrapped] = result.content[0].text.split(",")
  expect([executions, sure, unwrapped]).toEqual([2, "true", "3"])
  expect(await wire.text("add_to", { handle, item: "after" })).toBe("every round,once,every round,after")
})
