import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Sampling } from "../services/sampling.ts"
import { textOf } from "../services/sampling-content.ts"
import { findJson } from "../services/sampling-json.ts"
import { jsonInstructions } from "../services/sampling-object.ts"
import type {
  SamplingAnswer,
  SamplingContent,
  SamplingMessageRequest,
  SamplingOptions,
  SamplingTool
} from "../builder/sampling-types.ts"
import { conversationOf } from "./from-prompt.ts"

/**
 * The model behind `Sampling` as a `LanguageModel` of `effect/ai`, for handlers to run what is written for that. It answers
 * in one piece where it is asked to stream. `options` go with every request; how sampling fails is an `AiError`.
 * @example server(info).tool(summarise).provide(languageModel({ maxTokens: 4000 }))
 */
export const languageModel = (options: SamplingOptions = {}): Layer.Layer<LanguageModel.LanguageModel> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.tap(
      LanguageModel.make({
        generateText: (asked) => generate(asked, options, "generateText"),
        streamText: (asked) =>
          Stream.fromIterableEffect(
            Effect.map(generate(asked, options, "streamText"), (parts) => parts.flatMap(streamed))
          )
      }),
      (made) => Effect.sync(() => void ours.add(made))
    )
  )

const ours = new WeakSet<LanguageModel.LanguageModel>()

/** Whether a model is one of ours, which would be asked by itself. */
export const asksTheClient = (model: LanguageModel.LanguageModel): boolean => ours.has(model)

type Asked = LanguageModel.ProviderOptions
type Made =
  | Response.TextPartEncoded
  | Response.FilePartEncoded
  | Response.ToolCallPartEncoded
  | Response.ResponseMetadataPartEncoded
  | Response.FinishPartEncoded

const generate = (
  asked: Asked,
  options: SamplingOptions,
  method: string
): Effect.Effect<Array<Made>, AiError.AiError> => {
  const failed = (reason: AiError.AiErrorReason) => AiError.make({ module: "mcpipe", method, reason })
  return Effect.withFiber((fiber) => {
    let request: SamplingMessageRequest
    try {
      request = requestOf(asked, options)
    } catch (error) {
      return Effect.fail(failed(new AiError.InvalidUserInputError({ description: (error as Error).message })))
    }
    const sampling = Context.getOrUndefined(fiber.context as Context.Context<any>, Sampling) ?? Sampling.live
    return Effect.mapBoth(sampling.message(request), {
      onFailure: (error) => failed(new AiError.UnknownError({ description: error.message })),
      onSuccess: (answer) => partsOf(answer, asked.responseFormat.type === "json")
    })
  })
}

const requestOf = (
  { prompt, tools, toolChoice, responseFormat }: Asked,
  options: SamplingOptions
): SamplingMessageRequest => {
  const { system, messages } = conversationOf(prompt)
  const both = [options.system, system].filter((text) => text !== undefined && text !== "").join("\n\n")
  const chosen = typeof toolChoice === "object" && "tool" in toolChoice ? toolChoice.tool : undefined
  const mode = typeof toolChoice === "string" ? toolChoice : "tool" in toolChoice ? "required" : toolChoice.mode
  return {
    ...options,
    prompt: messages,
    system:
      responseFormat.type === "json"
        ? jsonInstructions(both, LanguageModel.defaultCodecTransformer(responseFormat.schema).jsonSchema)
        : both,
    tools: tools.filter(({ name }) => chosen === undefined || name === chosen).map(toolOf),
    toolChoice: mode === "auto" ? undefined : mode
  }
}

const toolOf = (tool: Tool.Any): SamplingTool => {
  if (Tool.isProviderDefined(tool))
    throw new TypeError(`The tool ${tool.name} is one of a provider's; sampling has none.`)
  const description = Tool.getDescription(tool)
  return {
    name: tool.name,
    inputSchema: Tool.getJsonSchema(tool),
    ...(description === undefined ? undefined : { description })
  }
}

const partsOf = ({ content, model, stopReason }: SamplingAnswer, json: boolean): Array<Made> => [
  ...(json ? jsonOf(content) : content.flatMap(partOf)),
  { type: "response-metadata", modelId: model },
  { type: "finish", reason: reasons[stopReason ?? ""] ?? "other", usage: { inputTokens: {}, outputTokens: {} } }
]

const reasons: Readonly<Record<string, Response.FinishReason>> = {
  "": "unknown",
  endTurn: "stop",
  stopSequence: "stop",
  maxTokens: "length",
  toolUse: "tool-calls"
}

const partOf = (piece: SamplingContent): ReadonlyArray<Made> => {
  switch (piece.type) {
    case "text":
      return [{ type: "text", text: piece.text }]
    case "tool_use":
      return [{ type: "tool-call", id: piece.id, name: piece.name, params: piece.input }]
    case "tool_result":
      return []
    default:
      return [{ type: "file", mediaType: piece.mimeType, data: piece.data }]
  }
}

/** The JSON in an answer alone; text without any stays, for the error that it becomes. */
const jsonOf = (content: ReadonlyArray<SamplingContent>): ReadonlyArray<Made> => {
  const text = textOf(content)
  const others = content.filter(({ type }) => type !== "text").flatMap(partOf)
  if (text === undefined) return others
  const json = findJson(text)
  return [{ type: "text", text: json.found ? JSON.stringify(json.value) : text }, ...others]
}

const streamed = (part: Made, index: number): ReadonlyArray<Response.StreamPartEncoded> => {
  if (part.type !== "text") return [part]
  const id = `text-${index}`
  return [
    { type: "text-start", id },
    { type: "text-delta", id, delta: part.text },
    { type: "text-end", id }
  ]
}
