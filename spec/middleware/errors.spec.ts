import {
  Context,
  DefinitionError,
  Effect,
  Elicitation,
  Layer,
  type Middleware,
  PublicError,
  prompt,
  resource,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as Cause from "effect/Cause"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it, vi } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { errors, type ErrorsOptions, type FailureReport } from "../../lib/middleware/errors.ts"
import { driveTool } from "../kit/rounds.ts"
import { connectWire, gate } from "../kit/wire.ts"
import { info, logsTo, peerOf, refusing, speaks } from "./observed.ts"

class Busy extends Error {
  override readonly name = "Busy"
}
class Declared extends Error {}

const busy = () => {
  throw new Busy("queue 7 is full")
}

/** Components that fail in every way, behind errors. */
const failing = [
  tool({ name: "busy" }, busy),
  tool({ name: "sad" }, () => Effect.fail(new ToolError("too sad"))),
  tool({ name: "closed" }, () => Promise.reject(new PublicError("closed today"))),
  tool({ name: "declared", errors: [Declared] }, () => {
    throw new Declared("declared")
  }),
  tool({ name: "returned" }, () => result({ content: [], isError: true })),
  tool({ name: "add", input: { a: v.number() } }, ({ a }) => a + 1),
  tool({ name: "asks" }, () => Elicitation.confirm("Sure?")),
  tool({ name: "asks_fails" }, function* () {
    yield* Elicitation.confirm("Sure?")
    return busy()
  }),
  tool({ name: "hang" }, () => Effect.never),
  resource({ uri: "busy://{id}", params: { id: v.pipe(v.string(), v.maxLength(3)) } }, busy),
  prompt({ name: "busy", args: { a: v.string() }, complete: { a: busy } }, busy)
] as const

const behind = async (speak: (typeof speaks)[number], options: ErrorsOptions<any>, ...inside: Array<Middleware>) => {
  const logs: Array<any> = []
  const first = server(info())
    .add(...failing)
    .use(errors(options) as Middleware)
  const served = inside.reduce<any>((s, one) => s.use(one), first).provide(logsTo(logs))
  return { ...(await peerOf(served, speak)), logs }
}

const masked = expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/)
const mapBusy = (error: unknown) => (error instanceof Busy ? new PublicError("Try later.", { code: 7 }) : undefined)

const completeBusy = {
  ref: { type: "ref/prompt", name: "busy" },
  argument: { name: "a", value: "" }
}

describe.each(speaks)("errors, on %s", (speak) => {
  it("maps failures of tools, resources, prompts and completions, and no others", async () => {
    const { wire } = await behind(speak, { map: mapBusy })
    expect(await wire.call("busy")).toMatchObject({ isError: true, content: [{ text: "Try later." }] })
    const mapped = { code: 7, message: "Try later." }
    expect((await wire.request("resources/read", { uri: "busy://1" })).error).toEqual(mapped)
    expect((await wire.request("prompts/get", { name: "busy", arguments: { a: "x" } })).error).toEqual(mapped)
    expect((await wire.request("completion/complete", completeBusy)).error).toEqual(mapped)
    expect(await wire.text("sad")).toBe("too sad")
    expect(await wire.text("add", { a: 1 })).toBe("2")
  })

  it("without options changes nothing that a client sees", async () => {
    const { wire } = await behind(speak, {})
    expect(await wire.text("busy")).toEqual(masked)
    expect(await Promise.all(["sad", "closed", "declared"].map((name) => wire.text(name)))).toEqual([
      "too sad",
      "closed today",
      "declared"
    ])
    expect((await wire.request("resources/read", { uri: "busy://1" })).error).toEqual({ code: -32603, message: masked })
  })

  it.each([
    ["tool", [masked, "too sad", masked, masked]],
    ["none", [masked, masked, masked, masked]],
    [(error: unknown) => error instanceof Busy, ["queue 7 is full", masked, masked, masked]]
  ] as const)("with show: %s lets clients read these messages alone", async (show, messages) => {
    const { wire, logs } = await behind(speak, { show })
    const names = ["busy", "sad", "closed", "declared"]
    const results = []
    for (const name of names) results.push(await wire.call(name))
    expect(results.map(({ isError, content }) => [isError, content[0].text])).toEqual(
      messages.map((one) => [true, one])
    )
    const reference = /[0-9a-f]{8}/.exec(results[2].content[0].text)![0]
    expect(logs.find(({ message }) => message.includes(reference)).cause).toContain("closed today")
    if (typeof show === "function") return
    expect(await wire.text("add", { a: "x" })).toContain("Invalid arguments")
    expect((await wire.request("resources/read", { uri: "busy://long" })).error.message).toContain("Invalid variables")
  })

  it("says what it is told to instead of a hidden message, and logs the cause under the same reference", async () => {
    const reports: Array<FailureReport> = []
    const { wire, logs } = await behind(speak, {
      hidden: (reference) => `Something broke. Tell us ${reference}.`,
      onError: (_, report) => void reports.push(report)
    })
    const [, reference] = /^Something broke\. Tell us ([0-9a-f]{8})\.$/.exec(await wire.text("busy"))!
    expect(reports).toMatchObject([
      {
        method: "tools/call",
        name: "busy",
        round: 0,
        hidden: true,
        reference,
        message: `Something broke. Tell us ${reference}.`
      }
    ])
    expect(logs.find(({ message }) => message === `tools/call busy failed (reference ${reference})`).cause).toContain(
      "queue 7 is full"
    )
    const { error } = await wire.request("prompts/get", { name: "busy", arguments: { a: "x" } })
    expect(error).toEqual({ code: -32603, message: `Something broke. Tell us ${reports[1]!.reference}.` })
  })

  it("reports each failure once with its cause, whatever the client reads", async () => {
    const seen: Array<unknown> = []
    const onError = async (cause: Cause.Cause<unknown>, report: FailureReport) => {
      const { method, name, hidden, message, error } = report
      seen.push([method, name, hidden, message, error === Cause.squash(cause)])
    }
    const { wire } = await behind(speak, { map: mapBusy, onError })
    for (const name of ["busy", "sad", "declared", "returned", "add"])
      await wire.call(name, name === "add" ? { a: 1 } : {})
    await wire.request("resources/read", { uri: "busy://1" })
    await wire.request("completion/complete", completeBusy)
    expect(seen).toEqual([
      ["tools/call", "busy", false, "Try later.", true],
      ["tools/call", "sad", false, "too sad", true],
      ["tools/call", "declared", false, "declared", true],
      ["resources/read", "busy://1", false, "Try later.", true],
      ["completion/complete", "busy", false, "Try later.", true]
    ])
  })

  it("handles what a request hook inside of it refuses, also for lists", async () => {
    const reports: Array<FailureReport> = []
    const options = { map: mapBusy, onError: (_: unknown, report: FailureReport) => void reports.push(report) }
    const { wire } = await behind(speak, options, refusing("request", new Busy("full")))
    for (const [method, params] of [
      ["tools/call", { name: "add", arguments: { a: 1 } }],
      ["tools/list", {}]
    ] as const) {
      expect((await wire.request(method, params)).error).toEqual({ code: 7, message: "Try later." })
    }
    expect(reports.slice(-2).map(({ method, name }) => [method, name])).toEqual([
      ["tools/call", "add"],
      ["tools/list", undefined]
    ])
  })

  it("goes on where reporting fails or takes too long, and logs that", async () => {
    const broken = await behind(speak, {
      onError: () => {
        throw new Error("no network")
      }
    })
    expect(await broken.wire.text("sad")).toBe("too sad")
    expect(broken.logs.at(-1)).toMatchObject({ message: "errors: onError failed to report a failure" })
    const { wire, clock, logs } = await behind(speak, { onError: () => Effect.never, timeout: 50 })
    const text = wire.text("sad")
    await clock.adjust("50 millis")
    expect(await text).toBe("too sad")
    expect(logs.at(-1).cause).toContain("onError took more than 50 ms.")
  })

  it("hides an error all the same where map or show throws, and logs that", async () => {
    const { wire, logs } = await behind(speak, {
      map: busy,
      show: () => {
        throw new Error("show broke")
      }
    })
    expect(await wire.text("sad")).toEqual(masked)
    const thrown = logs.filter(({ message }) => message.startsWith("errors: map or show threw"))
    expect(thrown).toHaveLength(2)
    const wrong = await behind(speak, { map: () => new Error("plain") as never })
    expect(await wrong.wire.text("sad")).toBe("too sad")
  })

  it("leaves a cancelled call alone", async () => {
    const reports: Array<unknown> = []
    const { wire } = await behind(speak, { onError: (_, report) => void reports.push(report) })
    void wire.call("hang").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    await wire.close()
    expect(reports).toEqual([])
  })

  it("works on a mounted server, under its own names", async () => {
    const reports: Array<FailureReport> = []
    const child = server(info("child"))
      .add(...failing)
      .use(errors({ map: mapBusy, onError: (_, report) => void reports.push(report) }))
    const { wire } = await peerOf(server(info("root")).tool(failing[0]).mount("c", child).provide(logsTo([])), speak)
    expect(await wire.text("c_busy")).toBe("Try later.")
    expect(await wire.text("busy")).toEqual(masked)
    expect(reports.map(({ name }) => name)).toEqual(["busy"])
  })
})

describe("errors around a call that asks", () => {
  it("leaves its questions alone, and reports the failure of its last round once", async () => {
    const reports: Array<FailureReport> = []
    const { wire } = await behind("sessionless", {
      show: "none",
      map: mapBusy,
      onError: (_, report) => void reports.push(report)
    })
    expect((await driveTool(wire, "asks")).text).toBe("true")
    expect(reports).toEqual([])
    expect((await driveTool(wire, "asks_fails")).text).toBe("Try later.")
    expect(reports).toMatchObject([{ name: "asks_fails", round: 1 }])
  })

  it("reports nothing of a run that only looks whether a call is deterministic", async () => {
    const reports: Array<FailureReport> = []
    const logs: Array<any> = []
    let runs = 0
    const counted = tool({ name: "counted" }, function* () {
      yield* Elicitation.confirm("Sure?")
      runs++
      return busy()
    })
    const served = server(info())
      .tool(counted)
      .use(errors({ hidden: (reference) => `See ${reference}.`, onError: (_, report) => void reports.push(report) }))
      .provide(logsTo(logs))
    const options = { capabilities: { elicitation: {} }, assemble: { checkDeterminism: true } }
    await using wire = await connectWire(served, options)
    expect((await driveTool(wire, "counted")).text).toBe(`See ${reports[0]!.callId.slice(0, 8)}.`)
    await wire.close()
    expect([runs, reports.length]).toEqual([2, 1])
    expect(logs.map(({ message }) => message)).toEqual([
      `tools/call counted failed (reference ${reports[0]!.reference})`
    ])
  })

  it("leaves alone that a client cannot be asked", async () => {
    const map = vi.fn(() => new PublicError("mapped"))
    const served = server(info())
      .add(...failing)
      .use(errors({ show: "none", map }))
    await using wire = await connectWire(served)
    const { error } = await wire.request("tools/call", { name: "asks", arguments: {} })
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: {} } } })
    expect(map).not.toHaveBeenCalled()
  })
})

describe("errors", () => {
  it("catches a schema that throws as soon as it is called", async () => {
    const reports: Array<unknown> = []
    const schema = v.pipe(v.string(), v.transform(busy as () => string))
    const odd = tool({ name: "odd", input: { a: schema } }, () => "never")
    const served = server(info())
      .tool(odd)
      .use(errors({ map: mapBusy, onError: (_, { error }) => void reports.push(error) }))
    await using wire = await connectWire(served)
    expect(await wire.text("odd", { a: "x" })).toBe("Try later.")
    expect(reports).toEqual([expect.any(Busy)])
  })

  it("waits for a report before it answers", async () => {
    const held = gate()
    const seen: Array<string> = []
    const onError = () => held.opened.then(() => seen.push("reported"))
    await using wire = await connectWire(
      server(info())
        .add(...failing)
        .use(errors({ onError }))
    )
    const answered = wire.text("sad").then(() => seen.push("answered"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([])
    held.open()
    await answered
    expect(seen).toEqual(["reported", "answered"])
  })

  it("shows the services of onError in its type, and finds them on its server", async () => {
    class Sentry extends Context.Service<Sentry, { readonly seen: Array<unknown> }>()("app/Sentry") {}
    const one = errors({
      *onError(_, { error }) {
        const { seen } = yield* Sentry
        seen.push(error)
      }
    })
    expectTypeOf(one).toEqualTypeOf<Middleware<never, ByLayer<Sentry>>>()
    expectTypeOf(errors()).toEqualTypeOf<Middleware<never, never>>()
    const seen: Array<unknown> = []
    const served = server(info())
      .add(...failing)
      .use(one)
      .provide(Layer.succeed(Sentry, { seen }))
      .provide(logsTo([]))
    await using wire = await connectWire(served)
    await wire.call("busy")
    expect(seen).toEqual([expect.any(Busy)])
  })

  it.each<[any, string]>([
    [{ show: "all" }, `errors: show is "all"; use "public", "tool", "none" or a function.`],
    [{ map: "busy" }, `errors: map is "busy"; use a function.`],
    [{ hidden: "Oops" }, `errors: hidden is "Oops"; use a function.`],
    [{ onError: 1 }, "errors: onError is 1; use a function."],
    [{ timeout: -1 }, "errors: timeout is -1; use an integer from 1 to 600000, in milliseconds."],
    [{ mask: true }, `errors: there is no option "mask"; there are map, show, hidden, onError, timeout.`]
  ])("refuses %j", (options, message) => {
    expect(() => errors(options)).toThrow(new DefinitionError(message))
  })
})
