import { Content as TextContent, type Content } from "../builder/content.ts"
import { jsonSchema } from "../builder/json-schema.ts"
import type { Decoded, JsonSchemaDocument } from "../builder/schema.ts"
import type { Tool } from "../builder/tool.ts"
import { result, type ToolResult } from "../builder/tool-result.ts"
import { contentItems } from "./cut-content.ts"
import { cutList } from "./cut-list.ts"
import { cutValue, impossible } from "./cut-value.ts"
import { Cuts, metaBytesOf, metaKey } from "./cuts.ts"
import { fitsInto, jsonBytes, jsonOf } from "./json-bytes.ts"

/** What is around content, structured content and metadata in a result's JSON. */
const aroundResult = 80

/**
 * A tool's result that takes at most so many bytes of JSON and fits its output schema; undefined where there is none. The
 * given one is known to take more.
 */
export const cutResult = (
  given: ToolResult,
  tool: Tool.Any,
  maxBytes: number,
  suffix: string
): ToolResult | undefined => {
  const metaBytes = metaBytesOf(maxBytes)
  const cuts = new Cuts(maxBytes, metaBytes)
  const ownMeta = given._meta === undefined ? 0 : jsonBytes(given._meta, Math.floor(maxBytes / 4))
  const meta = ownMeta <= maxBytes / 4 ? given._meta : undefined
  if (given._meta !== undefined && meta === undefined) {
    cuts.add("$._meta", 0, jsonBytes(given._meta, Number.POSITIVE_INFINITY), "bytes")
  }
  const room = maxBytes - metaBytes - aroundResult - (meta === undefined ? 0 : ownMeta)
  const parts = cutParts(given, room, suffix, cuts)
  if (parts === undefined) return undefined
  const { content, structured } = parts
  if (structured !== given.structuredContent && given.isError !== true && !matches(tool, structured)) return undefined
  const made = result({
    content: content as any,
    structured,
    isError: given.isError,
    meta: { ...meta, [metaKey]: cuts.truncated }
  })
  return fitsInto(made, maxBytes) ? made : undefined
}

interface Parts {
  readonly content: ReadonlyArray<Content>
  readonly structured: unknown
}

const cutParts = (given: ToolResult, room: number, suffix: string, cuts: Cuts): Parts | undefined => {
  const { content, structuredContent } = given
  const cutBlocks = (bytes: number) =>
    jsonBytes(content, bytes) <= bytes
      ? content
      : cutList(content, bytes, contentItems(suffix, cuts), cuts, "$.content")
  if (structuredContent === undefined) {
    const cut = cutBlocks(room)
    return cut && { content: cut, structured: undefined }
  }
  const structuredIn = (bytes: number) => cutValue(structuredContent, bytes, suffix, cuts, "$.structuredContent")
  if (isTextOf(content, structuredContent)) return cutTwice(room, content[0]!, structuredIn)
  const half = Math.floor(room / 2)
  const ofContent = jsonBytes(content, half)
  const ofStructured = jsonBytes(structuredContent, half)
  const cut = cutBlocks(ofStructured <= half ? room - ofStructured : Math.min(ofContent, half))
  const structured = structuredIn(ofContent <= half ? room - ofContent : Math.min(ofStructured, half))
  return cut === undefined || structured === impossible ? undefined : { content: cut, structured }
}

/** Structured content and the text that repeats it, which is escaped once more. */
const cutTwice = (room: number, block: Content, structuredIn: (bytes: number) => unknown): Parts | undefined => {
  const options = { annotations: block.annotations, meta: block._meta }
  const around = jsonBytes([TextContent.text("", options)], room)
  // quotes make the text longer than what it repeats, at worst twice as long
  const structured = structuredIn(Math.floor((room - around) / 3))
  if (structured === impossible) return undefined
  return { content: [TextContent.text(JSON.stringify(structured), options)], structured }
}

/** How many characters of a text are compared with what it may repeat. */
const compared = 65_536

/** Whether content is the JSON text of the structured content, as far as its beginning tells. */
const isTextOf = (content: ReadonlyArray<Content>, structured: unknown): boolean => {
  const [only] = content
  if (content.length !== 1 || only?.type !== "text") return false
  const end = endIn(only.text, structured, "", 0)
  return end === only.text.length || end > compared
}

/** Where the JSON of a value that begins at `at` ends in a text; -1 where it is not there. Beyond `compared` nobody looks. */
const endIn = (text: string, given: unknown, key: string, at: number): number => {
  if (at < 0 || at > compared) return at
  const after = (token: string, from: number) => (from >= 0 && text.startsWith(token, from) ? from + token.length : -1)
  const value = jsonOf(given, key)
  if (typeof value === "string" && value.length > compared) {
    // without its end, which may be half a character
    const beginning = JSON.stringify(value.slice(0, compared)).slice(0, -8)
    return after(beginning, at) === -1 ? -1 : compared + 1
  }
  if (typeof value !== "object" || value === null) return after(JSON.stringify(value) ?? "null", at)
  const isList = Array.isArray(value)
  let end = after(isList ? "[" : "{", at)
  let separator = ""
  for (const name in value) {
    if (end < 0 || end > compared) return end
    const inner = (value as Record<string, unknown>)[name]
    if (!isList && (inner === undefined || typeof inner === "function" || typeof inner === "symbol")) continue
    end = after(`${separator}${isList ? "" : `${JSON.stringify(name)}:`}`, end)
    end = endIn(text, inner, name, end)
    separator = ","
  }
  return end > compared ? end : after(isList ? "]" : "}", end)
}

const checks = new WeakMap<JsonSchemaDocument, (value: unknown) => Decoded<unknown>>()

/** Whether a value is what clients were told to expect; a schema that cannot be checked is taken to refuse it. */
const matches = ({ output }: Tool.Any, structured: unknown): boolean => {
  if (output === undefined) return true
  let check = checks.get(output.jsonSchema)
  if (check === undefined) {
    try {
      check = jsonSchema(output.jsonSchema).decode
    } catch {
      check = () => ({ ok: false, issues: [] })
    }
    checks.set(output.jsonSchema, check)
  }
  return check(structured).ok
}
