import {
  Durable,
  Effect,
  Elicitation,
  type FetchHandler,
  JournalStore,
  Layer,
  type PrincipalShape,
  server,
  toFetchHandler,
  tool
} from "mcpipe"
import * as v from "valibot"
import { afterEach, describe, expect, it, vi } from "vitest"
import { anonymous } from "../../lib/services/principal.ts"
import { bindingOf } from "../../lib/protocol/request-state.ts"
import { makeSealer } from "../../lib/protocol/seal.ts"
import { driveTool, yes } from "../kit/rounds.ts"
import { connectWire, envelope } from "../kit/wire.ts"

const key = "a key of the specs of more than 32 characters"
const info = { name: "state", version: "1.0.0" }
const asking = { capabilities: { elicitation: {} } }

const pay = tool(
  { name: "pay", input: { amount: v.optional(v.number(), 1), to: v.optional(v.string(), "Al") } },
  async (_, { elicit }) => ((await elicit.confirm("Pay?", { key: "pay" })) ? "paid" : "kept")
)
const refund = tool({ name: "refund" }, async (_, { elicit }) =>
  (await elicit.confirm("Pay?", { key: "pay" })) ? "refunded" : "kept"
)
const main = server(info).add(pay, refund)

const inputResponses = { pay: yes() }

const invalid = {
  code: -32602,
  message:
    "params.requestState is not one of this call: send it back exactly as it came, with the same name and arguments, or call again without it.",
  data: { reason: "invalid_request_state" }
}

describe("requestState", () => {
  it("goes on with its call, on any process that has its key", async () => {
    await using here = await connectWire(main, { ...asking, assemble: { requestStateKeys: [key] } })
    await using there = await connectWire(main, { ...asking, assemble: { requestStateKeys: ["x".repeat(32), key] } })
    const params = { name: "pay", arguments: { amount: 5 } }
    const { requestState } = (await here.request("tools/call", params)).result
    const paid = await there.request("tools/call", { ...params, requestState, inputResponses })
    expect(paid.result.content[0].text).toBe("paid")
  })

  it("tells arguments by what they are, not by how they are written", async () => {
    await using wire = await connectWire(main, asking)
    const { requestState } = (await wire.request("tools/call", { name: "pay", arguments: { amount: 5, to: "Bo" } }))
      .result
    const turned = { name: "pay", arguments: { to: "Bo", amount: 5.0 }, requestState, inputResponses }
    expect((await wire.request("tools/call", turned)).result.content[0].text).toBe("paid")
  })

  it.each<[string, object]>([
    ["other arguments", { arguments: { amount: 6 } }],
    ["another tool", { name: "refund", arguments: {} }],
    [
      "a changed character",
      { change: (state: string) => `${state.slice(0, -2)}${state.at(-2) === "A" ? "B" : "A"}${state.at(-1)}` }
    ],
    ["a character more", { change: (state: string) => `${state}A` }],
    ["nothing", { change: () => "" }],
    ["what is no string", { change: () => 5 }],
    ["null", { change: () => null }]
  ])("is refused with %s", async (_, { change = (state: string) => state, ...other }: any) => {
    await using wire = await connectWire(main, asking)
    const params = { name: "pay", arguments: { amount: 5 } }
    const { requestState } = (await wire.request("tools/call", params)).result
    const reply = await wire.request("tools/call", {
      ...params,
      inputResponses,
      ...other,
      requestState: change(requestState)
    })
    expect(reply.error).toEqual(invalid)
  })

  it("is refused with answers that are no object", async () => {
    await using wire = await connectWire(main, asking)
    const params = { name: "pay", arguments: {} }
    const { requestState } = (await wire.request("tools/call", params)).result
    for (const inputResponses of [[yes()], "yes", null]) {
      const { error } = await wire.request("tools/call", { ...params, requestState, inputResponses })
      expect(error).toEqual({
        code: -32602,
        message: "params.inputResponses must be an object: the answer to each ask, by its key."
      })
    }
  })

  it("is refused from another principal, and from nobody", async () => {
    await using handler = toFetchHandler(main, {
      authenticate: (head) => ({ id: head.headers.get("x-user") ?? "nobody" })
    })
    const call = (user: string, more: object) => fetchPay(handler, more, { "x-user": user })
    const { requestState } = (await call("ada", {})).result
    expect(await call("bob", { requestState, inputResponses })).toMatchObject({ error: invalid })
    expect((await call("ada", { requestState, inputResponses })).result.content[0].text).toBe("paid")
  })

  it("does not take a principal called anonymous for the anonymous one", () => {
    const operation = { type: "resource", entry: { name: "a" }, uri: "a" } as any
    const named: PrincipalShape = { id: "anonymous", anonymous: false, scopes: [], claims: {} }
    expect(bindingOf(operation, named)).not.toBe(bindingOf(operation, anonymous))
  })

  it("expires", async () => {
    vi.useFakeTimers({ toFake: ["Date"] })
    await using wire = await connectWire(main, { ...asking, assemble: { requestStateTtl: 60_000 } })
    const params = { name: "pay", arguments: {} }
    const { requestState } = (await wire.request("tools/call", params)).result
    vi.setSystemTime(Date.now() + 59_999)
    const kept = await wire.request("tools/call", { ...params, requestState })
    expect(kept.result.resultType).toBe("input_required")
    vi.setSystemTime(Date.now() + 1)
    const { error } = await wire.request("tools/call", { ...params, requestState, inputResponses })
    expect(error).toEqual({
      ...invalid,
      message: "params.requestState has expired: call again without it."
    })
  })

  afterEach(() => void vi.useRealTimers())

  it.each([
    ["of another version", { version: 0, callId: "c", round: 1, answers: [], steps: {}, open: [] }],
    ["that is none", { something: "else" }],
    ["that is no object", 5]
  ])("is refused with a journal %s, though sealed by the right key", async (_, journal) => {
    await using wire = await connectWire(main, { ...asking, assemble: { requestStateKeys: [key] } })
    const operation = { type: "tool", entry: { name: "pay" }, args: {} } as any
    const requestState = await makeSealer({ keys: [key] }).seal(
      JSON.stringify(journal),
      bindingOf(operation, anonymous)
    )
    const { error } = await wire.request("tools/call", { name: "pay", arguments: {}, requestState, inputResponses })
    expect(error).toEqual(invalid)
  })

  it("is not looked at where nothing can be asked", async () => {
    await using wire = await connectWire(main, asking)
    const listed = await wire.request("tools/list", { requestState: "whatever", inputResponses: 5 })
    expect(listed.result.tools.length).toBe(2)
  })

  it("stays small: three answered questions take less than a thousand characters", async () => {
    const four = tool({ name: "four" }, async (_, { elicit }) => {
      for (const n of [1, 2, 3, 4]) await elicit.confirm(`Question ${n}?`)
      return "done"
    })
    await using wire = await connectWire(server(info).tool(four), asking)
    const sizes: Array<number> = []
    const watched = {
      request: async (method: string, params?: any) => {
        if (params.requestState !== undefined) sizes.push(params.requestState.length)
        return wire.request(method, params)
      }
    }
    expect((await driveTool(watched, "four")).text).toBe("done")
    expect(sizes.length).toBe(4)
    expect(sizes.at(-1)).toBeLessThan(1_000)
  })
})

describe("a journal that is too large to travel", () => {
  const large = tool({ name: "large" }, function* () {
    const text = yield* Durable.step(
      "read",
      Effect.sync(() => "x".repeat(20_000))
    )
    yield* Elicitation.confirm("On?", { key: "on" })
    return `${text.length}`
  })
  const params = { name: "large", arguments: {} }
  const responses = { on: yes() }

  it("is kept by the server, and only its place is sealed", async () => {
    await using wire = await connectWire(server(info).tool(large), asking)
    const { requestState } = (await wire.request("tools/call", params)).result
    expect(requestState.length).toBeLessThan(200)
    const done = await wire.request("tools/call", { ...params, requestState, inputResponses: responses })
    expect(done.result.content[0].text).toBe("20000")
  })

  it("lies in the JournalStore that the author provides, for as long as the state is good", async () => {
    const kept: Array<readonly [string, number, number]> = []
    const store = Layer.succeed(JournalStore, {
      shared: true,
      put: (id, text, ttl) => Effect.sync(() => void kept.push([id, text.length, ttl])),
      get: () => Effect.succeed(undefined),
      remove: () => Effect.void
    })
    await using wire = await connectWire(server(info).tool(large).provide(store), {
      ...asking,
      assemble: { requestStateKeys: [key], requestStateTtl: 5_000 }
    })
    const { requestState } = (await wire.request("tools/call", params)).result
    expect(kept).toEqual([[expect.stringMatching(/^[0-9a-f-]{36}$/), expect.any(Number), 5_000]])
    expect(kept[0]![1]).toBeGreaterThan(20_000)
    const { error } = await wire.request("tools/call", { ...params, requestState, inputResponses: responses })
    expect(error.message).toBe("params.requestState has expired: call again without it.")
  })
})

/** Calls the tool `pay` through a fetch handler, by hand. */
const fetchPay = async (handler: FetchHandler, more: object, headers: Record<string, string> = {}): Promise<any> => {
  const params = { name: "pay", arguments: {}, _meta: envelope({ elicitation: {} }), ...more }
  const response = await handler(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "pay",
        ...headers
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })
    })
  )
  return response.json()
}

describe("over HTTP", () => {
  it("a random key is warned about once, with the fix", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {})
    await using handler = toFetchHandler(main)
    for (let n = 0; n < 2; n++) expect((await fetchPay(handler, {})).result.resultType).toBe("input_required")
    const warnings = logged.mock.calls.map(String).filter((line) => line.includes("requestStateKeys"))
    expect(warnings.length).toBe(1)
    expect(warnings[0]).toContain(
      "Pass requestStateKeys, the same everywhere; make a key with `openssl rand -base64 32`."
    )
  })

  it("shared keys with a JournalStore of one process are an error that names the fix, in the log alone", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {})
    const large = tool({ name: "pay" }, function* () {
      yield* Durable.step(
        "read",
        Effect.sync(() => "x".repeat(20_000))
      )
      return `${yield* Elicitation.confirm("On?")}`
    })
    await using handler = toFetchHandler(server(info).tool(large), { requestStateKeys: [key] })
    const { error } = await fetchPay(handler, {})
    expect(error.code).toBe(-32603)
    expect(error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    expect(logged.mock.calls.map(String).join()).toContain(
      "Provide one that all of them reach: .provide(layer) with a layer of JournalStore."
    )
  })
})
