import { BRAND, brandPrototype } from "./brand.ts"
import { type Content, isContent, textBlock } from "./content.ts"
import { jsonText, unserializable } from "./json-text.ts"

export { UnserializableResult } from "./json-text.ts"

/** What a tool call gives, in wire shape (MCP schema, "CallToolResult"); made by `result` or from what a handler returns. */
export interface ToolResult {
  readonly "~mcpipe/ToolResult": typeof BRAND
  readonly content: ReadonlyArray<Content>
  /** Any JSON value. */
  readonly structuredContent?: unknown
  readonly isError?: true | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

export interface ResultOptions {
  /** Default: the JSON text of `structured`, or nothing. */
  readonly content?: string | Content | ReadonlyArray<string | Content> | undefined
  /** A JSON value for `structuredContent`. */
  readonly structured?: unknown
  /** Sent as `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Whether the model should read it as a failure. Default false. */
  readonly isError?: boolean | undefined
}

/**
 * A tool's result, part by part; an UnserializableResult where `structured` or `meta` is no JSON value.
 * @example result({ content: "3 rows", structured: { rows }, meta: { took: 12 } })
 */
export const result = (options: ResultOptions): ToolResult => {
  const { content, structured } = options
  const text = structured === undefined ? undefined : jsonText(structured)
  const blocks = content !== undefined ? contentOf(content) : text === undefined ? [] : [textBlock(text)]
  const made = new Result(blocks) as Mutable<ToolResult>
  if (options.meta !== undefined) jsonText(options.meta)
  if (text !== undefined) made.structuredContent = asJson(structured, text)
  if (options.isError === true) made.isError = true
  if (options.meta !== undefined) made._meta = options.meta
  return made
}

/** A failure the model should read and act on: a result with `isError: true`. */
export const toolErrorResult = (message: string): ToolResult => {
  const made = new Result([textBlock(message)]) as Mutable<ToolResult>
  made.isError = true
  return made
}

/** Whether a value is a finished tool result. */
export const isToolResult = (u: unknown): u is ToolResult =>
  typeof u === "object" && u !== null && (u as Partial<ToolResult>)["~mcpipe/ToolResult"] === BRAND

/**
 * The result for what a tool's handler returned. Strings and numbers become text; content, or a non-empty array of
 * nothing else, becomes content; undefined becomes nothing; any other JSON value becomes its JSON text and
 * `structuredContent`. An UnserializableResult names what cannot be sent.
 */
export const toToolResult = (value: unknown): ToolResult => {
  if (typeof value === "string") return new Result([textBlock(value)]) as ToolResult
  if (typeof value === "number") return new Result([textBlock(String(value))]) as ToolResult
  if (value === undefined) return new Result([]) as ToolResult
  if (isToolResult(value)) return value
  if (isContent(value)) return new Result([value]) as ToolResult
  if (Array.isArray(value) && consistsOfContent(value)) return new Result(value) as ToolResult
  const text = jsonText(value)
  const made = new Result([textBlock(text)]) as Mutable<ToolResult>
  made.structuredContent = asJson(value, text)
  return made
}

/** A Date or URL becomes the string it travels as, so that encoders and middleware see what clients will. */
const asJson = (value: unknown, text: string): unknown =>
  typeof (value as { toJSON?: unknown } | null)?.toJSON === "function" ? JSON.parse(text) : value

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

class Result {
  readonly content: ReadonlyArray<Content>
  constructor(content: ReadonlyArray<Content>) {
    this.content = content
  }
}
brandPrototype(Result, "~mcpipe/ToolResult")

const contentOf = (content: NonNullable<ResultOptions["content"]>): ReadonlyArray<Content> => {
  const items = Array.isArray(content) ? (content as ReadonlyArray<string | Content>) : [content as string | Content]
  return items.map((item, index) => {
    if (typeof item === "string") return textBlock(item)
    if (isContent(item)) return item
    throw unserializable(`$.content[${index}]`, "is neither a string nor made by Content; write Content.text(…)")
  })
}

/** False for data; an array with both would lose its content to JSON text, so it is an error. */
const consistsOfContent = (items: ReadonlyArray<unknown>): boolean => {
  let count = 0
  for (const item of items) if (isContent(item)) count++
  if (count === 0) return false
  if (count < items.length) {
    const odd = items.findIndex((item) => !isContent(item))
    throw unserializable(
      `$[${odd}]`,
      "is not made by Content, though other items are; wrap it in Content.text(…), or return result({ content, structured })"
    )
  }
  return true
}
