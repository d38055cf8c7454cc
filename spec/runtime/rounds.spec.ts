import {
  Context,
  Durable,
  Effect,
  Elicitation,
  middleware,
  Prompt,
  prompt,
  RequestContext,
  resource,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { answersTo, drive, driveTool, numbered, yes } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"

const info = { name: "rounds", version: "1.0.0" }
const asking = { capabilities: { elicitation: {} } }
const form = { value: v.string() }

describe("questions", () => {
  it("asked at the same time share one round, whatever leads to each", async () => {
    const handler = tool({ name: "all" }, () =>
      Effect.map(
        Effect.all(
          [
            Elicitation.form("A", form),
            Effect.andThen(Effect.yieldNow, Elicitation.form("B", form)),
            Effect.andThen(
              Effect.promise(async () => 1),
              Elicitation.form("C", form)
            ),
            Effect.flatMap(Elicitation.form("D", form), ({ value }) => Elicitation.form(`D after ${value}`, form))
          ],
          { concurrency: "unbounded" }
        ),
        (all) => all.map(({ value }) => value).join()
      )
    )
    await using wire = await connectWire(server(info).tool(handler), asking)
    const { messages, text } = await driveTool(wire, "all", numbered)
    expect(messages.map((round) => [...round].sort())).toEqual([["A", "B", "C", "D"], ["D after answer 1"]])
    expect(text).toBe("answer 1,answer 1,answer 1,answer 2")
  })

  it("that are equal are asked each for itself", async () => {
    const twice = tool({ name: "twice" }, function* () {
      return `${yield* Elicitation.confirm("Again?")} ${yield* Elicitation.confirm("Again?")}`
    })
    await using wire = await connectWire(server(info).tool(twice), asking)
    const { messages, rounds, text } = await driveTool(wire, "twice", (_, __, round) => ({
      action: "accept",
      content: { ok: round === 1 }
    }))
    expect([messages, text]).toEqual([[["Again?"], ["Again?"]], "true false"])
    expect(Object.keys(rounds[0]!)[0]).not.toBe(Object.keys(rounds[1]!)[0])
  })

  it("travel under the key they are given", async () => {
    const keyed = tool({ name: "keyed" }, async (_, { elicit }) => `${await elicit.confirm("Sure?", { key: "sure" })}`)
    await using wire = await connectWire(server(info).tool(keyed), asking)
    expect((await driveTool(wire, "keyed")).rounds).toEqual([
      {
        sure: {
          method: "elicitation/create",
          params: {
            mode: "form",
            message: "Sure?",
            requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] }
          }
        }
      }
    ])
  })

  it("are refused where two have one key, and where a key cannot be one", async () => {
    const two = tool({ name: "two" }, function* () {
      yield* Elicitation.confirm("A?", { key: "k" })
      return `${yield* Elicitation.confirm("B?", { key: "k" })}`
    })
    const odd = tool({ name: "odd" }, () => Effect.map(Elicitation.confirm("A?", { key: "a b" }), String))
    await using wire = await connectWire(server(info).add(two, odd), { ...asking, dev: true })
    expect((await driveTool(wire, "two")).text).toContain(
      'Two asks of this call have the key "k": a key names one ask, so give each a key of its own, such as `k-2`.'
    )
    expect((await driveTool(wire, "odd")).text).toContain('The key "a b" of an ask: use 1 to 128 letters')
  })

  it("left open are asked again alone; answers nobody asked for are ignored, and those given stay", async () => {
    const both = tool({ name: "both" }, () =>
      Effect.map(
        Effect.all([Elicitation.form("A", form, { key: "a" }), Elicitation.form("B", form, { key: "b" })], {
          concurrency: 2
        }),
        ([a, b]) => `${a.value} ${b.value}`
      )
    )
    await using wire = await connectWire(server(info).tool(both), asking)
    const call = (more: object) => wire.request("tools/call", { name: "both", arguments: {}, ...more })
    const accepted = (value: string) => ({ action: "accept", content: { value, more: "ignored" } })
    const first = (await call({})).result
    const second = (
      await call({ requestState: first.requestState, inputResponses: { a: accepted("one"), c: accepted("nobody") } })
    ).result
    expect(Object.keys(second.inputRequests)).toEqual(["b"])
    const third = (
      await call({ requestState: second.requestState, inputResponses: { a: accepted("changed"), b: accepted("two") } })
    ).result
    expect(third.content[0].text).toBe("one two")
  })

  it.each([
    ["a number", 7],
    ["null", null],
    ["no action", { content: { value: "x" } }],
    ["an unknown action", { action: "perhaps" }],
    ["content that is no object", { action: "accept", content: [1] }]
  ])("answered with %s are asked again", async (_, malformed) => {
    const ask = tool({ name: "ask" }, async (_, { elicit }) => (await elicit("A", form)).value)
    await using wire = await connectWire(server(info).tool(ask), asking)
    const { messages, text } = await driveTool(wire, "ask", (question, key, round) =>
      round === 1 ? malformed : numbered(question, key, round)
    )
    expect([messages, text]).toEqual([[["A"], ["A"]], "answer 2"])
  })

  it("may be answered along with the call, by a client that knows their keys", async () => {
    const ask = tool({ name: "ask" }, async (_, { elicit }) => {
      const { value } = await elicit("A", form, { key: "reason" })
      return `${value} ${(await elicit("B", form, { key: "b" })).value}`
    })
    await using wire = await connectWire(server(info).tool(ask), asking)
    const inputResponses = { reason: { action: "accept", content: { value: "known" } } }
    const first = await wire.request("tools/call", { name: "ask", arguments: {}, inputResponses })
    expect(Object.keys(first.result.inputRequests)).toEqual(["b"])
    const { requestState, inputRequests } = first.result
    const last = await wire.request("tools/call", {
      name: "ask",
      arguments: {},
      requestState,
      inputResponses: answersTo(inputRequests, (question, key) => numbered(question, key, 2))
    })
    expect(last.result.content[0].text).toBe("known answer 2")
  })

  it("end after maxRounds, and the log says so", async () => {
    const endless = tool({ name: "endless" }, async (_, { elicit }) => {
      for (let n = 1; ; n++) await elicit.confirm(`${n}?`)
    })
    await using wire = await connectWire(server(info).tool(endless), { ...asking, dev: true, maxRounds: 3 })
    const { messages, text } = await driveTool(wire, "endless")
    expect(messages).toEqual([["1?"], ["2?"], ["3?"]])
    expect(text).toContain(
      "The call has asked in 3 rounds, the most that maxRounds allows, and was to ask again: elicitation/create (4?)."
    )
  })

  it("can be asked while resources are read and prompts are made", async () => {
    const page = resource({ uri: "page://{name}" }, async ({ name }, { elicit }) =>
      (await elicit.confirm(`Show ${name}?`)) ? "shown" : "hidden"
    )
    const letter = prompt({ name: "letter", args: { to: v.string() } }, function* ({ to }) {
      const { value } = yield* Elicitation.form(`What to tell ${to}?`, form)
      return [Prompt.user(value)]
    })
    await using wire = await connectWire(server(info).add(page, letter), asking)
    const read = await drive(wire, "resources/read", { uri: "page://a" }, yes)
    expect(read.result.contents).toEqual([{ uri: "page://a", mimeType: "text/plain", text: "shown" }])
    const got = await drive(wire, "prompts/get", { name: "letter", arguments: { to: "Al" } }, numbered)
    expect(got.result.messages).toEqual([{ role: "user", content: { type: "text", text: "answer 1" } }])
    expect(got.rounds.length + read.rounds.length).toBe(2)
  })

  it.each([
    ["completions", { complete: { to: () => Effect.map(Elicitation.confirm("?"), () => []) } }],
    ["a request hook", { complete: { to: () => ["Al"] } }]
  ])("cannot be asked in %s", async (where, more) => {
    const letter = prompt({ name: "letter", args: { to: v.string() }, ...(more as {}) }, () => "text")
    const hook = middleware(function* (next) {
      if (where === "a request hook") yield* Elicitation.confirm("?")
      return yield* next
    })
    await using wire = await connectWire(server(info).prompt(letter).use(hook), { ...asking, dev: true })
    const { error } = await wire.request("completion/complete", {
      ref: { type: "ref/prompt", name: "letter" },
      argument: { name: "to", value: "" }
    })
    expect(error.message).toContain(
      "Elicitation.confirm asks the client, which is possible in tools, resources, prompts and the middleware inside of them"
    )
  })
})

describe("a handler that takes another path in a later round", () => {
  it("has failed, and the log names what it asked before, what it asks now and the fix", async () => {
    let run = 0
    const odd = tool({ name: "odd" }, function* () {
      yield* Elicitation.confirm(`Run ${++run}?`)
      return `${yield* Elicitation.confirm("Second?")}`
    })
    await using wire = await connectWire(server(info).tool(odd), { ...asking, dev: true })
    expect((await driveTool(wire, "odd")).text).toContain(
      "The handler took another path than in an earlier round. Asked before: elicitation/create (Run 1?); asked now: elicitation/create (Run 2?). " +
        "On 2026-07-28 a handler runs from its start in each round, so what decides what it asks must be the same each time: " +
        "take time, randomness and I/O from Durable.now, Durable.random and Durable.step(name, effect)."
    )
  })

  it("has failed where the same key asks something else", async () => {
    let run = 0
    const odd = tool({ name: "odd" }, async (_, { elicit }) => `${await elicit.confirm(`Run ${++run}?`, { key: "k" })}`)
    await using wire = await connectWire(server(info).tool(odd), { ...asking, dev: true })
    expect((await driveTool(wire, "odd")).text).toContain(
      "Asked before: elicitation/create (Run 1?); asked now: elicitation/create (Run 2?)."
    )
  })

  it("gets its answers where only its I/O took longer or shorter", async () => {
    const waits = [
      [5, 0],
      [0, 30],
      [150, 0]
    ]
    let run = 0
    const io = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
    const slow = tool({ name: "slow" }, async (_, { elicit, step }) => {
      const [a, b] = waits[Math.min(run++, 2)]!
      const all = await Promise.all([
        io(a!).then(() => elicit("A", form)),
        io(b!).then(() => elicit("B", form)),
        step("wait", () => io(20))
      ])
      return `${all[0].value} ${all[1].value} ${(await elicit("C", form)).value}`
    })
    await using wire = await connectWire(server(info).tool(slow), asking)
    const { messages, text } = await driveTool(wire, "slow", numbered)
    expect(messages).toEqual([["B", "A"], ["C"]])
    expect(text).toBe("answer 1 answer 1 answer 2")
  })
})

describe("middleware", () => {
  const counting = () => {
    const seen: Array<string> = []
    const hooks = middleware({
      request: function* (next, { method, round, callId }) {
        const outcome = yield* next
        seen.push(`request ${method} ${round} ${outcome.outcome} ${callId.length}`)
        return outcome
      },
      callTool: function* (next, call) {
        const { round, callId } = yield* RequestContext
        seen.push(`call ${round} ${callId.length}`)
        return yield* next(call)
      }
    })
    return { seen, hooks }
  }

  it("outside of the call sees each round and how it ended, inside of it it runs again", async () => {
    const { seen, hooks } = counting()
    const ask = tool({ name: "ask" }, async (_, { elicit }) => {
      await elicit.confirm("A?")
      await elicit.confirm("B?")
      return "done"
    })
    await using wire = await connectWire(server(info).tool(ask).use(hooks), asking)
    await driveTool(wire, "ask")
    expect(seen).toEqual([
      "call 0 36",
      "request tools/call 0 paused 36",
      "call 1 36",
      "request tools/call 1 paused 36",
      "call 2 36",
      "request tools/call 2 complete 36"
    ])
  })

  it("knows all rounds of a call by one id, which no other call has", async () => {
    const ids: Array<string> = []
    const ask = tool({ name: "ask" }, function* () {
      ids.push((yield* RequestContext).callId)
      yield* Elicitation.confirm("A?")
      return "done"
    })
    const seen: Array<string> = []
    const hook = middleware(function* (next, { callId }) {
      seen.push(callId)
      return yield* next
    })
    await using wire = await connectWire(server(info).tool(ask).use(hook), asking)
    await driveTool(wire, "ask")
    await driveTool(wire, "ask")
    expect(seen).toEqual(ids)
    expect(ids[0]).toBe(ids[1])
    expect(new Set(ids).size).toBe(2)
  })

  it("inside of the call may ask, refuse and give what it heard to the handler", async () => {
    class Reason extends Context.Service<Reason, string>()("spec/Reason") {}
    const gatekeeper = middleware({
      callTool: function* (next, call) {
        if (!(yield* Elicitation.confirm(`Run ${call.name}?`))) throw new ToolError("Not allowed.")
        const { value } = yield* Elicitation.form("Why?", form)
        return yield* Effect.provideService(next(call), Reason, value)
      }
    })
    const act = tool({ name: "act" }, function* () {
      const reason = (yield* Effect.serviceOption(Reason)) as { readonly value?: string }
      yield* Elicitation.confirm("Really?")
      return `acted: ${reason.value}`
    })
    await using wire = await connectWire(server(info).tool(act).use(gatekeeper), asking)
    const { messages, text } = await driveTool(wire, "act", ({ params }, key, round) =>
      params.message === "Why?" ? numbered({ method: "", params }, key, round) : yes()
    )
    expect([messages, text]).toEqual([[["Run act?"], ["Why?"], ["Really?"]], "acted: answer 2"])
    const no = await driveTool(wire, "act", () => ({ action: "accept", content: { ok: false } }))
    expect(no.result).toMatchObject({ isError: true, content: [{ text: "Not allowed." }] })
  })

  it("that tries a round again starts it from the journal, and repeats no step", async () => {
    let tries = 0
    let charges = 0
    const retrying = middleware(function* (next) {
      const outcome = yield* next
      return outcome.outcome === "error" ? yield* next : outcome
    })
    const flaky = tool({ name: "flaky" }, function* () {
      yield* Durable.step(
        "charge",
        Effect.sync(() => void charges++)
      )
      yield* Elicitation.confirm("A?")
      if (++tries === 1) throw new ToolError("not yet")
      return `${tries} tries, ${charges} charge`
    })
    await using wire = await connectWire(server(info).tool(flaky).use(retrying), asking)
    expect((await driveTool(wire, "flaky")).text).toBe("2 tries, 1 charge")
  })

  it("hears of an interruption while the call waits for a step, and lets finalizers run", async () => {
    const seen: Array<string> = []
    const hook = middleware((next) => Effect.onInterrupt(next, () => Effect.sync(() => void seen.push("hook"))))
    const long = tool({ name: "long" }, () =>
      Effect.onInterrupt(
        Effect.as(
          Durable.step(
            "long",
            Effect.onInterrupt(Effect.never, () => Effect.sync(() => void seen.push("step")))
          ),
          ""
        ),
        () => Effect.sync(() => void seen.push("handler"))
      )
    )
    await using wire = await connectWire(server(info).tool(long).use(hook), asking)
    void wire.request("tools/call", { name: "long", arguments: {} })
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await wire.request("server/discover")
    await wire.close()
    expect(seen).toEqual(["step", "handler", "hook"])
  })
})
