import { BRAND, brandPrototype } from "./brand.ts"
import { type Content, isContent, textBlock } from "./content.ts"
import { jsonText, unserializable } from "./json-text.ts"

/** One message of a prompt, in wire shape (MCP schema, "PromptMessage"), made by `Prompt.user` or `Prompt.assistant`. */
export interface PromptMessage {
  readonly "~mcpipe/PromptMessage": typeof BRAND
  readonly role: "user" | "assistant"
  readonly content: Content
}

/** What a prompt gives, in wire shape (MCP schema, "GetPromptResult"), made by `Prompt.result` or from what a handler returns. */
export interface PromptResult {
  readonly "~mcpipe/PromptResult": typeof BRAND
  readonly messages: ReadonlyArray<PromptMessage>
  readonly description?: string | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

export interface PromptResultOptions {
  readonly messages: string | PromptMessage | ReadonlyArray<string | PromptMessage>
  /** Default: the prompt's own, which clients know from the list. */
  readonly description?: string | undefined
  /** Sent as `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
}

/** What a prompt's handler may return; a string is a message of the user. */
export type PromptReturn = string | PromptMessage | ReadonlyArray<string | PromptMessage> | PromptResult

/** Makes the messages a prompt consists of. */
export const Prompt = {
  /** A message of the user. */
  user: (content: string | Content): PromptMessage => message("user", content),

  /** A message of the model. */
  assistant: (content: string | Content): PromptMessage => message("assistant", content),

  /** Messages with a description or metadata. */
  result: (options: PromptResultOptions): PromptResult => {
    const made = new Result(messagesOf(options.messages, "$.messages")) as Mutable<PromptResult>
    if (options.description !== undefined) made.description = options.description
    if (options.meta !== undefined) {
      jsonText(options.meta)
      made._meta = options.meta
    }
    return made
  }
}

/** The result for what a prompt's handler returned; an UnserializableResult says what to return instead. */
export const toMessages = (value: unknown): PromptResult =>
  isPromptResult(value) ? value : (new Result(messagesOf(value, "$")) as PromptResult)

/** Whether a value is a finished prompt result. */
export const isPromptResult = (u: unknown): u is PromptResult =>
  typeof u === "object" && u !== null && (u as Partial<PromptResult>)["~mcpipe/PromptResult"] === BRAND

const isMessage = (u: unknown): u is PromptMessage =>
  typeof u === "object" && u !== null && (u as Partial<PromptMessage>)["~mcpipe/PromptMessage"] === BRAND

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

class Message {
  readonly role: PromptMessage["role"]
  readonly content: Content
  constructor(role: PromptMessage["role"], content: Content) {
    this.role = role
    this.content = content
  }
}
class Result {
  readonly messages: ReadonlyArray<PromptMessage>
  constructor(messages: ReadonlyArray<PromptMessage>) {
    this.messages = messages
  }
}
brandPrototype(Message, "~mcpipe/PromptMessage")
brandPrototype(Result, "~mcpipe/PromptResult")

const message = (role: PromptMessage["role"], content: string | Content): PromptMessage => {
  if (typeof content !== "string" && !isContent(content)) {
    throw new TypeError(`Prompt.${role}: give a string or a value made by Content; several need a message each.`)
  }
  return Object.freeze(new Message(role, typeof content === "string" ? textBlock(content) : content)) as PromptMessage
}

const messagesOf = (value: unknown, path: string): ReadonlyArray<PromptMessage> =>
  Array.isArray(value) ? value.map((item, index) => messageOf(item, `${path}[${index}]`)) : [messageOf(value, path)]

const messageOf = (value: unknown, path: string): PromptMessage => {
  if (isMessage(value)) return value
  if (typeof value === "string") return message("user", value)
  const what = value === undefined ? "is undefined" : isContent(value) ? "is content without a role" : "is no message"
  throw unserializable(path, `${what}; return a string, Prompt.user(…) or Prompt.assistant(…)`)
}
