import * as Effect from "effect/Effect"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import type * as Layer from "effect/Layer"
import { toBase64 } from "../builder/base64.ts"
import { Sampling } from "../services/sampling.ts"
import { isRecord } from "../services/sampling-content.ts"
import type { SamplingModel, SamplingModelOptions } from "../services/sampling-model.ts"
import type { SamplingContent, SamplingReply, SamplingRequest, SamplingTool } from "../builder/sampling-types.ts"
import { asksTheClient } from "./language-model.ts"
import { promptOf } from "./to-prompt.ts"

export interface SamplingModelFromOptions extends SamplingModelOptions {
  /** What handlers are told the model is called where its provider does not say. Default `"server"`. */
  readonly name?: string | undefined
  /**
   * Applies what a request says beside its messages and tools, which `effect/ai` leaves to each provider: `maxTokens`,
   * `temperature`, `stopSequences`, `modelPreferences`, `metadata`. Default: none of it reaches the model.
   * @example ({ maxTokens }) => AnthropicLanguageModel.withConfigOverride({ max_tokens: maxTokens })
   */
  readonly configure?:
    | ((request: SamplingRequest) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>)
    | undefined
}

/**
 * A `LanguageModel` of `effect/ai` as the server's own model; see `Sampling.model`. Tools are offered to it and not run by
 * it; what it thinks beside its answer is left out.
 * @example server(info).provide(Layer.provide(samplingModel(), AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5" })))
 */
export const samplingModel = (
  options: SamplingModelFromOptions = {}
): Layer.Layer<SamplingModel, never, LanguageModel.LanguageModel> => {
  const { name = "server", configure = () => (effect) => effect, ...rest } = options
  return Sampling.model(
    (request): Effect.Effect<SamplingReply, unknown, LanguageModel.LanguageModel> =>
      Effect.flatMap(LanguageModel.LanguageModel, (model) => {
        if (asksTheClient(model)) {
          throw new Error(
            "samplingModel: it was given languageModel(), which itself samples; give it a provider's model."
          )
        }
        return Effect.map(configure(request)(generate(model, request)), ({ content }) => replyOf(content, name))
      }),
    rest
  )
}

interface Generated {
  readonly content: ReadonlyArray<Response.AnyPart>
}

const generate = (
  model: LanguageModel.LanguageModel,
  request: SamplingRequest
): Effect.Effect<Generated, AiError.AiError> => {
  const prompt = promptOf(request)
  if (request.tools === undefined) return model.generateText({ prompt })
  // its types follow the tools, which are not known here
  const generateText = model.generateText as (options: object) => Effect.Effect<Generated, AiError.AiError>
  return generateText({
    prompt,
    toolkit: toolkitOf(request.tools),
    toolChoice: request.toolChoice?.mode ?? "auto",
    disableToolCallResolution: true,
    // what is wrong with a call is for whoever runs the tool to say
    toolCallValidation: "deferred"
  })
}

type Tools = Record<string, Tool.Any>

const toolkitOf = (tools: ReadonlyArray<SamplingTool>): Toolkit.WithHandler<Tools> => {
  const made = tools.map(({ name, title, description = title, inputSchema }) =>
    Tool.dynamic(name, { description, parameters: { ...inputSchema } })
  )
  const handle = (name: string) => Effect.die(new Error(`samplingModel: the tool ${name} is not run here.`))
  return { tools: Toolkit.make(...made).tools as Tools, handle: handle as never }
}

const replyOf = (parts: Generated["content"], name: string): SamplingReply => {
  let model = name
  let reason: Response.FinishReason = "unknown"
  const content: Array<SamplingContent> = []
  for (const part of parts) {
    if (part.type === "text") content.push({ type: "text", text: part.text })
    else if (part.type === "file") content.push(mediaOf(part))
    else if (part.type === "tool-call") {
      // a provider's own tools have run already
      if (part.providerExecuted !== true)
        content.push({ type: "tool_use", id: part.id, name: part.name, input: inputOf(part) })
    } else if (part.type === "response-metadata") model = part.modelId ?? model
    else if (part.type === "finish") reason = part.reason
  }
  const stopReason = stopReasons[reason] ?? (reason === "unknown" ? undefined : reason)
  return { content, model, stopReason }
}

const stopReasons: Partial<Record<Response.FinishReason, string>> = {
  stop: "endTurn",
  length: "maxTokens",
  "tool-calls": "toolUse"
}

const inputOf = ({ name, params }: { readonly name: string; readonly params: unknown }) => {
  if (isRecord(params)) return params
  throw new Error(`The model called the tool ${name} with arguments that are no object.`)
}

const mediaOf = ({ mediaType, data }: Response.FilePart): SamplingContent => {
  const [kind] = mediaType.split("/")
  if (kind === "image" || kind === "audio")
    return { type: kind, data: toBase64(data, "samplingModel"), mimeType: mediaType }
  throw new Error(`The model gave a file of type ${mediaType}; an answer holds text, images and sound.`)
}
