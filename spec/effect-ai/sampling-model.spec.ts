import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { tool } from "../../lib/builder/tool.ts"
import { languageModel, type SamplingModelFromOptions, samplingModel } from "../../lib/effect-ai/index.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

type Asked = LanguageModel.ProviderOptions
type Answer = (asked: Asked, nth: number) => Effect.Effect<Array<Response.PartEncoded>, AiError.AiError>

/** Runs an effect in a call of a client without a model, with one of `effect/ai` behind Sampling. */
const through = async <A, E>(effect: Effect.Effect<A, E, any>, answer: Answer, options?: SamplingModelFromOptions) => {
  const asked: Array<Asked> = []
  const model = LanguageModel.make({
    generateText: (given) => answer(given, asked.push(given)),
    streamText: () => Stream.empty
  })
  const layer = Layer.provide(samplingModel(options), Layer.effect(LanguageModel.LanguageModel, model))
  return { asked, exit: await fakeAsks({ capabilities: {} }).run(Effect.provide(effect, layer)) }
}

const parts =
  (...given: ReadonlyArray<Response.PartEncoded>): Answer =>
  () =>
    Effect.succeed([...given])
const finish = (reason: Response.FinishReason): Response.PartEncoded => ({
  type: "finish",
  reason,
  usage: { inputTokens: {}, outputTokens: {} }
})

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {})
})

describe("samplingModel", () => {
  it("says what the model says, with its name and why it stopped", async () => {
    const answer = parts(
      { type: "response-metadata", modelId: "claude" },
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "Hello" },
      { type: "file", mediaType: "image/png", data: "aGk=" },
      finish("length")
    )
    const { exit } = await through(Sampling.message({ prompt: "Hi" }), answer)
    expect(succeeded(exit)).toEqual({
      role: "assistant",
      content: [
        { type: "text", text: "Hello" },
        { type: "image", data: "aGk=", mimeType: "image/png" }
      ],
      model: "claude",
      stopReason: "maxTokens"
    })
  })

  it.each<[Response.FinishReason, string]>([
    ["stop", "endTurn"],
    ["tool-calls", "toolUse"],
    ["content-filter", "content-filter"],
    ["unknown", "endTurn"]
  ])("tells %s as %s", async (reason, stopReason) => {
    const { exit } = await through(
      Sampling.message({ prompt: "Hi" }),
      parts({ type: "text", text: "a" }, finish(reason)),
      {
        name: "mine"
      }
    )
    expect(succeeded(exit)).toMatchObject({ model: "mine", stopReason })
  })

  it("tells the model the system prompt, text, images and sound", async () => {
    const asking = Sampling.text(
      [
        "What is this?",
        Content.image("aGk=", "image/png"),
        { role: "assistant", content: "Hm" },
        Content.audio("aGk=", "audio/wav")
      ],
      { system: "Be brief." }
    )
    const { asked, exit } = await through(asking, parts({ type: "text", text: "A dot." }))
    expect(succeeded(exit)).toBe("A dot.")
    expect(asked[0]?.tools).toEqual([])
    const bytes = new TextEncoder().encode("hi")
    expect(asked[0]?.prompt.content).toMatchObject([
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "file", mediaType: "image/png", data: bytes }
        ]
      },
      { role: "assistant", content: [{ type: "text", text: "Hm" }] },
      { role: "user", content: [{ type: "file", mediaType: "audio/wav", data: bytes }] }
    ])
  })

  it("offers it tools that run here, and tells it their results", async () => {
    const add = tool({ name: "add", description: "Adds", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b)
    const draw = tool({ name: "draw" }, () => Content.image("aGk=", "image/png"))
    const answer: Answer = (_, nth) =>
      Effect.succeed(
        nth === 1
          ? [
              { type: "tool-call", id: "1", name: "add", params: { a: 2, b: 3 } },
              { type: "tool-call", id: "2", name: "draw", params: {} },
              { type: "tool-call", id: "3", name: "sub", params: {} },
              finish("tool-calls")
            ]
          : [{ type: "text", text: "It is 5." }, finish("stop")]
      )
    const { asked, exit } = await through(
      Sampling.run({ prompt: "2 + 3?", tools: [add, draw], toolChoice: "required" }),
      answer
    )
    expect(succeeded(exit)).toMatchObject({ text: "It is 5.", turns: 2 })
    expect(asked.map(({ toolChoice }) => toolChoice)).toEqual(["required", "auto"])
    expect(asked[0]?.tools.map((tool) => [tool.name, Tool.getDescription(tool), Tool.getJsonSchema(tool)])).toEqual([
      ["add", "Adds", add.input.jsonSchema],
      ["draw", undefined, draw.input.jsonSchema]
    ])
    expect(asked[1]?.prompt.content.slice(1)).toMatchObject([
      {
        role: "assistant",
        content: [
          { type: "tool-call", id: "1", name: "add", params: { a: 2, b: 3 } },
          { type: "tool-call", id: "2", name: "draw", params: {} },
          { type: "tool-call", id: "3", name: "sub" }
        ]
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", id: "1", name: "add", isFailure: false, result: "5" },
          {
            type: "tool-result",
            id: "2",
            name: "draw",
            isFailure: false,
            modelOutput: [{ type: "file", mediaType: "image/png" }]
          },
          {
            type: "tool-result",
            id: "3",
            name: "sub",
            isFailure: true,
            result: 'There is no tool "sub". These can be used: add, draw.'
          }
        ]
      }
    ])
  })

  it("leaves tools that a provider ran out of the answer", async () => {
    const ran = { type: "tool-call", id: "1", name: "search", params: {}, providerExecuted: true } as const
    const search = [{ name: "search", inputSchema: { type: "object" } }]
    const { exit } = await through(
      Sampling.message({ prompt: "Hi", tools: search }),
      parts(ran, { type: "text", text: "Found." })
    )
    expect(succeeded(exit).content).toEqual([{ type: "text", text: "Found." }])
  })

  it("lets a request's other options be applied to the model", async () => {
    class Limit extends Context.Service<Limit, number>()("spec/Limit") {}
    const seen: Array<number> = []
    const answer: Answer = () =>
      Effect.as(
        Effect.withFiber((fiber) =>
          Effect.sync(() => seen.push(Context.getUnsafe(fiber.context as Context.Context<any>, Limit)))
        ),
        [{ type: "text", text: "a" }]
      )
    const configure: SamplingModelFromOptions["configure"] =
      ({ maxTokens }) =>
      (effect) =>
        Effect.provideService(effect, Limit, maxTokens) as typeof effect
    await through(Sampling.text("Hi", { maxTokens: 7 }), answer, { configure })
    expect(seen).toEqual([7])
  })

  it("does not ask the client's model as its own, which would never end", async () => {
    const layer = Layer.provide(samplingModel(), languageModel())
    const error = failed(await fakeAsks({ capabilities: {} }).run(Effect.provide(Sampling.text("Hi"), layer)))
    expect(error.message).toBe("The model did not answer: its reason is in the server's log.")
    expect(String(log.mock.calls[0])).toContain("it was given languageModel(), which itself samples")
  })

  it.each<[string, Answer]>([
    ["failed", () => Effect.fail(AiError.make({ module: "m", method: "f", reason: new AiError.RateLimitError({}) }))],
    ["gave a file that no answer holds", parts({ type: "file", mediaType: "application/pdf", data: "aGk=" })],
    ["called a tool without an object", parts({ type: "tool-call", id: "1", name: "add", params: "a" })]
  ])("keeps to itself why a model %s, and logs it", async (_, answer) => {
    const tools = [{ name: "add", inputSchema: { type: "object" } }]
    const { exit } = await through(Sampling.message({ prompt: "Hi", tools }), answer)
    expect(failed(exit).message).toBe("The model did not answer: its reason is in the server's log.")
    expect(log).toHaveBeenCalledTimes(1)
  })
})
