import { Effect, Layer, middleware, prompt, RequestContext, resource, server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { A } from "../kit/services.ts"
import { connectWire, type WireOptions } from "../kit/wire.ts"

const describeCall = Effect.map(RequestContext, ({ method, revision, era, round, client, http }) => ({
  method,
  revision,
  era,
  round,
  name: client.info?.name ?? "nobody",
  agent: http?.header("user-agent")
}))

it("RequestContext.layerTest is a plain first round of 2026-07-28, with the fields a test names", async () => {
  expect(await Effect.runPromise(Effect.provide(describeCall, RequestContext.layerTest()))).toEqual({
    method: "tools/call",
    revision: "2026-07-28",
    era: "sessionless",
    round: 0,
    name: "nobody",
    agent: undefined
  })
  const header = (name: string) => (name === "user-agent" ? "spec" : undefined)
  const fields = {
    round: 2,
    client: { info: { name: "ada", version: "1" }, capabilities: {} },
    http: { method: "POST", url: "http://x/mcp", header, remoteAddress: undefined }
  }
  expect(await Effect.runPromise(Effect.provide(describeCall, RequestContext.layerTest(fields)))).toMatchObject({
    round: 2,
    name: "ada",
    agent: "spec"
  })
})

const info = (name: string) => ({ name, version: "1.0.0" })

it.each<[string, WireOptions["speak"], string, string]>([
  ["2026-07-28", "sessionless", "sessionless", "2026-07-28"],
  ["2025-06-18", "2025-06-18", "handshake", "2025-06-18"]
])("a mounted server sees the request as its client sent it over %s, by the name the client used", async (...row) => {
  const [, speak, era, revision] = row
  const ask = Effect.map(RequestContext, ({ method, component, requestId, client, meta, era, revision, http }) =>
    JSON.stringify({
      method,
      component,
      requestId,
      client: client.info?.name,
      trace: meta["trace"],
      era,
      revision,
      local: http === undefined
    })
  )
  // layers and middleware on both sides, so that every border is crossed that there is
  const child = server(info("child"))
    .add(
      tool({ name: "t", version: "2" }, () => ask),
      resource({ uri: "x://{id}" }, () => ask),
      prompt({ name: "p" }, () => ask)
    )
    .provide(Layer.succeed(A, { value: "child" }))
    .use(middleware((next) => next))
  const root = server(info("root"))
    .mount("c", child)
    .provide(Layer.succeed(A, { value: "root" }))
    .use(middleware({ callTool: (next, call) => next(call) }))
  await using wire = await connectWire(root, { speak })
  const asked = async (method: string, params: object) => {
    const { result } = await wire.request(method, { ...params, _meta: { trace: "1" } })
    const { text } = result.content?.[0] ?? result.contents?.[0] ?? result.messages[0].content
    return JSON.parse(text)
  }
  const same = { client: "wire", trace: "1", era, revision, local: true }
  const ids = () => ({ ...same, requestId: wire.lastId() })
  expect(await asked("tools/call", { name: "c_t" })).toEqual({
    method: "tools/call",
    component: { type: "tool", name: "c_t", version: "2" },
    ...ids()
  })
  expect(await asked("resources/read", { uri: "x://c/1" })).toEqual({
    method: "resources/read",
    component: { type: "resource", name: "x://c/{id}" },
    ...ids()
  })
  expect(await asked("prompts/get", { name: "c_p" })).toEqual({
    method: "prompts/get",
    component: { type: "prompt", name: "c_p" },
    ...ids()
  })
})

it("one call has one callId, in the hooks of every server around it and in its handler", async () => {
  const seen: Array<string> = []
  const note = Effect.map(RequestContext, ({ callId }) => void seen.push(callId))
  const watch = middleware({
    *request(next, { callId }) {
      seen.push(callId)
      return yield* next
    },
    *callTool(next, call) {
      yield* note
      return yield* next(call)
    }
  })
  const child = server(info("child"))
    .add(tool({ name: "t" }, () => note))
    .provide(Layer.succeed(A, { value: "child" }))
    .use(watch)
  await using wire = await connectWire(server(info("root")).mount("c", child).use(watch))
  await wire.call("c_t")
  expect(seen.length).toBe(5)
  expect(new Set(seen).size).toBe(1)
  await wire.call("c_t")
  expect(new Set(seen).size).toBe(2)
})
