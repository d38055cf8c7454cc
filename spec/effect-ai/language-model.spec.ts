import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { languageModel } from "../../lib/effect-ai/index.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import type { SamplingOptions } from "../../lib/builder/sampling-types.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

const says = (content: unknown, more: object = {}) => ({ role: "assistant", model: "claude", content, ...more })
const text = (text: string) => ({ type: "text", text }) as const

/** Runs what is written for `effect/ai` in a call whose client answers. */
const through = async <A, E>(
  effect: Effect.Effect<A, E, LanguageModel.LanguageModel>,
  client: (request: any, nth: number) => unknown,
  options?: SamplingOptions,
  capabilities: object = { sampling: { tools: {} } }
) => {
  const fake = fakeAsks({ client, capabilities: { ...capabilities } })
  const exit = await fake.run(Effect.provide(effect, languageModel(options)))
  return { exit, asked: fake.asked.map(({ params }) => params) }
}

const add = Tool.make("add", {
  description: "Adds",
  parameters: Schema.Struct({ a: Schema.Number, b: Schema.Number }),
  success: Schema.Number
})
const sums = Effect.provide(Toolkit.make(add), Toolkit.make(add).toLayer({ add: ({ a, b }) => Effect.succeed(a + b) }))

describe("languageModel", () => {
  it("asks the client's model, with the options it was given", async () => {
    const asking = LanguageModel.generateText({
      prompt: Prompt.make([
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "file", mediaType: "image/png", data: new TextEncoder().encode("hi") },
            { type: "file", mediaType: "image/png", data: "data:image/png;base64,aGk=" }
          ]
        },
        { role: "assistant", content: [{ type: "reasoning", text: "Hm." }] },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "Hm." },
            { type: "text", text: "A dot?" }
          ]
        },
        { role: "user", content: "Another." }
      ])
    })
    const { exit, asked } = await through(asking, () => says(text("Two.")), { maxTokens: 9, system: "Be kind." })
    expect(succeeded(exit).text).toBe("Two.")
    const image = { type: "image", data: "aGk=", mimeType: "image/png" }
    expect(asked).toEqual([
      {
        maxTokens: 9,
        systemPrompt: "Be kind.\n\nBe brief.",
        messages: [
          { role: "user", content: [text("What is this?"), image, image] },
          { role: "assistant", content: text("A dot?") },
          { role: "user", content: text("Another.") }
        ]
      }
    ])
  })

  it.each([
    ["endTurn", "stop"],
    ["stopSequence", "stop"],
    ["maxTokens", "length"],
    ["tired", "other"],
    [undefined, "unknown"]
  ])("tells %s as %s, with the model's name and pictures", async (stopReason, reason) => {
    const image = { type: "image", data: "aGk=", mimeType: "image/png" }
    const { exit } = await through(LanguageModel.generateText({ prompt: "Draw" }), () =>
      says([text("a"), image], stopReason === undefined ? {} : { stopReason })
    )
    const { content, finishReason } = succeeded(exit)
    expect(finishReason).toBe(reason)
    expect(content).toMatchObject([
      { type: "text", text: "a" },
      { type: "file", mediaType: "image/png", data: new TextEncoder().encode("hi") },
      { type: "response-metadata", modelId: "claude" },
      { type: "finish" }
    ])
  })

  it("offers tools, whose calls effect/ai resolves, and takes their results in the next turn", async () => {
    const asking = Effect.gen(function* () {
      const toolkit = yield* sums
      const first = yield* LanguageModel.generateText({ prompt: "2 + 3?", toolkit, toolChoice: { tool: "add" } })
      expect(first.toolResults).toMatchObject([{ name: "add", result: 5 }])
      const prompt = Prompt.concat(Prompt.make("2 + 3?"), Prompt.fromResponseParts(first.content))
      return (yield* LanguageModel.generateText({ prompt, toolkit })).text
    })
    const use = { type: "tool_use", id: "1", name: "add", input: { a: 2, b: 3 } }
    const { exit, asked } = await through(asking, (_, nth) =>
      nth === 1 ? says([use], { stopReason: "toolUse" }) : says(text("It is 5."))
    )
    expect(succeeded(exit)).toBe("It is 5.")
    const tools = [{ name: "add", description: "Adds", inputSchema: Tool.getJsonSchema(add) }]
    expect(asked).toEqual([
      {
        maxTokens: 1024,
        messages: [{ role: "user", content: text("2 + 3?") }],
        tools,
        toolChoice: { mode: "required" }
      },
      {
        maxTokens: 1024,
        messages: [
          { role: "user", content: text("2 + 3?") },
          { role: "assistant", content: [use] },
          { role: "user", content: [{ type: "tool_result", toolUseId: "1", content: [text("5")] }] }
        ],
        tools
      }
    ])
  })

  it("asks for JSON of a schema, and takes it out of what stands around it", async () => {
    const schema = Schema.Struct({ city: Schema.String })
    const asking = LanguageModel.generateObject({ prompt: "Where?", schema })
    const { exit, asked } = await through(asking, () => says([text("Sure!\n```json\n"), text('{"city":"Rome"}\n```')]))
    expect(succeeded(exit).value).toEqual({ city: "Rome" })
    expect(asked[0]?.["systemPrompt"]).toMatch(/^Answer with one JSON value alone.*\n.*"city"/)
    const refusing = await through(asking, () => says(text("No.")))
    expect(failed(refusing.exit).reason._tag).toBe("StructuredOutputError")
  })

  it("streams in one piece", async () => {
    const streaming = Stream.runCollect(LanguageModel.streamText({ prompt: "Hi" }))
    const { exit } = await through(streaming, () => says(text("Hello")))
    expect(succeeded(exit).map(({ type }) => type)).toEqual([
      "text-start",
      "text-delta",
      "text-end",
      "response-metadata",
      "finish"
    ])
  })

  it("fails with an AiError that says why the client could not be asked, or what cannot be asked", async () => {
    const unable = await through(LanguageModel.generateText({ prompt: "Hi" }), () => undefined, {}, {})
    expect(failed(unable.exit)).toMatchObject({
      _tag: "AiError",
      message: "mcpipe.generateText: Sampling.message needs the client's model; this client does not support that here."
    })
    for (const [data, mediaType, sentence] of [
      ["aGk=", "application/pdf", "A file of type application/pdf cannot be sampled with"],
      [
        new URL("https://example.com/a.png"),
        "image/png",
        "The file at https://example.com/a.png cannot be sampled with"
      ]
    ] as const) {
      const prompt = [{ role: "user", content: [{ type: "file", mediaType, data }] }] as const
      const { exit, asked } = await through(LanguageModel.generateText({ prompt }), () => says(text("a")))
      expect(failed(exit).message).toContain(sentence)
      expect(asked).toEqual([])
    }
  })

  it("uses a scripted Sampling in tests without a server", async () => {
    const asking = Effect.map(LanguageModel.generateText({ prompt: "Hi" }), ({ text }) => text)
    const layers = Layer.merge(languageModel(), Sampling.layerTest(["Hello"]))
    expect(await Effect.runPromise(Effect.provide(asking, layers))).toBe("Hello")
  })
})
