import { Content, Effect, prompt, resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Durable } from "../../lib/services/durable.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { Roots } from "../../lib/services/roots.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { accept, cancel, connect, decline } from "../../lib/testing/index.ts"
import { gate } from "../kit/wire.ts"
import { inEachEra, info } from "./eras.ts"

const city = { city: v.string() }

const confirm = tool({ name: "confirm", input: { what: v.string() } }, ({ what }) => Elicitation.confirm(what))

const effectBook = tool({ name: "effect_book" }, () =>
  Effect.gen(function* () {
    const [where, sure] = yield* Effect.all([Elicitation.form("Where?", city), Elicitation.confirm("Sure?")], {
      concurrency: "unbounded"
    })
    const nights = yield* Elicitation.number("Nights?")
    return { where: where.city, sure, nights, line: yield* Sampling.text("A line about it") }
  })
)
const generatorBook = tool({ name: "generator_book" }, function* () {
  const [where, sure] = yield* Effect.all([Elicitation.form("Where?", city), Elicitation.confirm("Sure?")], {
    concurrency: "unbounded"
  })
  const nights = yield* Elicitation.number("Nights?")
  return { where: where.city, sure, nights, line: yield* Sampling.text("A line about it") }
})
const asyncBook = tool({ name: "async_book" }, async (_, { elicit, run }) => {
  const [where, sure] = await Promise.all([elicit("Where?", city), elicit.confirm("Sure?")])
  const nights = await elicit.number("Nights?")
  return { where: where.city, sure, nights, line: await run(Sampling.text("A line about it")) }
})

inEachEra((era) => {
  describe("a script", () => {
    it.each([effectBook, generatorBook, asyncBook])("answers in the order of the questions: $name", async (book) => {
      await using client = await connect(server(info).tool(book), {
        era,
        elicitation: [accept({ city: "Oslo" }), accept({ ok: true }), accept({ value: 2 })],
        sampling: ["Fjords."]
      })
      expect(await client.call(book)).toEqual({ where: "Oslo", sure: true, nights: 2, line: "Fjords." })
    })

    it("may be a function of the question, that answers with a value, a promise or an Effect", async () => {
      const asked: Array<unknown> = []
      await using client = await connect(server(info).tool(effectBook), {
        era,
        elicitation: (question) => {
          asked.push(question)
          if (question.message === "Where?") return accept({ city: "Rome" })
          return question.message === "Sure?" ? Promise.resolve(decline()) : Effect.succeed(accept({ value: 3 }))
        },
        sampling: ({ messages, maxTokens }) => {
          asked.push({ messages, maxTokens })
          return Effect.succeed({ content: [Content.text("Fo"), Content.text("rum.")], model: "m" })
        }
      })
      expect(await client.call(effectBook)).toEqual({ where: "Rome", sure: false, nights: 3, line: "Forum." })
      expect(asked).toEqual([
        expect.objectContaining({ mode: "form", message: "Where?" }),
        expect.objectContaining({ mode: "form", message: "Sure?" }),
        expect.objectContaining({ mode: "form", message: "Nights?" }),
        { messages: [{ role: "user", content: [{ type: "text", text: "A line about it" }] }], maxTokens: 1024 }
      ])
    })

    it("may decline and cancel, which the handler hears of as failures", async () => {
      const t = tool({ name: "t" }, () => Elicitation.text("Name?"))
      await using client = await connect(server(info).tool(t), { era, elicitation: [decline(), cancel()] })
      expect(await client.attempt(t)).toMatchObject({ ok: false, error: { _tag: "ElicitationDeclined" } })
      expect(await client.attempt(t)).toMatchObject({ ok: false, error: { _tag: "ElicitationCancelled" } })
    })

    it("is asked again where its answer does not fit", async () => {
      const asked: Array<string> = []
      const t = tool({ name: "t" }, () => Elicitation.form("Where?", city))
      await using client = await connect(server(info).tool(t), {
        era,
        elicitation: ({ message }) => {
          asked.push(message)
          return accept({ city: asked.length === 1 ? 7 : "Bern" })
        }
      })
      expect(await client.call(t)).toEqual({ city: "Bern" })
      expect(asked).toEqual(["Where?", expect.stringContaining("The last answer was not accepted")])
    })

    it("plays a model that uses tools", async () => {
      const add = tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b)
      const t = tool({ name: "t" }, () =>
        Effect.map(Sampling.run({ prompt: "2 + 3?", tools: [add] }), ({ text }) => text)
      )
      await using client = await connect(server(info).tool(t), {
        era,
        sampling: ({ messages, tools }) => {
          const last = messages.at(-1)!.content[0]!
          if (last.type === "tool_result") return `It is ${JSON.stringify(last.content)}.`
          return { content: { type: "tool_use", id: "1", name: tools![0]!.name, input: { a: 2, b: 3 } } }
        }
      })
      expect(await client.call(t)).toBe('It is [{"type":"text","text":"5"}].')
    })

    it("gives roots, from an array or a function", async () => {
      const t = tool({ name: "t" }, () => Effect.map(Roots.list, (roots) => roots.map(({ uri }) => uri)))
      const root = { uri: "file:///home" }
      await using fixed = await connect(server(info).tool(t), { era, roots: [root] })
      expect(await fixed.call(t)).toEqual(["file:///home"])
      let times = 0
      await using counted = await connect(server(info).tool(t), {
        era,
        roots: () => Promise.resolve([{ uri: `file:///${++times}` }])
      })
      expect([await counted.call(t), await counted.call(t)]).toEqual([["file:///1"], ["file:///2"]])
    })

    it("answers what resources and prompts ask", async () => {
      const note = resource({ uri: "note://{id}" }, ({ id }) =>
        Effect.map(Elicitation.confirm(`Read ${id}?`), (ok) => (ok ? "text" : "nothing"))
      )
      const review = prompt({ name: "review" }, () => Elicitation.text("Which file?"))
      await using client = await connect(server(info).add(note, review), {
        era,
        elicitation: [accept({ ok: true }), accept({ value: "a.ts" })]
      })
      expect(await client.read(note, { id: "1" })).toEqual([{ uri: "note://1", mimeType: "text/plain", text: "text" }])
      expect((await client.get(review)).messages).toEqual([{ role: "user", content: { type: "text", text: "a.ts" } }])
    })
  })

  describe("a script with no answer", () => {
    const twice = tool({ name: "twice" }, function* () {
      yield* Elicitation.confirm("First?")
      return yield* Elicitation.confirm("Second?")
    })

    it("fails the call with a sentence that names the question, once it has run out", async () => {
      await using client = await connect(server(info).tool(twice), { era, elicitation: [accept({ ok: true })] })
      await expect(client.call(twice)).rejects.toThrow(
        'The elicitation script has 1 answer, and was asked once more: "Second?". Add an answer to it.'
      )
      const t = tool({ name: "t" }, () => Sampling.text("Say   it"))
      await using model = await connect(server(info).tool(t), { era, sampling: [] })
      await expect(model.call(t)).rejects.toThrow(
        'The sampling script has 0 answers, and was asked once more: "Say it". Add an answer to it.'
      )
    })

    it("fails the call with what it throws as the cause, even where the handler does without an answer", async () => {
      const cause = new Error("no such city")
      const t = tool({ name: "t" }, () =>
        Elicitation.confirm("Sure?").pipe(Effect.catch(() => Effect.succeed("went on")))
      )
      for (const elicitation of [
        () => {
          throw cause
        },
        () => Promise.reject(cause),
        () => Effect.fail(cause) as never
      ]) {
        await using client = await connect(server(info).tool(t), { era, elicitation })
        const error = await client.call(t).catch((error) => error)
        expect(error.message).toBe('The elicitation script failed at question 1, "Sure?": no such city')
        expect(error.cause).toBe(cause)
      }
    })

    it.each([undefined, null, {}, "yes", { action: "agree" }])(
      "fails the call where %j is no answer",
      async (given) => {
        await using client = await connect(server(info).tool(confirm), { era, elicitation: () => given as never })
        await expect(client.call(confirm, { what: "Sure?" })).rejects.toThrow(
          'The elicitation script failed at question 1, "Sure?": its answer is none; use accept({ … }), decline() or cancel().'
        )
      }
    )

    it("fails the call where the client has declared more than it was given scripts for", async () => {
      await using client = await connect(server(info).tool(confirm), { era, capabilities: { elicitation: {} } })
      await expect(client.call(confirm, { what: "Sure?" })).rejects.toThrow(
        'The server asked "Sure?", and connect was given nobody to answer: pass { elicitation: [accept({ … })] }.'
      )
    })

    it("fails the call that asked, and no other", async () => {
      const open = gate()
      await using client = await connect(server(info).tool(confirm), {
        era,
        elicitation: async ({ message }) => {
          await open.opened
          if (message === "bad") throw new Error("bad")
          return accept({ ok: true })
        }
      })
      const calls = ["one", "bad", "two"].map((what) => client.call(confirm, { what }))
      const settled = Promise.allSettled(calls)
      open.open()
      expect((await settled).map((one) => (one.status === "fulfilled" ? one.value : one.reason.message))).toEqual([
        true,
        'The elicitation script failed at question 2, "bad": bad',
        true
      ])
    })

    it("leaves nothing hanging: the next call is served", async () => {
      await using client = await connect(server(info).tool(twice), {
        era,
        elicitation: [accept({ ok: true }), "no" as never, accept({ ok: true }), accept({ ok: false })]
      })
      await expect(client.call(twice)).rejects.toThrow("failed at question 2")
      expect(await client.call(twice)).toBe(false)
    })
  })

  it("a destructive call of a mounted server is agreed to and consoled over, in one line of a spec", async () => {
    const deleted: Array<string> = []
    const deleteCampaign = tool({ name: "delete_campaign", input: { id: v.string() } }, function* ({ id }) {
      const sure = yield* Elicitation.confirm(`Delete campaign ${id}? This can't be undone.`)
      if (!sure) return "Kept."
      yield* Durable.step(
        "delete",
        Effect.sync(() => void deleted.push(id))
      )
      return `Deleted. ${yield* Sampling.text(`One consoling line about ${id}`)}`
    })
    const main = server(info).mount("crm", server({ name: "crm", version: "1.0.0" }).tool(deleteCampaign))
    await using client = await connect(main, {
      era,
      elicitation: [accept({ ok: true })],
      sampling: () => "Time heals."
    })
    expect(await client.at("crm").call(deleteCampaign, { id: "42" })).toBe("Deleted. Time heals.")
    expect(deleted).toEqual(["42"])
  })

  it("a client declares what it has scripts for, or what it is told to", async () => {
    const told = async (options: Parameters<typeof connect>[1]) => {
      await using client = await connect(server(info).tool(confirm), { era, ...options })
      await client.list.tools()
      const { params } = client.traffic[0]!.message
      return era === "handshake" ? params.capabilities : params._meta["io.modelcontextprotocol/clientCapabilities"]
    }
    expect(await told({})).toEqual({})
    expect(await told({ elicitation: [], sampling: [], roots: [] })).toEqual({
      elicitation: { form: {}, url: {} },
      sampling: { tools: {} },
      roots: {}
    })
    expect(await told({ elicitation: [], capabilities: { elicitation: { form: {} } } })).toEqual({
      elicitation: { form: {} }
    })
  })

  it("calls at the same time are answered each for itself, and steps run once", async () => {
    const charged: Array<string> = []
    const pay = tool({ name: "pay", input: { who: v.string() } }, function* ({ who }) {
      const { city: where } = yield* Elicitation.form(`Where is ${who}?`, city)
      yield* Durable.step(
        "charge",
        Effect.sync(() => void charged.push(who))
      )
      const sure = yield* Elicitation.confirm(`Is ${who} in ${where}?`)
      return `${who} ${where} ${sure}`
    })
    await using client = await connect(server(info).tool(pay), {
      era,
      elicitation: async ({ message }) => {
        const [, who] = /^Where is (\w+)/.exec(message) ?? []
        return who === undefined ? accept({ ok: message.includes("Ann") }) : accept({ city: `${who}ville` })
      }
    })
    expect(await Promise.all(["Ann", "Bob"].map((who) => client.call(pay, { who })))).toEqual([
      "Ann Annville true",
      "Bob Bobville false"
    ])
    expect(charged.sort()).toEqual(["Ann", "Bob"])
  })
})

describe("the rounds of a sessionless call", () => {
  it("are as many as it needs: what is asked at once is one, and the state goes back as it came", async () => {
    await using client = await connect(server(info).tool(effectBook), {
      elicitation: [accept({ city: "Oslo" }), accept({ ok: true }), accept({ value: 2 })],
      sampling: ["Fjords."]
    })
    await client.call(effectBook)
    const results = client.traffic.filter(({ from }) => from === "server").map(({ message }) => message["result"])
    expect(results.map(({ inputRequests = {} }) => Object.keys(inputRequests).length)).toEqual([2, 1, 1, 0])
    const sent = client.traffic.filter(({ from }) => from === "client").map(({ message }) => message["params"])
    expect(sent.map(({ requestState }) => requestState)).toEqual([
      undefined,
      ...results.slice(0, 3).map(({ requestState }) => requestState)
    ])
    expect(Object.keys(sent[1].inputResponses)).toEqual(Object.keys(results[0].inputRequests))
  })

  it("can be gone through by hand", async () => {
    await using client = await connect(server(info).tool(confirm), { elicitation: [] })
    const params = { name: "confirm", arguments: { what: "Sure?" } }
    const { resultType, inputRequests, requestState } = await client.request("tools/call", params)
    expect(resultType).toBe("input_required")
    const [key] = Object.keys(inputRequests)
    const inputResponses = { [key!]: accept({ ok: true }) }
    expect(await client.request("tools/call", { ...params, requestState, inputResponses })).toMatchObject({
      structuredContent: true
    })
  })
})

it("a handshake client answers each request of the server once, under its id", async () => {
  await using client = await connect(server(info).tool(confirm), {
    era: "handshake",
    elicitation: [accept({ ok: true })]
  })
  expect(await client.call(confirm, { what: "Sure?" })).toBe(true)
  const asked = client.traffic.find(({ from, message }) => from === "server" && message["method"] !== undefined)!
  const answers = client.traffic.filter(({ from, message }) => from === "client" && message["method"] === undefined)
  expect(answers.map(({ message }) => message)).toEqual([
    { jsonrpc: "2.0", id: asked.message["id"], result: { action: "accept", content: { ok: true } } }
  ])
})
