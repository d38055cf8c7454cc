import {
  Effect,
  Layer,
  middleware,
  type Outcome,
  PublicError,
  prompt,
  type RequestInfo,
  resource,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { A } from "../kit/services.ts"
import { connectWire, gate } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

const add = tool({ name: "add", input: { a: v.number() } }, ({ a }) => a + 1)
const sad = tool({ name: "sad" }, () => {
  throw new ToolError("too sad")
})
const broken = tool({ name: "broken" }, () => {
  throw new Error("secret")
})

/** Collects the information and outcome of every wire request. */
const watching = () => {
  const infos: Array<RequestInfo> = []
  const outcomes: Array<Outcome> = []
  const watch = middleware(function* (next, request) {
    infos.push(request)
    const outcome = yield* next
    outcomes.push(outcome)
    return outcome
  })
  return { infos, outcomes, watch }
}

describe("a request hook", () => {
  it("runs for every method that is served, and for none that is not", async () => {
    const { infos, watch } = watching()
    const s = server(info("s"))
      .add(
        add,
        resource({ uri: "x://{id}" }, () => "x"),
        prompt({ name: "p" }, () => "p")
      )
      .use(watch)
    await using wire = await connectWire(s, { speak: "2025-11-25" })
    infos.length = 0
    for (const [method, params] of [
      ["ping"],
      ["tools/list"],
      ["resources/list"],
      ["resources/templates/list"],
      ["prompts/list"],
      ["logging/setLevel", { level: "error" }],
      ["tools/call", { name: "add", arguments: { a: 1 } }],
      ["resources/read", { uri: "x://1" }],
      ["prompts/get", { name: "p" }],
      ["no/method"],
      ["tools/call", { name: "unknown" }]
    ] as const) {
      await wire.request(method, params)
    }
    expect(infos.map(({ method, name }) => (name === undefined ? method : `${method} ${name}`))).toEqual([
      "ping",
      "tools/list",
      "resources/list",
      "resources/templates/list",
      "prompts/list",
      "logging/setLevel",
      "tools/call add",
      "resources/read x://1",
      "prompts/get p"
    ])
    expect(infos[6]!.component).toBe(add)
    expect(infos[6]!.params).toEqual({ name: "add", arguments: { a: 1 } })
    expect(infos.map(({ round }) => round)).toEqual(infos.map(() => 0))
    expect(new Set(infos.map(({ callId }) => callId)).size).toBe(infos.length)
    expect(infos[0]!.callId).toBe(infos[0]!.callId)
  })

  it("sees how a request ended: complete with its result, or error with the message the client gets", async () => {
    const { outcomes, watch } = watching()
    await using wire = await connectWire(
      server(info("s"))
        .add(
          add,
          sad,
          broken,
          resource({ uri: "x://a" }, () => 1n)
        )
        .use(watch)
    )
    await wire.call("add", { a: 1 })
    await wire.call("add", { a: "1" })
    await wire.call("sad")
    const { content } = await wire.call("broken")
    const { error } = await wire.request("resources/read", { uri: "x://a" })
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["complete", "error", "error", "error", "error"])
    expect(outcomes[0]!.result).toMatchObject({ content: [{ text: "2" }] })
    expect(outcomes.map(({ message }) => message)).toEqual([
      undefined,
      'Invalid arguments for tool "add":\n- a: expected number, received "1"',
      "too sad",
      content[0].text,
      error.message
    ])
  })

  it("of a parent stands outside its child's, each with its own name for the tool, and both outside callTool", async () => {
    const seen: Array<string> = []
    const mark = (mine: string) =>
      middleware({
        request: (next, { name }) => {
          seen.push(`${mine} request ${name}`)
          return next
        },
        callTool: (next, call) => {
          seen.push(`${mine} call ${call.name}`)
          return next(call)
        }
      })
    const child = server(info("child")).tool(add).use(mark("child"))
    await using wire = await connectWire(server(info("root")).mount("c", child).use(mark("root")))
    await wire.call("c_add", { a: 1 })
    expect(seen).toEqual(["root request c_add", "child request add", "root call c_add", "child call add"])
    seen.length = 0
    await wire.request("tools/list")
    expect(seen).toEqual(["root request undefined"])
  })

  it("finds the services of its own server", async () => {
    const seen: Array<string> = []
    const ask = middleware(function* (next) {
      seen.push((yield* A).value)
      return yield* next
    })
    const child = server(info("child"))
      .tool(add)
      .use(ask)
      .provide(Layer.succeed(A, { value: "child" }))
    const root = server(info("root"))
      .mount("c", child)
      .use(ask)
      .provide(Layer.succeed(A, { value: "root" }))
    await using wire = await connectWire(root)
    await wire.call("c_add", { a: 1 })
    expect(seen).toEqual(["root", "child"])
  })

  it("refuses a request with an error of the protocol, or a tool call with one for the model", async () => {
    const refuse = middleware((next, { method, name }) => {
      if (name === "sad") return Effect.fail(new ToolError("for the model"))
      return method === "tools/list" || name === "add"
        ? Effect.fail(new PublicError("closed", { code: 7, data: { until: "noon" } }))
        : next
    })
    await using wire = await connectWire(server(info("s")).add(add, sad).use(refuse))
    const closed = { code: 7, message: "closed", data: { until: "noon" } }
    expect((await wire.request("tools/list")).error).toEqual(closed)
    expect((await wire.request("tools/call", { name: "add", arguments: { a: 1 } })).error).toEqual(closed)
    expect(await wire.call("sad")).toMatchObject({ isError: true, content: [{ text: "for the model" }] })
    expect((await wire.request("server/discover")).result).toBeDefined()
  })

  it.each<[string, (next: any) => unknown]>([
    [
      "throws",
      () => {
        throw new Error("secret")
      }
    ],
    ["fails with an error of its own", () => Effect.fail(new Error("secret"))],
    ["returns undefined", () => undefined],
    ["never calls next and makes up an outcome", () => Effect.succeed({ outcome: "complete", result: { secret: 1 } })],
    ["drops the outcome", (next) => Effect.asVoid(next)]
  ])("that %s is a masked error in the answer, whole in the log", async (_, hook) => {
    await using wire = await connectWire(
      server(info("s"))
        .tool(add)
        .use(middleware(hook as never))
    )
    for (const [method, params] of [["tools/call", { name: "add", arguments: { a: 1 } }], ["tools/list"]] as const) {
      const { error } = await wire.request(method, params)
      expect(error).toEqual({
        code: -32603,
        message: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/)
      })
      const [reference] = /[0-9a-f]{8}/.exec(error.message)!
      expect(log.mock.calls.flat().join(" ")).toContain(reference)
    }
  })

  it("is interrupted with the call, and takes it for no answer", async () => {
    const started = gate()
    const ended: Array<string> = []
    const watch = middleware((next) => Effect.onExit(next, (exit) => Effect.sync(() => void ended.push(exit._tag))))
    const hold = tool({ name: "hold" }, () => {
      started.open()
      return Effect.never
    })
    await using wire = await connectWire(server(info("s")).tool(hold).use(watch))
    void wire.request("tools/call", { name: "hold" })
    await started.opened
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await wire.request("tools/list")
    expect(ended).toEqual(["Failure", "Success"])
    expect(wire.received.map(({ id }) => id)).toEqual([2])
  })
})
