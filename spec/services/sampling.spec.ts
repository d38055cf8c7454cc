import * as Effect from "effect/Effect"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { Prompt } from "../../lib/builder/messages.ts"
import { AskRefused, ClientUnsupported, InvalidAnswer } from "../../lib/services/ask-errors.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

const says = (text: string, more: object = {}) => ({
  role: "assistant",
  model: "m",
  content: { type: "text", text },
  ...more
})
const user = (text: string) => ({ role: "user", content: { type: "text", text } })
const question = { method: "sampling/createMessage", params: { messages: [user("Hi")], maxTokens: 1024 } }

describe("Sampling.text", () => {
  it("asks for a message of at most 1,024 tokens and gives its text", async () => {
    const fake = fakeAsks({ client: () => says("Hello!") })
    expect(succeeded(await fake.run(Sampling.text("Hi")))).toBe("Hello!")
    expect(fake.asked).toEqual([question])
  })

  it("sends every option in the words of the protocol", async () => {
    const fake = fakeAsks({ client: () => says("Hello!") })
    const asked = Sampling.text([Prompt.user("Hi"), Prompt.assistant("Yes?"), "More"], {
      maxTokens: 10,
      system: "Be brief.",
      modelPreferences: { hints: ["claude", { name: "gpt" }], cost: 0.1, speed: 0, intelligence: 1 },
      stopSequences: ["END"],
      temperature: 0,
      metadata: { trace: 1 },
      key: "greet"
    })
    await fake.run(asked)
    expect(fake.asked[0]?.params).toEqual({
      messages: [user("Hi"), { role: "assistant", content: { type: "text", text: "Yes?" } }, user("More")],
      maxTokens: 10,
      systemPrompt: "Be brief.",
      modelPreferences: {
        hints: [{ name: "claude" }, { name: "gpt" }],
        costPriority: 0.1,
        speedPriority: 0,
        intelligencePriority: 1
      },
      stopSequences: ["END"],
      temperature: 0,
      metadata: { trace: 1 }
    })
    expect(fake.keys).toEqual(["greet"])
  })

  it("joins the pieces of text in an answer", async () => {
    const content = [
      { type: "text", text: "Hel" },
      { type: "image", data: "aGk=", mimeType: "image/png" },
      { type: "text", text: "lo" }
    ]
    const fake = fakeAsks({ client: () => says("", { content }) })
    expect(succeeded(await fake.run(Sampling.text("Hi")))).toBe("Hello")
  })

  it.each([
    [[{ type: "image", data: "aGk=", mimeType: "image/png" }], "image/png"],
    [[{ type: "tool_use", id: "1", name: "add", input: {} }], 'use of tool "add"'],
    [[], "nothing"]
  ])("says what came where that has no text", async (content, received) => {
    const fake = fakeAsks({ client: () => says("", { content }) })
    const error = failed(await fake.run(Sampling.text("Hi")))
    expect(error).toBeInstanceOf(InvalidAnswer)
    expect(error).toMatchObject({ question: "Hi", issues: [{ path: [], expected: "text", received }] })
  })

  it("sends several pieces as several messages to revisions that take one each", async () => {
    const fake = fakeAsks({ revision: "2025-06-18", client: () => says("A dot.") })
    await fake.run(Sampling.text(["What is this?", Content.image("aGk=", "image/png")]))
    expect(fake.asked[0]?.params["messages"]).toEqual([
      user("What is this?"),
      { role: "user", content: { type: "image", data: "aGk=", mimeType: "image/png" } }
    ])
  })

  it("asks again where the answer is none, and fails with how the client refused", async () => {
    const fake = fakeAsks({ client: (_, nth) => (nth === 1 ? { content: "Hello" } : says("Hello")) })
    expect(succeeded(await fake.run(Sampling.text("Hi")))).toBe("Hello")
    const refused = new AskRefused("sampling/createMessage", "no.", -1)
    const refusing = fakeAsks({
      client: () => {
        throw refused
      }
    })
    expect(failed(await refusing.run(Sampling.text("Hi")))).toBe(refused)
  })

  it.each<[string, object, string, any, string, object]>([
    ["has no model", {}, "2025-11-25", "Hi", "Sampling.text needs the client's model", { sampling: {} }],
    [
      "cannot hear",
      { sampling: {} },
      "2024-11-05",
      Content.audio("aGk=", "audio/wav"),
      "Sampling.text with sound needs revision 2025-03-26 or a later one",
      { sampling: {} }
    ]
  ])("asks nothing of a client that %s", async (_, capabilities, revision, prompt, what, requiredCapabilities) => {
    const fake = fakeAsks({ capabilities: { ...capabilities }, revision })
    const error = failed(await fake.run(Sampling.text(prompt)))
    expect(error).toBeInstanceOf(ClientUnsupported)
    expect(error.message).toBe(`${what}; this client does not support that here.`)
    expect(error.requiredCapabilities).toEqual(requiredCapabilities)
    expect(fake.asked).toEqual([])
  })

  it.each<[any, string]>([
    [{ maxTokens: 0 }, "Sampling.text: maxTokens is 0; it must be a positive integer."],
    [{ maxTokens: 1.5 }, "maxTokens is 1.5"],
    [{ temperature: -1 }, "temperature is -1; it must be 0 or more."],
    [{ temperature: Number.NaN }, "temperature is NaN"],
    [{ system: 5 }, "system must be a string."],
    [{ stopSequences: "END" }, "stopSequences must be an array of strings."],
    [{ metadata: [] }, "metadata must be a JSON object."],
    [{ modelPreferences: { speed: 2 } }, "modelPreferences.speed is 2; it must be between 0 and 1."],
    [{ key: "a b" }, 'the key is "a b"; use 1 to 120 letters'],
    ["brief", "the options must be an object, such as { maxTokens: 200 }."]
  ])("dies of %j and says what to write", async (options, sentence) => {
    const fake = fakeAsks({ client: () => says("Hello") })
    expect(failed(await fake.run(Sampling.text("Hi", options))).message).toContain(sentence)
    expect(fake.asked).toEqual([])
  })

  it("where there is no one to ask, says where there is", async () => {
    expect(failed(await fakeAsks().runWithoutAsks(Sampling.text("Hi"))).message).toContain(
      "Sampling.text asks the client"
    )
  })
})

describe("Sampling.message", () => {
  it("gives the whole answer, its content always in an array", async () => {
    const fake = fakeAsks({ client: () => says("Hello", { stopReason: "tired", more: 1 }) })
    expect(succeeded(await fake.run(Sampling.message({ prompt: "Hi" })))).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "Hello" }],
      model: "m",
      stopReason: "tired"
    })
  })

  it("offers tools, and takes a conversation with their results", async () => {
    const use = { type: "tool_use", id: "1", name: "add", input: { a: 1 } } as const
    const fake = fakeAsks({ client: () => says("", { content: use, stopReason: "toolUse" }) })
    const tools = [{ name: "add", inputSchema: { type: "object" } }]
    const answer = succeeded(await fake.run(Sampling.message({ prompt: "Hi", tools, toolChoice: "required" })))
    expect(answer.content).toEqual([use])
    const result = { type: "tool_result", toolUseId: "1", content: [{ type: "text", text: "2" }] } as const
    await fake.run(Sampling.message({ prompt: ["Hi", answer, { role: "user", content: result }], tools }))
    expect(fake.asked.map(({ params }) => params)).toEqual([
      { messages: [user("Hi")], maxTokens: 1024, tools, toolChoice: { mode: "required" } },
      {
        messages: [user("Hi"), { role: "assistant", content: [use] }, { role: "user", content: [result] }],
        maxTokens: 1024,
        tools
      }
    ])
  })

  it.each([
    ["declared no tools", { sampling: {} }, "2025-11-25"],
    ["speaks a revision before them", { sampling: { tools: {} } }, "2025-06-18"]
  ])("offers none to a client that %s", async (_, capabilities, revision) => {
    const fake = fakeAsks({ capabilities, revision })
    const tools = [{ name: "add", inputSchema: { type: "object" } }]
    const error = failed(await fake.run(Sampling.message({ prompt: "Hi", tools })))
    expect(error.message).toBe(
      "Sampling.message needs a model of the client's that uses tools; this client does not support that here."
    )
    expect(error.requiredCapabilities).toEqual({ sampling: { tools: {} } })
  })

  it("dies of two tools of one name", async () => {
    const tools = [1, 2].map(() => ({ name: "add", inputSchema: {} }))
    expect(failed(await fakeAsks().run(Sampling.message({ prompt: "Hi", tools }))).message).toContain(
      'two tools are called "add"'
    )
  })
})

describe("Sampling.object", () => {
  const place = { city: v.string(), people: v.pipe(v.number(), v.integer()) }
  const ask = Sampling.object("Where is the Colosseum?", place, { system: "Be exact." })

  it("tells the model the schema and gives what it answers, decoded", async () => {
    const fake = fakeAsks({ client: () => says('Sure!\n```json\n{"city":"Rome","people":2800000}\n```') })
    expect(succeeded(await fake.run(ask))).toEqual({ city: "Rome", people: 2800000 })
    const system = String(fake.asked[0]?.params["systemPrompt"])
    expect(system).toMatch(/^Be exact\.\n\nAnswer with one JSON value alone/)
    expect(JSON.parse(system.slice(system.indexOf("\n{") + 1))).toEqual({
      type: "object",
      properties: { city: { type: "string" }, people: { type: "integer" } },
      required: ["city", "people"],
      additionalProperties: false
    })
  })

  it("takes schemas of any kind, and transforms what came", async () => {
    const fake = fakeAsks({ client: () => says('["1","2"]') })
    const schema = v.array(v.pipe(v.string(), v.transform(Number)))
    expect(succeeded(await fake.run(Sampling.object("Count", schema)))).toEqual([1, 2])
  })

  it("asks again with what is wrong, in the same conversation", async () => {
    const answers = ["Rome, I think.", '{"city":"Rome"}', '{"city":"Rome","people":1}']
    const fake = fakeAsks({ client: (_, nth) => says(answers[nth - 1]!) })
    expect(succeeded(await fake.run(ask))).toEqual({ city: "Rome", people: 1 })
    expect(fake.asked.map(({ params }) => (params["messages"] as ReadonlyArray<object>).length)).toEqual([1, 3, 5])
    expect(fake.asked[2]?.params["messages"]).toEqual([
      user("Where is the Colosseum?"),
      { role: "assistant", content: { type: "text", text: "Rome, I think." } },
      user(
        'That answer cannot be used:\n- (whole value): expected JSON, received "Rome, I think."\nAnswer again, with the corrected JSON alone.'
      ),
      { role: "assistant", content: { type: "text", text: '{"city":"Rome"}' } },
      user(
        "That answer cannot be used:\n- people: expected number, received nothing\nAnswer again, with the corrected JSON alone."
      )
    ])
  })

  it("gives up after three answers, or as many as it is told", async () => {
    const fake = fakeAsks({ client: () => says("No.", { stopReason: "maxTokens" }) })
    const error = failed(await fake.run(ask))
    expect(error).toBeInstanceOf(InvalidAnswer)
    expect(error.message).toMatch(/^3 answers in a row/)
    const received = '"No.", cut off at the limit of tokens'
    expect(error).toMatchObject({ question: "Where is the Colosseum?", issues: [{ expected: "JSON", received }] })
    expect(fake.asked).toHaveLength(3)
    await fake.run(Sampling.object("Hi", place, { attempts: 1 }))
    expect(fake.asked).toHaveLength(4)
  })

  it("asks again after an answer of nothing, without repeating it", async () => {
    const fake = fakeAsks({
      client: (_, nth) => (nth === 1 ? says("", { content: [] }) : says('{"city":"A","people":1}'))
    })
    expect(succeeded(await fake.run(ask))).toEqual({ city: "A", people: 1 })
    expect(fake.asked[1]?.params["messages"]).toMatchObject([{ role: "user" }, { role: "user" }])
  })

  it("gives each attempt a key of its own", async () => {
    const fake = fakeAsks({ client: () => says("No.") })
    await fake.run(Sampling.object("Hi", place, { key: "where" }))
    expect(fake.keys).toEqual(["where", "where", "where"])
    expect(fake.attempts).toEqual([1, 2, 3])
  })

  it.each<[any, any, string]>([
    [place, { attempts: 0 }, "Sampling.object: attempts is 0; it must be an integer from 1 to 10."],
    [place, { attempts: 11 }, "attempts is 11"],
    [5, {}, "Sampling.object: not a schema."],
    [{ a: 5 }, {}, "Sampling.object at a: not a valibot schema."]
  ])("dies of %j with %j", async (schema, options, sentence) => {
    expect(failed(await fakeAsks().run(Sampling.object("Hi", schema, options))).message).toContain(sentence)
  })
})

describe("Sampling.layerTest", () => {
  const run = <A, E>(effect: Effect.Effect<A, E, Sampling>, answers: Parameters<typeof Sampling.layerTest>[0]) =>
    Effect.runPromiseExit(Effect.provide(effect, Sampling.layerTest(answers)))

  it("answers from a list, in order, and starts anew for each that it is provided to", async () => {
    const both = Effect.all([Sampling.text("a"), Sampling.message({ prompt: "b" })])
    const layer = Sampling.layerTest(["one", { content: "two", model: "m", stopReason: "maxTokens" }])
    for (let i = 0; i < 2; i++) {
      expect(await Effect.runPromise(Effect.provide(both, layer))).toEqual([
        "one",
        { role: "assistant", content: [{ type: "text", text: "two" }], model: "m", stopReason: "maxTokens" }
      ])
    }
  })

  it("says what was asked when the list is at its end", async () => {
    const error = failed(await run(Sampling.text("And more?"), []))
    expect(error.message).toBe("Sampling.layerTest: it has 0 answers, and was asked once more: And more?")
  })

  it("answers from a function, which may be async or fail as a client does", async () => {
    expect(succeeded(await run(Sampling.text("a"), async ({ maxTokens }) => `${maxTokens}`))).toBe("1024")
    const refused = new AskRefused("sampling/createMessage", "no.")
    expect(failed(await run(Sampling.text("a"), () => Effect.fail(refused)))).toBe(refused)
  })

  it("goes the way of a server's: options are checked, objects asked for again", async () => {
    expect(failed(await run(Sampling.text("a", { maxTokens: -1 }), ["b"])).message).toContain("maxTokens is -1")
    expect(succeeded(await run(Sampling.object("a", { n: v.number() }), ["no", '{"n":1}']))).toEqual({ n: 1 })
  })
})
