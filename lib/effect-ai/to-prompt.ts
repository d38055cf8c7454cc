import type * as Prompt from "effect/ai/Prompt"
import type { AudioContent, ContentBlock, ImageContent } from "../builder/content.ts"
import type { SamplingContent, SamplingMessage, SamplingRequest, ToolUseResult } from "../builder/sampling-types.ts"

type Assistant = Exclude<Prompt.AssistantMessageEncoded["content"], string>[number]

/** The messages of a sampling request in the words of `effect/ai`. */
export const promptOf = ({ systemPrompt, messages }: SamplingRequest): ReadonlyArray<Prompt.MessageEncoded> => {
  const names = new Map<string, string>()
  const system = systemPrompt === undefined ? [] : [{ role: "system", content: systemPrompt } as const]
  return [...system, ...messages.map((message) => messageOf(message, names))]
}

/** `names` says which tool a use was of, which results do not. */
const messageOf = ({ role, content }: SamplingMessage, names: Map<string, string>): Prompt.MessageEncoded => {
  const results = content.filter((piece) => piece.type === "tool_result")
  if (results.length > 0) return { role: "tool", content: results.map((piece) => resultOf(piece, names)) }
  if (role === "assistant") return { role, content: content.map((piece) => assistantPart(piece, names)) }
  return { role, content: content.map(userPart) }
}

const userPart = (piece: SamplingContent): Prompt.TextPartEncoded | Prompt.FilePartEncoded => {
  if (piece.type === "text") return { type: "text", text: piece.text }
  return fileOf(piece as ImageContent | AudioContent)
}

const assistantPart = (piece: SamplingContent, names: Map<string, string>): Assistant => {
  if (piece.type !== "tool_use") return userPart(piece)
  names.set(piece.id, piece.name)
  return { type: "tool-call", id: piece.id, name: piece.name, params: piece.input }
}

const resultOf = (piece: ToolUseResult, names: Map<string, string>): Prompt.ToolResultPartEncoded => {
  const { toolUseId, content, structuredContent, isError } = piece
  const seen = content.some(({ type }) => type === "image" || type === "audio")
  return {
    type: "tool-result",
    id: toolUseId,
    name: names.get(toolUseId) ?? toolUseId,
    isFailure: isError === true,
    result: structuredContent ?? content.map(textOf).join("\n"),
    ...(seen ? { modelOutput: content.map(outputOf) } : undefined)
  }
}

const outputOf = (block: ContentBlock): Prompt.TextPartEncoded | Prompt.FilePartEncoded =>
  block.type === "image" || block.type === "audio" ? fileOf(block) : { type: "text", text: textOf(block) }

/** What text there is of a block; links and embedded resources as their JSON. */
const textOf = (block: ContentBlock): string => {
  if (block.type === "text") return block.text
  return block.type === "image" || block.type === "audio" ? block.mimeType : JSON.stringify(block)
}

/** Bytes, since providers take a string for base64 or for a URL. */
const fileOf = ({ data, mimeType }: ImageContent | AudioContent): Prompt.FilePartEncoded => ({
  type: "file",
  mediaType: mimeType,
  data: Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
})
