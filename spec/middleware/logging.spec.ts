import { DefinitionError, Effect, type Middleware, middleware, PublicError, server } from "mcpipe"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { logging, type LoggingOptions } from "../../lib/middleware/logging.ts"
import { cut, payloadWriter } from "../../lib/middleware/payload.ts"
import { driveTool } from "../kit/rounds.ts"
import { components, info, logsTo, peerOf, refusing, sayYes, speaks, untilLength, watched } from "./observed.ts"

const id = expect.stringMatching(/^[0-9a-f-]{36}$/)

const logged = async (speak: (typeof speaks)[number], options?: LoggingOptions, ...inside: Array<Middleware>) => {
  const seen: Array<any> = []
  const served = (watched(logging(options), ...inside) as any).provide(logsTo(seen))
  const peer = await peerOf(served, speak)
  seen.length = 0
  return { ...peer, records: () => seen.filter((one) => one.callId !== undefined), all: seen }
}

describe.each(speaks)("logging, on %s", (speak) => {
  const era = speak === "sessionless" ? "sessionless" : "handshake"
  const revision = speak === "sessionless" ? "2026-07-28" : speak
  const common = { callId: id, round: 0, last: true, era, revision, principal: "anonymous" }

  it("logs one record a request, with how it ended and how long it took", async () => {
    const { wire, clock, records } = await logged(speak)
    await wire.call("add", { a: 1 })
    const slow = wire.call("slow")
    await clock.adjust("3 seconds")
    await slow
    await wire.request("tools/list")
    await wire.request("resources/read", { uri: "note://7" })
    expect(records()).toEqual([
      {
        level: "Info",
        message: "tools/call add: complete",
        method: "tools/call",
        name: "add",
        outcome: "complete",
        millis: 0,
        ...common
      },
      {
        level: "Info",
        message: "tools/call slow: complete",
        method: "tools/call",
        name: "slow",
        outcome: "complete",
        millis: 3000,
        ...common
      },
      {
        level: "Info",
        message: "tools/list: complete",
        method: "tools/list",
        outcome: "complete",
        millis: 0,
        ...common
      },
      {
        level: "Info",
        message: "resources/read note://7: complete",
        method: "resources/read",
        name: "note://7",
        outcome: "complete",
        millis: 0,
        ...common
      }
    ])
  })

  it("logs errors with the message that the client sees, and never what is masked", async () => {
    const { wire, records } = await logged(speak)
    await wire.call("sad")
    const { content } = await wire.call("broken")
    const { error } = await wire.request("prompts/get", { name: "closed" })
    expect(records().map(({ level, outcome, error }) => [level, outcome, error])).toEqual([
      ["Warn", "error", "too sad"],
      ["Warn", "error", content[0].text],
      ["Warn", "error", error.message]
    ])
    expect(content[0].text).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
  })

  it("logs what a hook inside refuses, and a hook that breaks as an internal error", async () => {
    const refused = await logged(speak, {}, refusing("request", new PublicError("not today")))
    expect((await refused.wire.request("tools/list")).error.message).toBe("not today")
    expect(refused.records()).toMatchObject([{ outcome: "error", error: "not today" }])
    const broken = await logged(speak, {}, middleware(() => Effect.succeed({ made: "up" } as never)) as Middleware)
    await broken.wire.request("tools/list")
    expect(broken.records()).toMatchObject([{ outcome: "error", error: "Internal error" }])
  })

  it("logs a call whose client went away as interrupted", async () => {
    const { wire, records, all } = await logged(speak)
    void wire.call("hang").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    if (speak === "sessionless") wire.leave()
    else wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await untilLength(all, 1)
    expect(records()).toMatchObject([{ name: "hang", outcome: "interrupted", last: true, level: "Info" }])
  })

  it("logs only the methods it is told to", async () => {
    const { wire, records } = await logged(speak, { methods: ["tools/list"] })
    await wire.call("add", { a: 1 })
    await wire.request("tools/list")
    expect(records().map(({ method }) => method)).toEqual(["tools/list"])
  })

  it("shows payloads when asked, cut and redacted, without what the protocol adds", async () => {
    const options = { payloads: true, maxPayload: 20, redact: (value: unknown) => redacted(value) }
    const { wire, records } = await logged(speak, options)
    await wire.call("add", { a: 1 })
    await wire.call("sad")
    expect(records()).toMatchObject([
      { params: `{"name":"add","argum… (14 more characters)`, result: `{"content":[{"type":… (20 more characters)` },
      { params: `{"name":"***","argum… (9 more characters)`, error: "too ***" }
    ])
  })

  it("lets no client begin a line of its own with what it asks for", async () => {
    const { wire, records } = await logged(speak)
    await wire.request("resources/read", { uri: `note://1\nERROR \u202e\u2028${"x".repeat(300)}` })
    const [{ message, name }] = records()
    expect(message).toBe(`resources/read note://1\\u{a}ERROR \\u{202e}\\u{2028}${"x".repeat(182)}…: error`)
    expect(name).toContain("\n")
  })

  it("logs to the client in the level it was given, and not what the client does not want", async () => {
    const { wire, all } = await logged(speak, { to: "client", level: "notice", errorLevel: "critical" })
    const meta = { "io.modelcontextprotocol/logLevel": "notice" }
    if (speak === "sessionless") {
      await wire.call("add", { a: 1 })
      expect(wire.received.some(({ method }) => method === "notifications/message")).toBe(false)
    } else await wire.request("logging/setLevel", { level: "notice" })
    await wire.call("add", { a: 1 }, meta)
    await wire.call("sad", {}, meta)
    const messages = wire.received.filter(
      ({ method, params }) => method === "notifications/message" && params.data.name
    )
    expect(messages.map(({ params }) => params)).toMatchObject([
      { level: "notice", logger: "requests", data: { name: "add", outcome: "complete", millis: 0 } },
      { level: "critical", logger: "requests", data: { name: "sad", outcome: "error", error: "too sad" } }
    ])
    expect(all.filter(({ callId }) => callId)).toEqual([])
  })

  it("knows a mounted tool by the name of the server it was written on", async () => {
    const seen: Array<any> = []
    const child = server(info("child"))
      .add(...components)
      .use(logging())
    const root = server(info("root")).mount("c", child).use(logging()).provide(logsTo(seen))
    const { wire } = await peerOf(root, speak)
    seen.length = 0
    await wire.call("c_add", { a: 1 })
    expect(seen.map(({ name }) => name)).toEqual(["add", "c_add"])
    expect(seen[0].callId).toBe(seen[1].callId)
  })
})

const redacted = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll("sad", "***"))

describe("logging of a call that asks twice", () => {
  it("has a record of each round on 2026-07-28, of which one says that it is the last", async () => {
    const { wire, records } = await logged("sessionless", { methods: ["tools/call"], payloads: true })
    expect((await driveTool(wire, "twice")).text).toBe("true true")
    expect(records().map(({ round, last, outcome }) => [round, last, outcome])).toEqual([
      [0, false, "paused"],
      [1, false, "paused"],
      [2, true, "complete"]
    ])
    expect(new Set(records().map(({ callId }) => callId)).size).toBe(1)
    expect(records().some(({ params }) => params.includes("requestState"))).toBe(false)
  })

  it('has one record with `once: "call"`, and one in any case where the server asks by itself', async () => {
    const { wire, records } = await logged("sessionless", { once: "call", methods: ["tools/call"] })
    await driveTool(wire, "twice")
    expect(records()).toMatchObject([{ round: 2, outcome: "complete" }])
    const handshake = await logged("2025-11-25")
    const call = handshake.wire.call("twice")
    await sayYes(handshake.wire, 0)
    await sayYes(handshake.wire, 1)
    await call
    expect(handshake.records()).toMatchObject([{ round: 0, last: true, outcome: "complete" }])
  })
})

describe("logging", () => {
  it("writes no payload for a level that nobody sees", async () => {
    let written = 0
    const redact = (value: unknown) => {
      written++
      return value
    }
    const { wire } = await peerOf(watched(logging({ level: "debug", payloads: true, redact })), "sessionless")
    await wire.call("add", { a: 1 })
    expect(written).toBe(0)
  })

  it.each<[LoggingOptions, string]>([
    [
      { level: "warn" as never },
      `logging: level is "warn"; use "debug", "info", "notice", "warning", "error", "critical", "alert" or "emergency".`
    ],
    [{ maxPayload: 0 }, "logging: maxPayload is 0; use an integer from 1 to 1000000, in characters."],
    [{ to: "stdout" as never }, `logging: to is "stdout"; use "stderr" or "client".`],
    [{ methods: [] }, `logging: methods is []; use an array of MCP methods, such as ["tools/call"].`],
    [{ payloads: 1 as never }, "logging: payloads is 1; use true or false."],
    [{ redact: {} as never }, "logging: redact is {}; use a function."],
    [
      { payload: true } as never,
      `logging: there is no option "payload"; there are to, once, level, errorLevel, methods, payloads, maxPayload, redact.`
    ],
    [
      null as never,
      "logging: pass a record of options: to, once, level, errorLevel, methods, payloads, maxPayload, redact."
    ]
  ])("refuses %j", (options, message) => {
    expect(() => logging(options)).toThrow(new DefinitionError(message))
  })
})

describe("a payload", () => {
  it("is cut where neither a character nor an escape is split, and says how much is missing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 40 }), (value, max) => {
        const text = JSON.stringify(value)
        const shown = cut(text, max)
        if (text.length <= max) {
          expect(shown).toBe(text)
          return
        }
        const [, kept, missing] = /^([\s\S]*)… \((\d+) more characters\)$/.exec(shown)!
        expect(text.startsWith(kept!)).toBe(true)
        expect(kept!.length + Number(missing)).toBe(text.length)
        expect(kept!.length).toBeGreaterThan(max - 6)
        if (kept !== "") expect(value.startsWith(JSON.parse(`${kept}"`))).toBe(true)
      }),
      { numRuns: 2_000 }
    )
    expect(cut('"\\\\\\\\n"', 4)).toBe('"\\\\… (4 more characters)')
  })

  it("of megabytes costs no more of the log than a small one", () => {
    expect(payloadWriter(10, undefined)({ text: "x".repeat(5_000_000) })).toBe(`{"text":"x… (5000001 more characters)`)
  })

  it("that cannot be redacted or written is not shown at all, and redacting cannot change the original", () => {
    const throws = payloadWriter(10, () => {
      throw new Error("no")
    })
    expect(throws({ secret: 1 })).toBe("(not shown: redact threw)")
    expect(payloadWriter(10, undefined)(1n)).toBe("(not shown: it is not JSON)")
    const original = { secret: 1 }
    expect(payloadWriter(100, (value: any) => Object.assign(value, { secret: "***" }))(original)).toBe(
      '{"secret":"***"}'
    )
    expect(original).toEqual({ secret: 1 })
  })
})
