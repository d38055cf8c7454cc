import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import * as fc from "fast-check"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { ToolError } from "../../lib/builder/errors.ts"
import { Resource, type Tool } from "../../lib/builder/namespaces.ts"
import { tool } from "../../lib/builder/tool.ts"
import { result } from "../../lib/builder/tool-result.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { TooManyTurns } from "../../lib/services/sampling-errors.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

const text = (text: string) => ({ type: "text", text }) as const
const use = (id: string, name: string, input: object = {}) => ({ type: "tool_use", id, name, input }) as const
const says = (content: unknown, more: object = {}) => ({ role: "assistant", model: "m", content, ...more })
const wants = (...uses: ReadonlyArray<unknown>) => says(uses, { stopReason: "toolUse" })

const add = tool({ name: "add", description: "Adds", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b)

/** What the model is told of the tools it used in its first turn. */
const told = async (
  tools: ReadonlyArray<Tool.Any>,
  uses: ReadonlyArray<unknown>,
  options: object = {},
  first?: object
) => {
  const fake = fakeAsks({ client: (_, nth) => (nth === 1 ? says(uses, first) : says(text("Done."))), ...options })
  const run = succeeded(await fake.run(Sampling.run({ prompt: "Go", tools })))
  return { fake, run, results: run.messages[2]?.content as ReadonlyArray<any> }
}

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {})
})

describe("Sampling.run", () => {
  it("runs the tools that the model uses and gives its last answer with the whole conversation", async () => {
    const answers = [wants(text("Let me see."), use("1", "add", { a: 2, b: 3 })), says(text("It is 5."))]
    const fake = fakeAsks({ client: (_, nth) => answers[nth - 1] })
    const run = succeeded(await fake.run(Sampling.run({ prompt: "2 + 3?", tools: [add], system: "Be brief." })))
    const conversation = [
      { role: "user", content: [text("2 + 3?")] },
      { role: "assistant", content: [text("Let me see."), use("1", "add", { a: 2, b: 3 })] },
      { role: "user", content: [{ type: "tool_result", toolUseId: "1", content: [text("5")] }] }
    ]
    expect(run).toEqual({
      text: "It is 5.",
      message: { role: "assistant", model: "m", content: [text("It is 5.")] },
      messages: [...conversation, { role: "assistant", content: [text("It is 5.")] }],
      turns: 2
    })
    const same = {
      maxTokens: 1024,
      systemPrompt: "Be brief.",
      tools: [{ name: "add", description: "Adds", inputSchema: add.input.jsonSchema }]
    }
    expect(fake.asked.map(({ params }) => params)).toEqual([
      { ...same, messages: [{ role: "user", content: text("2 + 3?") }] },
      { ...same, messages: [{ role: "user", content: text("2 + 3?") }, ...conversation.slice(1)] }
    ])
  })

  it("takes the messages of a conversation under that name too", async () => {
    const fake = fakeAsks({ client: () => says([]) })
    const messages = [{ role: "user" as const, content: "Hi" }]
    expect(succeeded(await fake.run(Sampling.run({ messages, tools: [add] })))).toMatchObject({ text: "", turns: 1 })
  })

  it("answers several uses in one message, in their order, whichever ends first", async () => {
    const second = await Effect.runPromise(Deferred.make<void>())
    const wait = tool({ name: "wait" }, () => Effect.as(Deferred.await(second), "waited"))
    const open = tool({ name: "open" }, () => Effect.as(Deferred.succeed(second, undefined), "opened"))
    const { results } = await told([wait, open], [use("1", "wait"), use("2", "open")])
    expect(results).toEqual([
      { type: "tool_result", toolUseId: "1", content: [text("waited")] },
      { type: "tool_result", toolUseId: "2", content: [text("opened")] }
    ])
  })

  it("runs no more tools at a time than it is told", async () => {
    let running = 0
    let most = 0
    const work = tool({ name: "work" }, function* () {
      most = Math.max(most, ++running)
      yield* Effect.yieldNow
      running--
      return "done"
    })
    const uses = ["1", "2", "3", "4", "5"].map((id) => use(id, "work"))
    for (const [concurrency, expected] of [
      [1, 1],
      [2, 2],
      ["unbounded", 5]
    ] as const) {
      most = 0
      const fake = fakeAsks({ client: (_, nth) => (nth === 1 ? wants(...uses) : says(text("Done."))) })
      succeeded(await fake.run(Sampling.run({ prompt: "Go", tools: [work], concurrency })))
      expect(most).toBe(expected)
    }
  })

  it("runs each use once along the rounds of a call, equal ones of another turn or run apart", async () => {
    let charges = 0
    const charge = tool({ name: "charge", input: { sum: v.number() } }, ({ sum }) => `${sum}: receipt ${++charges}`)
    // a client that counts anew in every answer
    const client = (_: unknown, nth: number) =>
      nth % 3 === 0 ? says(text("Done.")) : wants(use("1", "charge", { sum: 5 }))
    const journal = new Map<string, string>()
    const receipts = Effect.map(
      Effect.all([Sampling.run({ prompt: "A", tools: [charge] }), Sampling.run({ prompt: "B", tools: [charge] })]),
      (runs) => runs.flatMap(({ messages }) => messages.flatMap(({ content }) => content as ReadonlyArray<any>))
    )
    const round = async () =>
      succeeded(await fakeAsks({ client, journal }).run(receipts)).flatMap((piece) => piece.content?.[0].text ?? [])
    const first = await round()
    expect(first).toEqual(["5: receipt 1", "5: receipt 2", "5: receipt 3", "5: receipt 4"])
    expect(await round()).toEqual(first)
    expect(charges).toBe(4)
  })

  it("runs equal uses of two runs at the same time", async () => {
    const answers = (request: any) =>
      request.params.messages.length > 1 ? says(text("Done.")) : wants(use("1", "add", { a: 1, b: 1 }))
    const fake = fakeAsks({ client: answers })
    const run = Sampling.run({ prompt: "Go", tools: [add] })
    const runs = succeeded(await fake.run(Effect.all([run, run], { concurrency: "unbounded" })))
    expect(runs.map(({ text }) => text)).toEqual(["Done.", "Done."])
    expect(fake.ran).toHaveLength(2)
  })

  it("gives tools the services of the call, and the Effects in them", async () => {
    class Db extends Context.Service<Db, { readonly name: string }>()("spec/Db") {}
    const first = tool({ name: "first" }, () => Effect.map(Db, ({ name }) => name))
    const second = tool({ name: "second", uses: { db: Db } }, async (_, { db }) => db.name)
    const fake = fakeAsks({
      client: (_, nth) => (nth === 1 ? wants(use("1", "first"), use("2", "second")) : says(text("Done.")))
    })
    const run = Effect.provide(
      Sampling.run({ prompt: "Go", tools: [first, second] }),
      Layer.succeed(Db, { name: "db" })
    )
    const { messages } = succeeded(await fake.run(run))
    expect(messages[2]?.content).toMatchObject([{ content: [text("db")] }, { content: [text("db")] }])
  })

  it("gives each turn a key of its own", async () => {
    const fake = fakeAsks({
      client: (_, nth) => (nth < 3 ? wants(use("1", "add", { a: 1, b: 1 })) : says(text("Done.")))
    })
    await fake.run(Sampling.run({ prompt: "Go", tools: [add], key: "sum" }))
    expect(fake.keys).toEqual(["sum", "sum", "sum"])
    expect(fake.attempts).toEqual([1, 2, 3])
  })
})

describe("every request of a run", () => {
  const fail = tool({ name: "fail" }, () => {
    throw new ToolError("No.")
  })
  const piece = fc.oneof(
    fc.string().map(text),
    fc.record({
      type: fc.constant("tool_use"),
      id: fc.constantFrom("1", "2", "a b", ""),
      name: fc.constantFrom("add", "fail", "unknown"),
      input: fc.constantFrom({}, { a: 1, b: 2 })
    })
  )
  const isUse = (piece: { readonly type: string }): piece is ReturnType<typeof use> => piece.type === "tool_use"
  const ids = (content: unknown): ReadonlyArray<string> =>
    [content].flat().flatMap((p: any) => (isUse(p) ? [p.id] : []))
  const pieces = fc
    .array(piece, { maxLength: 4 })
    .filter((content) => new Set(ids(content)).size === ids(content).length)

  it("is one that the official SDK takes, with a result for each use and nothing beside it", async () => {
    const answers = fc.array(pieces, { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(answers, fc.constantFrom("2025-11-25", "2026-07-28"), async (answers, revision) => {
        const fake = fakeAsks({ revision, client: (_, nth) => says(answers[nth - 1] ?? []) })
        const exit = await fake.run(Sampling.run({ prompt: "Go", tools: [add, fail], maxTurns: 4 }))
        const ends = answers.findIndex((content) => !content.some(isUse))
        const turns = ends === -1 ? answers.length + 1 : ends + 1
        if (turns > 4) expect(failed(exit)).toBeInstanceOf(TooManyTurns)
        else expect(succeeded(exit).turns).toBe(turns)
        for (const request of fake.asked) {
          const { messages } = CreateMessageRequestSchema.parse(request).params
          for (const [index, { role, content }] of messages.entries()) {
            const results = [content].flat().filter(({ type }) => type === "tool_result") as ReadonlyArray<any>
            const open = index === 0 ? [] : ids(messages[index - 1]!.content)
            expect(results.map(({ toolUseId }) => toolUseId)).toEqual(open)
            if (results.length > 0) expect([role, [content].flat().length]).toEqual(["user", results.length])
          }
        }
      }),
      { numRuns: 60 }
    )
  })
})

describe("the turns of Sampling.run", () => {
  const restless = (options: object) => {
    const fake = fakeAsks({ client: (_, nth) => wants(use(`${nth}`, "add", { a: 1, b: 1 })) })
    return { fake, exit: fake.run(Sampling.run({ prompt: "Go", tools: [add], ...options })) }
  }
  const choices = ({ asked }: ReturnType<typeof fakeAsks>) => asked.map(({ params }) => params["toolChoice"])

  it("end after ten, the last of them without tools", async () => {
    const { fake, exit } = restless({})
    const error = failed(await exit)
    expect(error).toBeInstanceOf(TooManyTurns)
    expect(error.message).toBe("The model came to no end within 10 turns.")
    expect(choices(fake)).toEqual([...Array(9).fill(undefined), { mode: "none" }])
    expect(fake.ran).toHaveLength(9)
  })

  it("end after as many as it is told", async () => {
    const { fake, exit } = restless({ maxTurns: 1 })
    expect(failed(await exit).message).toBe("The model came to no end within 1 turn.")
    expect(fake.ran).toEqual([])
  })

  it("begin with a tool where one is required, and go on as the model likes", async () => {
    const { fake, exit } = restless({ maxTurns: 3, toolChoice: "required" })
    await exit
    expect(choices(fake)).toEqual([{ mode: "required" }, undefined, { mode: "none" }])
  })

  it.each<[object, string]>([
    [{ maxTurns: 0 }, "Sampling.run: maxTurns is 0; it must be an integer from 1 to 100."],
    [{ concurrency: 0 }, 'Sampling.run: concurrency is 0; it must be a positive integer or "unbounded".'],
    [{ tools: [] }, "Sampling.run: tools must be an array with at least one tool; without any, use Sampling.text."],
    [{ tools: [add, add] }, 'Sampling.run: two tools are called "add"; give each a name of its own.'],
    [{ maxTokens: 0 }, "Sampling.run: maxTokens is 0"]
  ])("do not begin with %j", async (options, sentence) => {
    const { fake, exit } = restless(options)
    expect(failed(await exit).message).toBe(
      sentence + (sentence.endsWith("is 0") ? "; it must be a positive integer." : "")
    )
    expect(fake.asked).toEqual([])
  })
})

describe("what the model is told of a tool", () => {
  it("that does not exist: which there are", async () => {
    const { results, fake } = await told([add], [use("1", "sub")])
    expect(results).toEqual([
      {
        type: "tool_result",
        toolUseId: "1",
        content: [text('There is no tool "sub". These can be used: add.')],
        isError: true
      }
    ])
    expect(fake.ran).toEqual([])
  })

  it("whose arguments are wrong: what is wrong with them", async () => {
    const { results } = await told([add], [use("1", "add", { a: "2" })])
    expect(results[0]).toMatchObject({
      content: [
        text(
          'Invalid arguments for tool "add":\n- a: expected number, received "2"\n- b: expected number, received nothing'
        )
      ],
      isError: true
    })
  })

  it("that it was cut off in the middle of: that it was not run", async () => {
    const { results, fake } = await told([add], [use("1", "add", { a: 1, b: 1 })], {}, { stopReason: "maxTokens" })
    expect(results[0]).toMatchObject({ isError: true })
    expect(results[0].content[0].text).toContain("cut off at its limit of tokens, so the tool was not run")
    expect(fake.ran).toEqual([])
  })

  it("that failed with what clients may see: its message", async () => {
    class NotFound extends Error {
      readonly _tag = "NotFound"
    }
    const tools = [
      tool({ name: "thrown" }, () => {
        throw new ToolError("Nobody is home.")
      }),
      tool({ name: "declared", errors: [NotFound] }, () => Effect.fail(new NotFound())),
      tool({ name: "given" }, () => result({ content: "Not today.", isError: true }))
    ]
    const { results } = await told(tools, [use("1", "thrown"), use("2", "declared"), use("3", "given")])
    expect(results.map(({ isError, content }) => [isError, content[0].text])).toEqual([
      [true, "Nobody is home."],
      [true, "NotFound"],
      [true, "Not today."]
    ])
    expect(log).not.toHaveBeenCalled()
  })

  it("that failed in any other way: a reference into the log", async () => {
    const broken = v.pipe(
      v.string(),
      v.check(() => {
        throw new Error("secret")
      })
    )
    const tools = [
      tool({ name: "thrown" }, () => {
        throw new Error("secret")
      }),
      tool({ name: "died" }, () => Effect.die("secret")),
      tool({ name: "stopped" }, () => Effect.interrupt),
      tool({ name: "mismatched", output: v.number() }, () => "secret" as never),
      tool({ name: "unsendable" }, () => ({ secret: 1n })),
      tool({ name: "checked", input: { a: broken } }, () => "a")
    ]
    const uses = tools.map(({ name }, index) => use(`${index}`, name, name === "checked" ? { a: "a" } : {}))
    const { results } = await told(tools, uses)
    for (const { isError, content } of results) {
      expect(isError).toBe(true)
      expect(content[0].text).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    }
    expect(results).toHaveLength(6)
    expect(log).toHaveBeenCalledTimes(6)
  })

  it("that gives data: its text, and the data where it is an object", async () => {
    const tools = [
      tool({ name: "object", output: v.object({ n: v.number() }) }, () => ({ n: 1, more: 2 })),
      tool({ name: "list" }, () => [1, 2]),
      tool({ name: "meta" }, () => result({ content: [Content.image("aGk=", "image/png")], meta: { took: 1 } }))
    ]
    const { results } = await told(tools, [use("1", "object"), use("2", "list"), use("3", "meta")])
    expect(results).toEqual([
      { type: "tool_result", toolUseId: "1", content: [text('{"n":1}')], structuredContent: { n: 1 } },
      { type: "tool_result", toolUseId: "2", content: [text("[1,2]")] },
      {
        type: "tool_result",
        toolUseId: "3",
        content: [{ type: "image", data: "aGk=", mimeType: "image/png" }],
        _meta: { took: 1 }
      }
    ])
  })

  it("that gives a link: the URI that clients know it by", async () => {
    const linked = tool({ name: "linked" }, () => [
      Content.link(Resource.ref("user://1")),
      Content.link({ uri: "https://example.com/a", name: "a" })
    ])
    const uriOf = (uri: string) => uri.replace("://", "://crm/")
    const { results } = await told([linked], [use("1", "linked")], { uriOf })
    expect(results[0].content.map(({ uri }: { uri: string }) => uri)).toEqual(["user://crm/1", "https://example.com/a"])
  })
})

describe("Sampling.layerTest", () => {
  const script = (name: string) => [{ content: use("1", name) as never }, "Done."]

  it("runs tools without a server", async () => {
    class Db extends Context.Service<Db, { readonly name: string }>()("spec/Db") {}
    const find = tool({ name: "find", uses: { db: Db } }, (_, { db }) => db.name)
    const run = Effect.provide(Sampling.run({ prompt: "Go", tools: [find] }), [
      Sampling.layerTest(script("find")),
      Layer.succeed(Db, { name: "db" })
    ])
    const { messages } = await Effect.runPromise(run)
    expect(messages[2]?.content).toEqual([{ type: "tool_result", toolUseId: "1", content: [text("db")] }])
  })

  it("says so in the log where a tool needs a server", async () => {
    const report = tool({ name: "report" }, (_, { progress }) => progress(1))
    const run = Effect.provide(Sampling.run({ prompt: "Go", tools: [report] }), Sampling.layerTest(script("report")))
    const { messages } = await Effect.runPromise(run)
    expect(messages[2]?.content).toMatchObject([{ isError: true }])
    expect(String(log.mock.calls[0])).toContain("Sampling.layerTest: a tool's progress needs a server")
  })
})
