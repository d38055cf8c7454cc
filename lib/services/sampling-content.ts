import type { SamplingContent, SamplingPart, ToolUse, ToolUseResult } from "../builder/sampling-types.ts"

/** Whether a value is a piece of a sampled conversation in wire shape, as a client or an author may give one. */
export const isSamplingContent = (u: unknown): u is SamplingContent => {
  if (!isRecord(u) || !isOptionalRecord(u["_meta"])) return false
  switch (u["type"]) {
    case "text":
      return typeof u["text"] === "string"
    case "image":
    case "audio":
      return typeof u["data"] === "string" && typeof u["mimeType"] === "string"
    case "tool_use":
      return typeof u["id"] === "string" && typeof u["name"] === "string" && isRecord(u["input"])
    case "tool_result":
      return typeof u["toolUseId"] === "string" && Array.isArray(u["content"]) && u["content"].every(isRecord)
    default:
      return false
  }
}

/** A piece as plain JSON; throws a TypeError that says what to give instead, with `where` in front. */
export const toContent = (part: SamplingPart, where: string): SamplingContent => {
  if (typeof part === "string") return { type: "text", text: part }
  if (isSamplingContent(part)) return { ...part }
  const type = (part as { readonly type?: unknown } | null | undefined)?.type
  if (type === "resource" || type === "resource_link") {
    throw new TypeError(
      `${where}: a model's messages hold text, images and sound, not a ${type}; read it and give its text.`
    )
  }
  throw new TypeError(`${where}: give strings, or content made by Content.text, Content.image or Content.audio.`)
}

/** All text of an answer, joined; undefined where there is none. */
export const textOf = (content: ReadonlyArray<SamplingContent>): string | undefined => {
  const texts = content.flatMap((piece) => (piece.type === "text" ? [piece.text] : []))
  return texts.length === 0 ? undefined : texts.join("")
}

/** What an answer consists of, in words: `image/png, use of tool "add"`. */
export const contentWords = (content: ReadonlyArray<SamplingContent>): string =>
  content.length === 0 ? "nothing" : content.map(wordsOf).join(", ")

const wordsOf = (piece: SamplingContent): string => {
  if (piece.type === "tool_use") return `use of tool ${JSON.stringify(piece.name)}`
  if (piece.type === "image" || piece.type === "audio") return piece.mimeType
  return piece.type === "text" ? "text" : "result of a tool"
}

export const isToolUse = (piece: SamplingContent): piece is ToolUse => piece.type === "tool_use"

export const isToolUseResult = (piece: SamplingContent): piece is ToolUseResult => piece.type === "tool_result"

export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

const isOptionalRecord = (u: unknown): boolean => u === undefined || isRecord(u)
