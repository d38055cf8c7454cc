import { AskRefused, Effect, Elicitation, Progress, Sampling, server, Session, tool, UnknownSession } from "mcpipe"
import * as v from "valibot"
import { expect, it, vi } from "vitest"
import { drive, driveTool, yes } from "../kit/rounds.ts"
import { connectWire, envelope, gate } from "../kit/wire.ts"

const info = { name: "depth", version: "1.0.0" }
const everything = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} }
const asking = { capabilities: everything }

/** A model that uses the first tool it is shown, once in each conversation, and then says what it heard. */
const model = ({ params }: { readonly params: any }) =>
  params.tools !== undefined && params.messages.length === 1
    ? {
        role: "assistant",
        model: "m",
        stopReason: "toolUse",
        content: [{ type: "tool_use", id: "u", name: params.tools[0].name, input: {} }]
      }
    : {
        role: "assistant",
        model: "m",
        content: {
          type: "text",
          text: JSON.stringify(params.messages.at(-1).content).match(/leaf said \w+/)?.[0] ?? "?"
        }
      }

it("a tool of a model's that lets a model use a tool that asks comes to its end", async () => {
  const leaf = tool({ name: "leaf" }, function* () {
    return `leaf said ${yield* Elicitation.text("Who?")}`
  })
  const mid = tool({ name: "mid" }, async (_, { sample }) => (await sample.run({ prompt: "in", tools: [leaf] })).text)
  const top = tool({ name: "top" }, async (_, { sample }) => (await sample.run({ prompt: "out", tools: [mid] })).text)
  await using wire = await connectWire(server(info).tool(top), asking)
  const answer = (question: any) =>
    question.method === "sampling/createMessage" ? model(question) : { action: "accept", content: { value: "Ada" } }
  expect((await driveTool(wire, "top", answer)).text).toBe("leaf said Ada")
})

it("a timeout stands still only once the client has been asked, and not while a step runs beside the question", async () => {
  const hang = tool({ name: "hang", timeout: 50 }, async (_, { elicit, step }) => {
    const [sure] = await Promise.all([elicit.confirm("Sure?"), step("slow", () => new Promise(() => {}))])
    return `${sure}`
  })
  await using wire = await connectWire(server(info).tool(hang), asking)
  expect(await wire.text("hang")).toMatch(/timed out after 50 ms/)
})

it("messages told beside a question are told once, however often the handler runs again", async () => {
  const both = tool({ name: "both" }, function* () {
    const beside = Progress.track([1, 2, 3], (n) => Effect.promise(async () => n))
    yield* Effect.all([Elicitation.confirm("First?"), beside], { concurrency: "unbounded" })
    yield* Elicitation.confirm("Second?")
    yield* Progress.report(4)
    return "done"
  })
  const logs = tool({ name: "logs" }, async (_, { elicit, log }) => {
    const beside = async () => {
      await Promise.resolve()
      await log.warning("beside")
    }
    await Promise.all([elicit.confirm("First?"), beside()])
    await log.warning("beside")
    await elicit.confirm("Second?")
    return "done"
  })
  await using wire = await connectWire(server(info).add(both, logs), asking)
  const _meta = envelope(everything, { progressToken: "p", "io.modelcontextprotocol/logLevel": "debug" })
  for (const name of ["both", "logs"]) {
    const { result } = await drive(wire, "tools/call", { name, arguments: {}, _meta }, yes)
    expect(result.content[0].text).toBe("done")
  }
  const told = wire.received.filter((message) => message.method !== undefined).map(({ params }) => params)
  expect(told.map(({ progress, data }) => progress ?? data)).toEqual([1, 2, 3, 4, "beside", "beside"])
})

it.each([
  { action: "agree" },
  // what a journal keeps of such a client
  { "~mcpipe/noAnswer": true }
])("a client that answers with %j, which is no answer, is asked three times, and then has refused", async (given) => {
  const odd = tool({ name: "odd" }, async (_, { elicit }) => {
    try {
      return `${await elicit.confirm("Sure?")}`
    } catch (error) {
      const again = await elicit.confirm("Really?")
      return `${error instanceof AskRefused} ${again}`
    }
  })
  await using wire = await connectWire(server(info).tool(odd), asking)
  const answer = ({ params }: any) => (params.message === "Sure?" ? given : yes())
  const { rounds, text } = await driveTool(wire, "odd", answer)
  expect([rounds.length, text]).toEqual([4, "true true"])
})

it("a request to the model that JSON cannot tell fails its call on every revision", async () => {
  const lossy = tool({ name: "lossy" }, async (_, { sample }) =>
    sample("Hi", { metadata: { seen: new Map([["a", 1]]) } })
  )
  const never = tool({ name: "never" }, async (_, { sample }) => sample("Hi", { metadata: { at: 1n } }))
  for (const speak of ["sessionless", "2025-11-25"] as const) {
    await using wire = await connectWire(server(info).add(lossy, never), { ...asking, speak, dev: true })
    expect(await wire.text("lossy")).toContain("$.metadata.seen is a Map; return Object.fromEntries(map)")
    expect(await wire.text("never")).toMatch(
      /sampling\/createMessage cannot be sent: its params are not JSON: .*\$\.metadata\.at/
    )
    expect(wire.received.filter(({ method }) => method === "sampling/createMessage")).toEqual([])
  }
})

it("a log level that a client sets while a call runs counts from then on", async () => {
  const set = gate()
  const chatty = tool({ name: "chatty" }, async (_, { log }) => {
    await log.info("before")
    await set.opened
    await log.info("after")
    await log.error("failed")
    return "done"
  })
  await using wire = await connectWire(server(info).tool(chatty), { speak: "2025-11-25" })
  const done = wire.call("chatty")
  await wire.next(({ params }) => params?.data === "before")
  await wire.request("logging/setLevel", { level: "error" })
  set.open()
  await done
  const told = wire.received.filter(({ method }) => method === "notifications/message")
  expect(told.map(({ params }) => params.data)).toEqual(["before", "failed"])
})

it("a handler that asks in one round and not in the next is told of in the log", async () => {
  let run = 0
  const odd = tool({ name: "odd" }, async (_, { elicit }) =>
    run++ === 0 ? `${await elicit.confirm("Sure?")}` : "done"
  )
  const log = vi.spyOn(console, "error").mockImplementation(() => {})
  await using wire = await connectWire(server(info).tool(odd), asking)
  expect((await driveTool(wire, "odd")).text).toBe("done")
  expect(log.mock.calls.join("\n")).toMatch(/tool "odd": The handler has ended without asking .*\(Sure\?\)/)
})

it("a failure of a session's own keeps its class through a step", async () => {
  const open = tool({ name: "open" }, async (_, { step, run }) => {
    try {
      return await step("open", () => run(Session.open("nobody's")))
    } catch (error) {
      return `${error instanceof UnknownSession}`
    }
  })
  await using wire = await connectWire(server(info).tool(open), asking)
  expect(await wire.text("open")).toBe("true")
})

it("a page that is visited after its call has ended is told of over the session", async () => {
  let complete: (() => Promise<void>) | undefined
  const page = tool({ name: "page" }, async (_, { elicit }) => {
    const visit = await elicit.url("Sign in", "https://example.com/in")
    complete = visit.complete
    return visit.elicitationId
  })
  await using wire = await connectWire(server(info).tool(page), { ...asking, speak: "2025-11-25" })
  const done = wire.call("page")
  const ask = await wire.next(({ method }) => method === "elicitation/create")
  wire.send({ jsonrpc: "2.0", id: ask.id, result: { action: "accept" } })
  const { content } = await done
  await complete!()
  const { params } = await wire.next(({ method }) => method === "notifications/elicitation/complete")
  expect(params).toEqual({ elicitationId: content[0].text })
})

it("a client that only visits URLs is told that forms are missing", async () => {
  const sure = tool({ name: "sure" }, async (_, { elicit }) => `${await elicit.confirm("Sure?")}`)
  await using wire = await connectWire(server(info).tool(sure), { capabilities: { elicitation: { url: {} } } })
  const { error } = await wire.request("tools/call", { name: "sure", arguments: {} })
  expect([error.code, error.data]).toEqual([-32021, { requiredCapabilities: { elicitation: { form: {} } } }])
})

it("a key that looks like the second try of another one is a key of its own", async () => {
  const place = v.object({ city: v.string() })
  const twice = tool({ name: "twice" }, function* () {
    const { city } = yield* Sampling.object("Where?", place, { key: "k" })
    return `${city} ${yield* Sampling.text("And?", { key: "k.2" })}`
  })
  await using wire = await connectWire(server(info).tool(twice), asking)
  const texts = ["nowhere", '{"city":"Oslo"}', "Bergen"]
  const answer = () => ({ role: "assistant", model: "m", content: { type: "text", text: texts.shift() } })
  expect((await driveTool(wire, "twice", answer)).text).toBe("Oslo Bergen")
})
