import {
  assemble,
  Context,
  DefinitionError,
  Effect,
  type FetchOptions,
  Layer,
  type Middleware,
  middleware,
  PublicError,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { audit, type AuditOptions, type AuditRecord } from "../../lib/middleware/audit.ts"
import { CallStarts } from "../../lib/middleware/call-starts.ts"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { driveTool } from "../kit/rounds.ts"
import { connectWire, envelope, gate } from "../kit/wire.ts"
import { components, info, logsTo, peerOf, refusing, sayYes, speaks, untilLength, watched } from "./observed.ts"

type Options = Partial<AuditOptions<any>>

/** An audit into a list, outermost on a server with everything. */
const audited = async (speak: (typeof speaks)[number], options: Options = {}, ...inside: Array<Middleware>) => {
  const records: Array<AuditRecord> = []
  const record = audit({ sink: (one: AuditRecord) => void records.push(one), ...options }) as Middleware
  const logs: Array<any> = []
  const peer = await peerOf((watched(record, ...inside) as any).provide(logsTo(logs)), speak)
  records.length = 0
  return { ...peer, records, logs }
}

const outcomes = (records: ReadonlyArray<AuditRecord>) => records.map(({ outcome }) => outcome)

describe.each(speaks)("audit, on %s", (speak) => {
  it("hands over who did what, what came of it and how long it took", async () => {
    const { wire, clock, records } = await audited(speak)
    const slow = wire.call("slow", { x: undefined })
    await clock.adjust("3 seconds")
    await slow
    expect(records).toEqual([
      {
        time: "1970-01-01T00:00:03.000Z",
        callId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        principal: "anonymous",
        client: { name: "wire", version: "1" },
        sessionId: speak === "sessionless" ? undefined : expect.any(String),
        remoteAddress: undefined,
        method: "tools/call",
        name: "slow",
        arguments: undefined,
        outcome: "complete",
        error: undefined,
        round: 0,
        millis: 3_000,
        roundMillis: 3_000
      }
    ])
  })

  it("has one record of each method that is served", async () => {
    const { wire, records } = await audited(speak)
    await wire.request("resources/read", { uri: "note://1" })
    await wire.request("prompts/get", { name: "hello" })
    await wire.request("tools/list")
    expect(records.map(({ method, name, outcome }) => [method, name, outcome])).toEqual([
      ["resources/read", "note://1", "complete"],
      ["prompts/get", "hello", "complete"],
      ["tools/list", undefined, "complete"]
    ])
  })

  it("tells errors of handlers and arguments from what was denied", async () => {
    const { wire, records } = await audited(speak)
    await wire.call("sad")
    await wire.call("add", { a: "x" })
    const { content } = await wire.call("broken")
    await wire.request("prompts/get", { name: "closed" })
    await wire.request("resources/read", { uri: "note://none" })
    await wire.request("resources/read", { uri: "note://broken" })
    expect(outcomes(records)).toEqual(Array(6).fill("error"))
    expect(records[0]!.error).toBe("too sad")
    expect(records[2]!.error).toBe(content[0].text)
  })

  it.each<["request" | "callTool", string, unknown, string | RegExp]>([
    ["request", "publicly", new PublicError("not you"), "not you"],
    ["request", "to the model", new ToolError("not you"), "not you"],
    ["request", "with an error that is masked", new Error("secret"), "Internal error"],
    ["callTool", "publicly", new PublicError("not you"), "not you"],
    ["callTool", "with an error that is masked", new Error("secret"), /^Internal error \(reference [0-9a-f]{8}\)$/]
  ])("records what a %s hook refuses %s as denied", async (level, _, error, message) => {
    const { wire, records } = await audited(speak, {}, refusing(level, error))
    await wire.request("tools/call", { name: "add", arguments: { a: 1 } })
    expect(records).toMatchObject([
      { name: "add", outcome: "denied", error: typeof message === "string" ? message : expect.stringMatching(message) }
    ])
  })

  it("records a hook that breaks as an error, and one that fails once the handler has run as well", async () => {
    const broken = await audited(speak, {}, middleware(() => Effect.die(new Error("bug"))) as Middleware)
    await broken.wire.request("tools/call", { name: "add", arguments: { a: 1 } })
    expect(broken.records).toMatchObject([{ outcome: "error", error: "Internal error" }])
    const late = (next: Effect.Effect<any, unknown>) => Effect.andThen(next, Effect.fail(new PublicError("too late")))
    const after = await audited(speak, {}, middleware(late as never) as Middleware)
    await after.wire.request("tools/call", { name: "add", arguments: { a: 1 } })
    expect(after.records).toMatchObject([{ outcome: "error", error: "too late" }])
  })

  it("records what a parent's hook keeps from a child's tool as denied", async () => {
    const records: Array<AuditRecord> = []
    const child = server(info("child"))
      .add(...components)
      .use(audit({ sink: (one) => void records.push(one) }))
    const root = server(info("root"))
      .mount("c", child)
      .use(refusing("callTool", new ToolError("not from here")))
    const { wire } = await peerOf(root, speak)
    await wire.call("c_add", { a: 1 })
    expect(records).toMatchObject([{ name: "add", outcome: "denied", error: "not from here" }])
  })

  it("records once where it stands on a server and on one mounted in it", async () => {
    const records: Array<AuditRecord> = []
    const one = audit({ sink: (record) => void records.push(record), methods: ["tools/call"] })
    const child = server(info("child"))
      .add(...components)
      .use(one)
    const { wire } = await peerOf(server(info("root")).mount("c", child).use(one), speak)
    await wire.call("c_add", { a: 1 })
    await wire.call("c_sad")
    expect(records.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["c_add", "complete"],
      ["c_sad", "error"]
    ])
  })

  it("records a call whose client cancels or leaves as interrupted, once", async () => {
    const { wire, records } = await audited(speak)
    void wire.call("hang").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    if (speak === "sessionless") wire.leave()
    else wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await untilLength(records, 1)
    expect(records).toMatchObject([{ name: "hang", outcome: "interrupted", error: undefined }])
    await wire.close()
    expect(records).toHaveLength(1)
  })

  it("records a call that ran out of its request's time as interrupted", async () => {
    const records: Array<AuditRecord> = []
    const record = audit({ sink: (one) => void records.push(one), methods: ["tools/call"] })
    const { wire, clock } = await peerOf(watched(record), speak, { requestTimeout: 100 })
    const hanging = wire.call("hang")
    await clock.adjust("100 millis")
    expect((await hanging).isError).toBe(true)
    expect(records).toMatchObject([{ outcome: "interrupted", millis: 100 }])
  })

  it("leaves an async handler its services and its signal", async () => {
    const aborted = gate()
    class Word extends Context.Service<Word, string>()("app/Word") {}
    const wait = tool({ name: "wait", uses: { word: Word } }, async (_, { word, signal }) => {
      signal.addEventListener("abort", () => aborted.open())
      await new Promise(() => {})
      return word
    })
    const say = tool({ name: "say", uses: { word: Word } }, async (_, { word }) => word)
    const child = server(info("child")).add(wait, say).provide(Layer.succeed(Word, "hi"))
    const { wire } = await peerOf(
      server(info())
        .mount("c", child)
        .use(audit({ sink: () => {} })),
      speak
    )
    expect(await wire.text("c_say")).toBe("hi")
    void wire.call("c_wait").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    if (speak === "sessionless") wire.leave()
    else wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await aborted.opened
  })

  it("lets a call go on whose record could not be written, and logs that", async () => {
    const { wire, logs } = await audited(speak, { sink: () => Promise.reject(new Error("disk full")) })
    expect(await wire.text("add", { a: 1 })).toBe("2")
    const lost = logs.filter(({ level }) => level === "Error")
    expect(lost.at(-1).message).toMatch(/^audit: the record of tools\/call, call [0-9a-f-]{36}, was not written/)
    expect(lost.at(-1).cause).toContain("disk full")
  })

  it("withholds the result of a call that could not be recorded where that is wanted", async () => {
    const sink = () => {
      throw new Error("disk full")
    }
    const { wire } = await audited(speak, { sink, onSinkError: "refuse", methods: ["tools/call"] })
    const { error } = await wire.request("tools/call", { name: "add", arguments: { a: 1 } })
    expect(error).toEqual({ code: -32603, message: "This call could not be recorded, so its result is withheld." })
    expect((await wire.request("tools/list")).result).toBeDefined()
  })

  it("waits for a sink no longer than its timeout, also for a call that was cancelled", async () => {
    const hangs = () => new Promise<void>(() => {})
    const { wire, clock, logs } = await audited(speak, { sink: hangs, timeout: 100, methods: ["tools/call"] })
    const text = wire.text("add", { a: 1 })
    await clock.adjust("100 millis")
    expect(await text).toBe("2")
    void wire.call("hang").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    if (speak === "sessionless") wire.leave()
    else wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await clock.adjust("100 millis")
    expect(logs.filter(({ cause }) => cause?.includes("The audit sink took more than 100 ms."))).toHaveLength(2)
  })
})

describe("audit of a call that asks twice", () => {
  it("has one record, of its last round, with the time of the whole call", async () => {
    const { wire, clock, records } = await audited("sessionless", { methods: ["tools/call"] })
    const driven = await driveTool(wire, "twice", () => ({ action: "accept", content: { ok: true } }))
    expect(driven.text).toBe("true true")
    expect(records).toMatchObject([{ name: "twice", outcome: "complete", round: 2, millis: 0, roundMillis: 0 }])
    records.length = 0
    const first = await wire.request("tools/call", { name: "twice", arguments: {} })
    await clock.adjust("5 seconds")
    const { requestState } = first.result
    await wire.request("tools/call", { name: "twice", arguments: {}, requestState, inputResponses: {} })
    expect(records).toEqual([])
  })

  it("counts the time in which it waited for answers", async () => {
    const { wire, clock, records } = await audited("sessionless", { methods: ["tools/call"] })
    const yes = { action: "accept", content: { ok: true } }
    let state: object = {}
    for (let round = 0; round < 3; round++) {
      const { result } = await wire.request("tools/call", { name: "twice", arguments: {}, ...state })
      const answers = Object.keys(result.inputRequests ?? {}).map((key) => [key, yes])
      state = { requestState: result.requestState, inputResponses: Object.fromEntries(answers) }
      await clock.adjust("5 seconds")
    }
    expect(records).toMatchObject([{ outcome: "complete", round: 2, millis: 10_000, roundMillis: 0 }])
  })

  it("has records of the rounds too where they are wanted", async () => {
    const { wire, records } = await audited("sessionless", { rounds: true, methods: ["tools/call"] })
    await driveTool(wire, "twice")
    expect(records.map(({ round, outcome }) => [round, outcome])).toEqual([
      [0, "paused"],
      [1, "paused"],
      [2, "complete"]
    ])
    expect(new Set(records.map(({ callId }) => callId)).size).toBe(1)
  })

  it("has one where the server asks by itself", async () => {
    const { wire, records } = await audited("2025-11-25")
    const call = wire.call("twice")
    await sayYes(wire, 0)
    await sayYes(wire, 1)
    await call
    expect(records).toMatchObject([{ name: "twice", outcome: "complete", round: 0 }])
  })

  it("says nothing of the time of a call whose first round it did not see", async () => {
    const key = "k".repeat(32)
    const records: Array<AuditRecord> = []
    const served = () =>
      watched(audit({ sink: (one) => void records.push(one), methods: ["tools/call"] }) as Middleware)
    const options = { assemble: { requestStateKeys: [key] }, capabilities: { elicitation: {} } }
    await using one = await connectWire(served(), options)
    await using other = await connectWire(served(), options)
    let turn = 0
    const request: typeof one.request = (...args) => (turn++ === 0 ? one : other).request(...args)
    expect((await driveTool({ request }, "twice")).text).toBe("true true")
    expect(records).toMatchObject([{ outcome: "complete", round: 2, millis: undefined }])
  })
})

describe("audit over HTTP", () => {
  const authenticate: FetchOptions["authenticate"] = ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" })

  it.each(adapters)("knows the principal, the session and the address, with %s", async (adapter) => {
    const records: Array<AuditRecord> = []
    const served = watched(audit({ sink: (one) => void records.push(one), methods: ["tools/call"] }) as Middleware)
    await using peer = await httpPeer(adapter, served, { authenticate })
    const session = await peer.begin({}, { "x-user": "ada" })
    const params = { name: "add", arguments: { a: 1 } }
    await (await session.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params })).text()
    const headers = {
      "x-user": "bob",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "add"
    }
    const modern = { ...params, _meta: envelope() }
    await (await peer.request({ jsonrpc: "2.0", id: 1, method: "tools/call", params: modern }, headers)).text()
    const remoteAddress = adapter === "node" ? "127.0.0.1" : undefined
    expect(records).toMatchObject([
      { principal: "ada", sessionId: session.id, remoteAddress, client: { name: "by-hand" }, outcome: "complete" },
      { principal: "bob", sessionId: undefined, remoteAddress, client: { name: "wire" }, outcome: "complete" }
    ])
  })

  it("records a call whose connection was closed as interrupted", async () => {
    const records: Array<AuditRecord> = []
    const served = watched(audit({ sink: (one) => void records.push(one), methods: ["tools/call"] }) as Middleware)
    await using peer = await httpPeer("fetch", served)
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "hang" }
    const gone = new AbortController()
    const params = { name: "hang", arguments: {}, _meta: envelope() }
    const call = peer.request({ jsonrpc: "2.0", id: 1, method: "tools/call", params }, headers, { signal: gone.signal })
    await new Promise((resolve) => setImmediate(resolve))
    gone.abort()
    await call.catch(() => {})
    await untilLength(records, 1)
    expect(records).toMatchObject([{ name: "hang", outcome: "interrupted" }])
  })
})

describe("audit", () => {
  it("records arguments as a digest of their canonical JSON, or as a function makes them", async () => {
    const digests = await audited("sessionless", { args: "digest" })
    await digests.wire.call("add", { a: 1 })
    await digests.wire.call("add", { a: 2 })
    await digests.wire.call("add", { a: 1 })
    await digests.wire.request("tools/list")
    const [one, two, again, none] = digests.records.map((record) => record.arguments)
    expect(one).toMatch(/^[\w-]{43}$/)
    expect(two).not.toBe(one)
    expect(again).toBe(one)
    expect(none).toBe(undefined)
    const { wire, records } = await audited("sessionless", { args: (args) => Object.keys(args as object) })
    await wire.call("add", { a: 1 })
    expect(records[0]!.arguments).toEqual(["a"])
    const throws = await audited("sessionless", {
      args: () => {
        throw new Error("no")
      }
    })
    expect(await throws.wire.text("add", { a: 1 })).toBe("2")
    expect(throws.records[0]!.arguments).toBe("(not recorded: args threw)")
  })

  it("waits for its sink before it answers, in any of the four forms", async () => {
    const held = gate()
    const seen: Array<string> = []
    const wires = await Promise.all(
      [
        audit({ sink: () => held.opened.then(() => seen.push("async")) }),
        audit({ sink: () => Effect.promise(() => held.opened.then(() => seen.push("effect"))) }),
        audit({
          *sink() {
            yield* Effect.promise(() => held.opened)
            seen.push("generator")
          }
        })
      ].map((one) => connectWire(watched(one as Middleware)))
    )
    const answers = wires.map((wire) => wire.text("add", { a: 1 }).then(() => seen.push("answered")))
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([])
    held.open()
    await Promise.all(answers)
    expect(seen.slice(0, 3).sort()).toEqual(["async", "effect", "generator"])
    await Promise.all(wires.map((wire) => wire.close()))
  })

  it("shows the services of its sink in its type, and finds them on its server", async () => {
    class Trail extends Context.Service<Trail, { readonly names: Array<string> }>()("app/Trail") {}
    const one = audit({
      sink: ({ name }) => Trail.use(({ names }) => Effect.sync(() => void names.push(String(name))))
    })
    expectTypeOf(one).toEqualTypeOf<Middleware<never, ByLayer<Trail>>>()
    expectTypeOf(audit({ sink: () => {} })).toEqualTypeOf<Middleware<never, never>>()
    // @ts-expect-error: nobody provides Trail
    const missing = () => assemble(server(info()).use(one))
    void missing
    const names: Array<string> = []
    const add = tool({ name: "add", input: { a: v.number() } }, ({ a }) => a)
    const child = server(info("child")).tool(add).use(one).provide(Layer.succeed(Trail, { names }))
    const { wire } = await peerOf(server(info()).mount("c", child), "sessionless")
    await wire.call("c_add", { a: 1 })
    expect(names).toEqual(["add"])
  })

  it("remembers when calls that wait began, the last 10,000 of them", () => {
    const starts = new CallStarts()
    for (let i = 0; i < 10_050; i++) starts.keep(`${i}`, () => i)
    expect(starts.size).toBe(10_000)
    expect(starts.take("49")).toBe(undefined)
    expect(starts.take("50")!()).toBe(50)
    expect(starts.take("50")).toBe(undefined)
  })

  it.each<[any, string]>([
    [{}, "audit: sink is nothing; use a function."],
    [undefined, "audit: pass a record of options: sink, timeout, onSinkError, args, methods, rounds."],
    [{ sink: "file" }, `audit: sink is "file"; use a function.`],
    [{ sink: () => {}, timeout: 0 }, "audit: timeout is 0; use an integer from 1 to 600000, in milliseconds."],
    [{ sink: () => {}, onSinkError: "throw" }, `audit: onSinkError is "throw"; use "log" or "refuse".`],
    [{ sink: () => {}, args: true }, `audit: args is true; use "digest" or a function.`],
    [
      { sink: () => {}, round: true },
      `audit: there is no option "round"; there are sink, timeout, onSinkError, args, methods, rounds.`
    ]
  ])("refuses %j", (options, message) => {
    expect(() => audit(options)).toThrow(new DefinitionError(message))
  })
})
