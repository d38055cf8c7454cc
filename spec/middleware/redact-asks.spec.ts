import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import {
  ClientLog,
  Durable,
  Effect,
  Elicitation,
  middleware,
  Progress,
  prompt,
  resource,
  Sampling,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { redact } from "../../lib/middleware/redact.ts"
import { accept, connect } from "../../lib/testing/index.ts"
import { driveTool } from "../kit/rounds.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const info = { name: "told", version: "1.0.0" }
const mail = "ann@x.org"
const hide = redact({ patterns: ["email"], fields: ["**.pin"] })
const asking = { capabilities: { elicitation: { form: {}, url: {} }, sampling: {} } }
const eras = ["sessionless", "2025-11-25"] as const

const told = (wire: Wire, method: string) =>
  wire.received.filter((message) => message.method === `notifications/${method}`).map(({ params }) => params)

/** Calls a tool and answers what it asks, however that travels; gives the questions' params and the text. */
const called = async (wire: Wire, speak: (typeof eras)[number], name: string, answer: () => unknown) => {
  if (speak === "sessionless") {
    const { rounds, text } = await driveTool(wire, name, answer)
    return { asked: rounds.flatMap((round) => Object.values(round).map(({ params }) => params)), text }
  }
  const from = wire.received.length
  const done = wire.text(name)
  const asked: Array<any> = []
  let open = true
  void done.finally(() => {
    open = false
  })
  while (open) {
    const seen = asked.length
    const next = await Promise.race([
      done,
      wire.next(
        (message) =>
          message.method !== undefined &&
          message.id !== undefined &&
          wire.received.indexOf(message) >= from + seen &&
          !asked.includes(message)
      )
    ])
    if (typeof next === "string") break
    asked.push(next)
    wire.send({ jsonrpc: "2.0", id: next.id, result: answer() })
  }
  return { asked: asked.map(({ params }) => params), text: await done }
}

describe.each(eras)("while a call runs, redact, spoken to in %s,", (speak) => {
  it("redacts progress messages, in one row of values with what middleware around it reports", async () => {
    const outer = middleware({
      callTool: function* (next, call) {
        yield* Progress.report(1, 10, mail)
        const made = yield* next(call)
        yield* Progress.increment(1, "after")
        return made
      }
    })
    const t = tool({ name: "t" }, async (_, { progress, run }) => {
      await progress(0.5, 10, "left out: less than before")
      await progress(2, 10, `doing ${mail}`)
      await run(Progress.increment(1, mail))
      return ""
    })
    await using wire = await connectWire(server(info).use(outer).use(hide).tool(t), { speak })
    await wire.call("t", {}, { progressToken: 7 })
    expect(told(wire, "progress").map(({ progress, total, message }) => [progress, total, message])).toEqual([
      [1, 10, mail],
      [2, 10, "doing [redacted]"],
      [3, 10, "[redacted]"],
      [4, 10, "after"]
    ])
  })

  it("redacts log messages, and log lines that are forwarded", async () => {
    const t = tool({ name: "t" }, function* () {
      yield* ClientLog.info({ by: mail, pin: 1 }, `part ${mail}`)
      yield* Effect.logInfo("logged", mail)
      return ""
    })
    const s = server(info).use(hide).tool(t).provide(ClientLog.forward).provide(Logger.layer([]))
    await using wire = await connectWire(s, { speak })
    if (speak !== "sessionless") await wire.request("logging/setLevel", { level: "debug" })
    await wire.call("t", {}, { "io.modelcontextprotocol/logLevel": "debug" })
    expect(told(wire, "message").map(({ data, logger }) => [data, logger])).toEqual([
      [{ by: "[redacted]", pin: "[redacted]" }, "part [redacted]"],
      [{ message: ["logged", "[redacted]"] }, undefined]
    ])
  })

  it("redacts what the user is asked, and reads the answers as they are", async () => {
    const t = tool({ name: "t" }, function* () {
      const first = yield* Elicitation.form(`Is ${mail} yours?`, {
        to: v.optional(v.pipe(v.string(), v.title(`instead of ${mail}`), v.description(mail)), mail),
        pin: v.optional(v.string(), "1234"),
        size: v.optional(v.picklist(["s", "m"]), "m")
      })
      const chosen = yield* Elicitation.choose("Which?", [{ value: "a1", title: mail }])
      return JSON.stringify([first.to, chosen])
    })
    const answers = [{ to: "bob at home", pin: "9", size: "s" }, { choice: "a1" }]
    let at = 0
    // rounds of a call answer in order, so that each question is answered once
    const answer = () => ({ action: "accept", content: answers[at++] })
    await using wire = await connectWire(server(info).use(hide).tool(t), { speak, ...asking })
    const { asked, text } = await called(wire, speak, "t", answer)
    expect(asked).toHaveLength(2)
    expect(asked[0].message).toBe("Is [redacted] yours?")
    expect(asked[0].requestedSchema.properties).toEqual({
      to: { type: "string", title: "instead of [redacted]", description: "[redacted]" },
      pin: { type: "string" },
      size: { type: "string", enum: ["s", "m"], default: "m" }
    })
    expect(JSON.stringify(asked[1])).toContain('"title":"[redacted]"')
    expect(JSON.stringify(asked)).not.toContain(mail)
    expect(text).toBe(`["bob at home","a1"]`)
  })

  it("refuses a question whose choices would have to change, in words for the log", async () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause }) => void logged.push(Cause.pretty(cause)))
    const s = server(info)
      .use(hide)
      .tool(tool({ name: "t" }, () => Elicitation.choose("Which?", [mail, "none"])))
      .provide(Logger.layer([logger]))
    await using wire = await connectWire(s, { speak, ...asking })
    expect(await wire.text("t")).toMatch(/^Internal error/)
    expect(wire.received.some((message) => JSON.stringify(message).includes(mail))).toBe(false)
    expect(logged.join()).toContain(`redact: a choice of the question's field "choice" is to be redacted`)
  })

  it("redacts what the client's model is told", async () => {
    const t = tool({ name: "t" }, () =>
      Sampling.text([`{"pin":1}`, { role: "assistant", content: mail }, { role: "user", content: "Go on." }] as never, {
        system: `You serve ${mail}.`
      })
    )
    await using wire = await connectWire(server(info).use(hide).tool(t), { speak, ...asking })
    const answer = () => ({ role: "assistant", model: "m", content: { type: "text", text: `To ${mail}` } })
    const { asked, text } = await called(wire, speak, "t", answer)
    expect(asked[0].systemPrompt).toBe("You serve [redacted].")
    expect(asked[0].messages.map(({ content }: any) => [content].flat()[0].text)).toEqual([
      `{"pin":"[redacted]"}`,
      "[redacted]",
      "Go on."
    ])
    expect(text).toBe("To [redacted]")
  })

  it("leaves URLs that have to be visited as they are, and redacts the words about them", async () => {
    const t = tool({ name: "t" }, () =>
      Effect.as(Elicitation.url(`For ${mail}`, "https://pay.example/?for=ann@x.org"), "")
    )
    await using wire = await connectWire(server(info).use(hide).tool(t), { speak, ...asking })
    const { asked } = await called(wire, speak, "t", () => ({ action: "accept" }))
    expect(asked[0]).toMatchObject({ message: "For [redacted]", url: "https://pay.example/?for=ann@x.org" })
  })

  it("redacts in resources and prompts that ask", async () => {
    const s = server(info)
      .use(hide)
      .resource(resource({ uri: "x://y" }, () => Effect.as(Effect.ignore(Elicitation.confirm(mail)), mail)))
      .prompt(prompt({ name: "p" }, () => Effect.as(Effect.ignore(Elicitation.confirm(mail)), mail)))
    await using wire = await connectWire(s, { speak, ...asking })
    const read = wire.request("resources/read", { uri: "x://y" })
    const got = wire.request("prompts/get", { name: "p" })
    if (speak === "sessionless") {
      for (const answer of [await read, await got]) {
        const [question] = Object.values<any>(answer.result.inputRequests)
        expect(question.params.message).toBe("[redacted]")
      }
      return
    }
    for (let n = 0; n < 2; n++) {
      const asks = () => wire.received.filter((message) => message.method === "elicitation/create")
      await wire.next(() => asks().length > n)
      expect(asks()[n].params.message).toBe("[redacted]")
      wire.send({ jsonrpc: "2.0", id: asks()[n].id, result: { action: "accept", content: { ok: true } } })
      if (n === 0) await Promise.race([read, got])
    }
    expect((await read).result.contents[0].text).toBe("[redacted]")
    expect((await got).result.messages[0].content.text).toBe("[redacted]")
  })
})

describe("redact, over several rounds,", () => {
  it("asks the same each time, tells everything once and runs steps once", async () => {
    let runs = 0
    let steps = 0
    const t = tool({ name: "t" }, function* () {
      runs++
      yield* Progress.report(1, 2, mail)
      const kept = yield* Durable.step(
        "once",
        Effect.sync(() => `${mail} ${++steps}`)
      )
      const a = yield* Elicitation.confirm(`First, ${mail}?`)
      yield* Progress.report(2, 2, `${mail} ${kept}`)
      const b = yield* Elicitation.confirm(`Then, ${mail}?`)
      if (!a || !b) return yield* Effect.fail(new ToolError(mail))
      return kept === `${mail} 1` ? `the step's own value, ${mail}` : "lost"
    })
    await using wire = await connectWire(server(info).use(hide).tool(t), {
      ...asking,
      assemble: { checkDeterminism: true }
    })
    const request = (method: string, params: object = {}) =>
      wire.request(method, { ...params, _meta: { progressToken: 1 } })
    const { messages, text } = await driveTool({ request }, "t")
    expect(messages).toEqual([["First, [redacted]?"], ["Then, [redacted]?"]])
    expect(text).toBe("the step's own value, [redacted]")
    expect([runs >= 3, steps]).toEqual([true, 1])
    expect(told(wire, "progress").map(({ message }) => message)).toEqual(["[redacted]", "[redacted] [redacted] 1"])
  })

  it("lets time stand still for a tool's timeout while the user thinks", async () => {
    const t = tool({ name: "t", timeout: 30 }, function* () {
      return `${yield* Elicitation.confirm(mail)}`
    })
    const thinking = () => Effect.as(Effect.sleep("5 minutes"), accept({ ok: true }))
    await using client = await connect(server(info).use(hide).tool(t), {
      era: "handshake",
      clock: "virtual",
      elicitation: thinking
    })
    const call = client.call(t)
    await client.clock.adjust("2 hours")
    expect(await call).toBe("true")
  })
})
