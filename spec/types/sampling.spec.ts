import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { Prompt } from "../../lib/builder/messages.ts"
import { jsonSchema } from "../../lib/builder/schema.ts"
import { tool } from "../../lib/builder/tool.ts"
import type { AskRefused, AskTimedOut, ClientUnsupported, InvalidAnswer } from "../../lib/services/ask-errors.ts"
import { Progress } from "../../lib/services/progress.ts"
import { type Root, Roots } from "../../lib/services/roots.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import type { ModelFailed, TooManyTurns } from "../../lib/services/sampling-errors.ts"
import type { SamplingModel } from "../../lib/services/sampling-model.ts"
import type { SamplingAnswer, SamplingRun } from "../../lib/builder/sampling-types.ts"
import { Cache, Db, User } from "./services.ts"

type Refusal = AskRefused | AskTimedOut | ClientUnsupported | ModelFailed

describe("Sampling", () => {
  it("text is a string, asked for with strings, content, messages and answers", () => {
    type Text = Effect.Effect<string, Refusal | InvalidAnswer, Sampling>
    expectTypeOf(Sampling.text("Hi")).toEqualTypeOf<Text>()
    expectTypeOf(Sampling.text(Content.text("Hi"), { maxTokens: 5, system: undefined })).toEqualTypeOf<Text>()
    const answer = {} as SamplingAnswer
    Sampling.text([
      "Hi",
      Content.image("aGk=", "image/png"),
      Prompt.assistant("a"),
      answer,
      { role: "user", content: "a" }
    ])
    Sampling.text([{ role: "user", content: ["a", Content.text("b"), { type: "text", text: "c" }] }])
    // @ts-expect-error no such role
    Sampling.text({ role: "system", content: "a" })
    // @ts-expect-error deprecated by the protocol
    Sampling.text("Hi", { includeContext: "thisServer" })
  })

  it("message is the whole answer, with mcpipe's tools or others", () => {
    const add = tool({ name: "add" }, () => 1)
    const asked = Sampling.message({ prompt: "Hi", tools: [add, { name: "sub", inputSchema: {} }], toolChoice: "none" })
    expectTypeOf(asked).toEqualTypeOf<Effect.Effect<SamplingAnswer, Refusal, Sampling>>()
  })

  it("object is what its schema makes", () => {
    type Of<A> = Effect.Effect<A, Refusal | InvalidAnswer, Sampling>
    expectTypeOf(Sampling.object("Hi", { a: v.string(), b: v.optional(v.number(), 1) })).toEqualTypeOf<
      Of<{ a: string; b: number }>
    >()
    const numbers = v.array(v.pipe(v.string(), v.transform(Number)))
    expectTypeOf(Sampling.object("Hi", numbers, { attempts: 2 })).toEqualTypeOf<Of<Array<number>>>()
    expectTypeOf(Sampling.object("Hi", jsonSchema<{ q: string }>({}))).toEqualTypeOf<Of<{ q: string }>>()
    // @ts-expect-error not a schema
    Sampling.object("Hi", 5)
  })

  it("run needs what its tools need", () => {
    const find = tool({ name: "find", uses: { db: Db } }, () => 1)
    const who = tool({ name: "who" }, function* () {
      yield* Progress.report(1)
      return (yield* User).id
    })
    type Run<R> = Effect.Effect<SamplingRun, Refusal | TooManyTurns, R | Sampling>
    expectTypeOf(Sampling.run({ prompt: "Hi", tools: [find, who] })).toEqualTypeOf<Run<Db | User | Progress>>()
    expectTypeOf(
      Sampling.run({ messages: [Prompt.user("Hi")], tools: [find], maxTurns: 3, concurrency: 1 })
    ).toEqualTypeOf<Run<Db>>()
    const some = [find, who]
    expectTypeOf(Sampling.run({ prompt: "Hi", tools: some })).toEqualTypeOf<Run<Db | User | Progress>>()
    // @ts-expect-error either of the two
    Sampling.run({ prompt: "Hi", messages: "Ho", tools: [find] })
    // @ts-expect-error one of the two
    Sampling.run({ tools: [find] })
    // @ts-expect-error in the last turn it could not be kept
    Sampling.run({ prompt: "Hi", tools: [find], toolChoice: "none" })
  })

  it("model takes a function of any form, and needs what that needs", () => {
    expectTypeOf(Sampling.model(() => "a")).toEqualTypeOf<Layer.Layer<SamplingModel>>()
    expectTypeOf(Sampling.model(async ({ messages }) => ({ content: messages.length.toString() }))).toEqualTypeOf<
      Layer.Layer<SamplingModel>
    >()
    const cached = Sampling.model(
      function* ({ systemPrompt }) {
        return (yield* Cache).get(systemPrompt ?? "") ?? ""
      },
      { when: "always" }
    )
    expectTypeOf(cached).toEqualTypeOf<Layer.Layer<SamplingModel, never, Cache>>()
    // @ts-expect-error no answer
    Sampling.model(() => 5)
  })

  it("layerTest needs nothing", () => {
    expectTypeOf(Sampling.layerTest(["a", { content: "b", model: "m" }])).toEqualTypeOf<Layer.Layer<Sampling>>()
    expectTypeOf(Sampling.layerTest(async () => "a")).toEqualTypeOf<Layer.Layer<Sampling>>()
  })
})

it("Roots.list is the client's roots", () => {
  expectTypeOf(Roots.list).toEqualTypeOf<
    Effect.Effect<ReadonlyArray<Root>, AskRefused | AskTimedOut | ClientUnsupported, Roots>
  >()
})
