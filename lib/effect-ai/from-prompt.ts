import type * as Prompt from "effect/ai/Prompt"
import { toBase64 } from "../builder/base64.ts"
import type { ContentBlock } from "../builder/content.ts"
import type { SamplingContent, SamplingMessage, ToolUseResult } from "../builder/sampling-types.ts"

/** A prompt of `effect/ai` as a sampled conversation; throws a TypeError for what the protocol has no place for. */
export const conversationOf = (
  prompt: Prompt.Prompt
): { readonly system: string | undefined; readonly messages: ReadonlyArray<SamplingMessage> } => {
  const system: Array<string> = []
  const messages: Array<SamplingMessage> = []
  for (const message of prompt.content) {
    if (message.role === "system") {
      system.push(message.content)
      continue
    }
    const role = message.role === "assistant" ? "assistant" : "user"
    const content = (message.content as ReadonlyArray<Prompt.Part>).flatMap(contentOf)
    if (content.length > 0) messages.push({ role, content })
  }
  return { system: system.length === 0 ? undefined : system.join("\n\n"), messages }
}

/** Thoughts, approvals and what a provider's own tools did are that provider's. */
const contentOf = (part: Prompt.Part): ReadonlyArray<SamplingContent> => {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text }]
    case "file":
      return [mediaOf(part)]
    case "tool-call":
      return part.providerExecuted ? [] : [{ type: "tool_use", id: part.id, name: part.name, input: inputOf(part) }]
    case "tool-result":
      return part.providerExecuted ? [] : [resultOf(part)]
    default:
      return []
  }
}

const resultOf = ({ id, isFailure, result, modelOutput }: Prompt.ToolResultPart): ToolUseResult => {
  const content: ReadonlyArray<ContentBlock> = modelOutput?.map((part) =>
    part.type === "text" ? { type: "text", text: part.text } : mediaOf(part)
  ) ?? [{ type: "text", text: typeof result === "string" ? result : (JSON.stringify(result) ?? "") }]
  return { type: "tool_result", toolUseId: id, content, ...(isFailure ? { isError: true } : undefined) }
}

const inputOf = ({ name, params }: Prompt.ToolCallPart): Readonly<Record<string, unknown>> => {
  if (typeof params === "object" && params !== null && !Array.isArray(params)) return params as Record<string, unknown>
  throw new TypeError(`The arguments of the tool ${name} must be an object.`)
}

const mediaOf = ({ mediaType, data }: Prompt.FilePart): Extract<ContentBlock, { readonly type: "image" | "audio" }> => {
  const [kind] = mediaType.split("/")
  if (kind !== "image" && kind !== "audio") {
    throw new TypeError(`A file of type ${mediaType} cannot be sampled with: messages hold text, images and sound.`)
  }
  if (data instanceof URL) throw new TypeError(`The file at ${data.href} cannot be sampled with: give its bytes.`)
  const base64 = typeof data === "string" ? data.replace(/^data:[^,]*;base64,/, "") : data
  return { type: kind, data: toBase64(base64, "languageModel"), mimeType: mediaType }
}
