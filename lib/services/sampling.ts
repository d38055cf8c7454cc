import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { ComponentServices } from "../builder/component.ts"
import { type Handled, invokerOf, type ServicesOf } from "../builder/handler.ts"
import { makeIssue } from "../builder/issues.ts"
import type { InferOut, ObjectInput } from "../builder/schema.ts"
import type { Tool } from "../builder/tool.ts"
import { InvalidAnswer } from "./ask-errors.ts"
import { contentWords, textOf } from "./sampling-content.ts"
import type { SamplingError, TooManyTurns } from "./sampling-errors.ts"
import { modelLayer, type SamplingModel, type SamplingModelOptions } from "./sampling-model.ts"
import { askForObject, questionOf } from "./sampling-object.ts"
import { livePort, type Port, scriptedPort } from "./sampling-port.ts"
import { toRequest } from "./sampling-request.ts"
import type {
  SamplingAnswer,
  SamplingMessageRequest,
  SamplingObjectOptions,
  SamplingOptions,
  SamplingPrompt,
  SamplingReply,
  SamplingRequest,
  SamplingRun,
  SamplingRunRequest
} from "../builder/sampling-types.ts"
import { runTools } from "./tool-loop.ts"

export interface SamplingShape {
  readonly text: (
    prompt: SamplingPrompt,
    options?: SamplingOptions
  ) => Effect.Effect<string, SamplingError | InvalidAnswer>
  readonly message: (request: SamplingMessageRequest) => Effect.Effect<SamplingAnswer, SamplingError>
  readonly object: <const S extends ObjectInput>(
    prompt: SamplingPrompt,
    schema: S,
    options?: SamplingObjectOptions
  ) => Effect.Effect<InferOut<S>, SamplingError | InvalidAnswer>
  readonly run: <const Tools extends ReadonlyArray<Tool.Any>>(
    request: SamplingRunRequest<Tools>
  ) => Effect.Effect<SamplingRun, SamplingError | TooManyTurns, ComponentServices<Tools[number]>>
}

/**
 * Answers of a language model: the client's (MCP client/sampling), or the server's own where `Sampling.model` gives one.
 * The protocol deprecates asking the client's from 2026-07-28 on (SEP-2577), and every revision still has it.
 * Wrong options are defects; clients that cannot be asked are `ClientUnsupported`.
 */
export class Sampling extends Context.Service<Sampling, SamplingShape>()("mcpipe/Sampling") {
  declare readonly "~mcpipe/supplied": "request"

  /**
   * The text of the model's answer; an `InvalidAnswer` where it has none.
   * @example const line = yield* Sampling.text("One line about Rome", { maxTokens: 100 })
   */
  static text(
    prompt: SamplingPrompt,
    options?: SamplingOptions
  ): Effect.Effect<string, SamplingError | InvalidAnswer, Sampling> {
    return Sampling.use((service) => service.text(prompt, options))
  }

  /** The model's whole answer. */
  static message(request: SamplingMessageRequest): Effect.Effect<SamplingAnswer, SamplingError, Sampling> {
    return Sampling.use((service) => service.message(request))
  }

  /**
   * A value of a schema: valibot entries, a valibot schema or `jsonSchema(document)`. Invalid answers are asked again with
   * what is wrong with them, `attempts` times in all; then it fails with `InvalidAnswer`.
   * @example const { city } = yield* Sampling.object("Where is the Colosseum?", { city: v.string() })
   */
  static object<const S extends ObjectInput>(
    prompt: SamplingPrompt,
    schema: S,
    options?: SamplingObjectOptions
  ): Effect.Effect<InferOut<S>, SamplingError | InvalidAnswer, Sampling> {
    return Sampling.use((service) => service.object(prompt, schema, options))
  }

  /**
   * Lets the model use tools, run here, until it answers without; each use runs once along the rounds of a call. What goes
   * wrong in a tool is told to the model. Needs revision 2025-11-25 or later and the client's capability `sampling.tools`.
   * @example const { text } = yield* Sampling.run({ prompt: "What is 2 + 3?", tools: [add] })
   */
  static run<const Tools extends ReadonlyArray<Tool.Any>>(
    request: SamplingRunRequest<Tools>
  ): Effect.Effect<SamplingRun, SamplingError | TooManyTurns, ComponentServices<Tools[number]> | Sampling> {
    return Sampling.use((service) => service.run(request))
  }

  /**
   * A model of the server's own, from a function of the request that returns the answer, a promise or an Effect of it.
   * Its answers are recorded, so that a call of several rounds asks it once; its failures are logged, and `ModelFailed`.
   * @example server(info).provide(Sampling.model(({ messages }) => callMyModel(messages), { when: "always" }))
   */
  static model<Ret extends Handled<SamplingReply>>(
    answer: (request: SamplingRequest) => Ret,
    options?: SamplingModelOptions
  ): Layer.Layer<SamplingModel, never, ServicesOf<Ret>> {
    return modelLayer(answer, options)
  }

  /** Answers from a list, in order, or from a function of the request, for testing a handler without a server. */
  static layerTest(
    answers: ReadonlyArray<SamplingReply> | ((request: SamplingRequest) => Handled<SamplingReply>)
  ): Layer.Layer<Sampling> {
    return Layer.sync(Sampling, () => {
      const port = scriptedPort(typeof answers === "function" ? (invokerOf(answers) as Scripted) : inOrder(answers))
      return shapeOf(() => port)
    })
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static get live(): SamplingShape {
    return live
  }
}

type Scripted = Parameters<typeof scriptedPort>[0]

const inOrder = (answers: ReadonlyArray<SamplingReply>): Scripted => {
  let next = 0
  return ({ messages }) =>
    Effect.suspend(() => {
      const answer = answers[next++]
      if (answer !== undefined) return Effect.succeed(answer)
      const given = `${answers.length} ${answers.length === 1 ? "answer" : "answers"}`
      return Effect.die(
        new Error(`Sampling.layerTest: it has ${given}, and was asked once more: ${questionOf(messages)}`)
      )
    })
}

const shapeOf = (portOf: (fiber: Fiber.Fiber<unknown, unknown>, what: string) => Port): SamplingShape => ({
  text: (prompt, options = {}) =>
    Effect.withFiber((fiber) => {
      const request = toRequest(prompt, options, "Sampling.text")
      return Effect.flatMap(portOf(fiber, "Sampling.text").answer(request, options.key), ({ content }) => {
        const text = textOf(content)
        if (text !== undefined) return Effect.succeed(text)
        const issue = makeIssue([], "text", contentWords(content))
        return Effect.fail(new InvalidAnswer(questionOf(request.messages), [issue], 1))
      })
    }),
  message: (options) =>
    Effect.withFiber((fiber) =>
      portOf(fiber, "Sampling.message").answer(toRequest(options.prompt, options, "Sampling.message"), options.key)
    ),
  object: (prompt, schema, options = {}) =>
    Effect.withFiber((fiber) => askForObject(portOf(fiber, "Sampling.object"), prompt, schema, options)),
  run: (request) => Effect.withFiber((fiber) => runTools(portOf(fiber, "Sampling.run"), request))
})

const live: SamplingShape = shapeOf(livePort)
