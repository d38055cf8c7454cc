import { BRAND, brandPrototype } from "./brand.ts"
import { type Branded, type Content, isContent, textBlock } from "./content.ts"
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

/** A failure the model should read and act on: a result with `isError: true`. `behind` is why, for `originOf`. */
export const toolErrorResult = (message: string, behind?: unknown): ToolResult => {
  const made = new Result([new FailureText(message, behind) as FailureText & Branded]) as Mutable<ToolResult>
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
  if (typeof value === "string") return new Result([new StringText(value) as StringText & Branded]) as ToolResult
  if (typeof value === "number") return new Result([new NumberText(value) as NumberText & Branded]) as ToolResult
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

/** What content was made from, where that is one value. */
export type Origin =
  | { readonly type: "returned"; readonly value: string | number }
  | { readonly type: "failed"; readonly behind: unknown }

/** What a peer in this process, which gets the very objects, can tell of a result's content beyond what JSON says. */
export const originOf = (content: ReadonlyArray<unknown>): Origin | undefined => {
  const [only] = content
  if (content.length !== 1) return undefined
  if (only instanceof StringText) return { type: "returned", value: only.text }
  if (only instanceof NumberText) return { type: "returned", value: Number(only.text) }
  return only instanceof FailureText ? { type: "failed", behind: only.behind() } : undefined
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

class Result {
  readonly content: ReadonlyArray<Content>
  constructor(content: ReadonlyArray<Content>) {
    this.content = content
  }
}
brandPrototype(Result, "~mcpipe/ToolResult")

/** Text that was a string; three classes, because a prototype tells them apart for nothing. */
class StringText {
  readonly type = "text"
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
class NumberText {
  readonly type = "text"
  readonly text: string
  constructor(value: number) {
    this.text = String(value)
  }
}
class FailureText {
  readonly type = "text"
  readonly text: string
  readonly #behind: unknown
  constructor(text: string, behind: unknown) {
    this.text = text
    this.#behind = behind
  }
  behind(): unknown {
    return this.#behind
  }
}
brandPrototype(StringText, "~mcpipe/Content")
brandPrototype(NumberText, "~mcpipe/Content")
brandPrototype(FailureText, "~mcpipe/Content")

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
