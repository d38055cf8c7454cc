import { type Content, Content as make, type ContentBlock } from "../builder/content.ts"
import type { ResourceContents } from "../builder/content-types.ts"
import { type PromptMessage, Prompt, type PromptResult } from "../builder/messages.ts"
import type { ReadResult } from "../builder/middleware.ts"
import type { Tool } from "../builder/tool.ts"
import { originOf, result, type ToolResult, toToolResult, toolErrorResult } from "../builder/tool-result.ts"
import { fittingOutput } from "./redact-output.ts"
import type { RedactionRules } from "./redaction-rules.ts"

/** Redacts results of tools; the very result where there is nothing to hide. Throws where the output schema forbids it. */
export const toolRedactor = (rules: RedactionRules): ((given: ToolResult, tool: Tool.Any) => ToolResult) => {
  const fitting = fittingOutput()
  return (given, tool) => {
    const { structuredContent: before, _meta } = given
    const redacted = before === undefined ? before : rules.value(before)
    const after = redacted === before || given.isError === true ? redacted : fitting(before, redacted, tool)
    const textOf = before === undefined ? (text: string) => rules.document(text) : jsonAware(rules, before, after)
    const content = mapped(given.content, (block) => redactedBlock(block, rules, textOf))
    const meta = _meta && (rules.value(_meta) as typeof _meta)
    if (after === before && content === given.content && meta === _meta) return given
    return remade(given, content, after, meta)
  }
}

/** The text that a result was made with is its structured content, which need not be read again. */
const jsonAware = (rules: RedactionRules, before: unknown, after: unknown): ((text: string) => string) => {
  let json: string | undefined
  return (text) => {
    json ??= JSON.stringify(before)
    if (text !== json) return rules.document(text)
    return after === before ? text : JSON.stringify(after)
  }
}

/** What peers in this process can tell of a result beyond its JSON stays true, or is gone. */
const remade = (
  given: ToolResult,
  content: ReadonlyArray<Content>,
  structured: unknown,
  meta: ToolResult["_meta"]
): ToolResult => {
  const origin = originOf(given.content)
  const [only] = content
  if (origin !== undefined && content !== given.content && only?.type === "text" && structured === undefined && !meta) {
    if (origin.type === "failed") return toolErrorResult(only.text)
    if (given.isError !== true) return toToolResult(only.text)
  }
  return result({ content, structured, meta, isError: given.isError })
}

/** What is read from a resource. */
export const redactedContents = (given: ReadResult, rules: RedactionRules): ReadResult => {
  const contents = mapped(given.contents, (item) => redactedItem(item, rules, (text) => rules.document(text)))
  return contents === given.contents ? given : { ...given, contents }
}

/** The messages of a prompt. */
export const redactedPrompt = (given: PromptResult, rules: RedactionRules): PromptResult => {
  const textOf = (text: string) => rules.document(text)
  const messages = mapped(given.messages, (message): PromptMessage => {
    const content = redactedBlock(message.content, rules, textOf)
    return content === message.content ? message : Prompt[message.role](content)
  })
  const description = given.description === undefined ? undefined : rules.text(given.description)
  const meta = given._meta && (rules.value(given._meta) as typeof given._meta)
  if (messages === given.messages && description === given.description && meta === given._meta) return given
  return Prompt.result({ messages: messages.map(branded), description, meta })
}

/** Mounts hand on messages that only look like ours. */
const branded = (message: PromptMessage): PromptMessage => Prompt[message.role](message.content)

const redactedBlock = (block: Content, rules: RedactionRules, textOf: (text: string) => string): Content => {
  const changes: Record<string, unknown> = {}
  const meta = block._meta && rules.value(block._meta)
  if (meta !== block._meta) changes["_meta"] = meta
  switch (block.type) {
    case "text": {
      const text = textOf(block.text)
      if (text === block.text && meta === block._meta) return block
      return make.text(text, { annotations: block.annotations, meta: meta as typeof block._meta })
    }
    case "resource": {
      const resource = redactedItem(block.resource, rules, (text) => rules.document(text))
      if (resource !== block.resource) changes["resource"] = resource
      return patched(block, changes)
    }
    case "resource_link":
      for (const name of ["name", "title", "description"] as const) {
        const words = block[name]
        const clean = words === undefined ? words : rules.text(words)
        if (clean !== words) changes[name] = clean
      }
      return patched(block, changes)
    default:
      return patched(block, changes)
  }
}

const redactedItem = (
  item: ResourceContents,
  rules: RedactionRules,
  textOf: (text: string) => string
): ResourceContents => {
  const changes: Record<string, unknown> = {}
  const text = item.text === undefined ? undefined : textOf(item.text)
  if (text !== item.text) changes["text"] = text
  const meta = item._meta && rules.value(item._meta)
  if (meta !== item._meta) changes["_meta"] = meta
  return patched(item, changes)
}

/** The same with other members: its brand, and the reference it carries unseen, go along. */
const patched = <A extends ContentBlock | ResourceContents>(
  source: A,
  changes: Readonly<Record<string, unknown>>
): A => {
  const names = Object.keys(changes)
  if (names.length === 0) return source
  const members: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(source)
  for (const name of names) members[name] = { value: changes[name], enumerable: true }
  return Object.freeze(Object.create(Object.getPrototypeOf(source), members))
}

/** The very array where no item changed. */
const mapped = <A>(items: ReadonlyArray<A>, change: (item: A) => A): ReadonlyArray<A> => {
  let changed = false
  const made = items.map((item) => {
    const one = change(item)
    changed ||= one !== item
    return one
  })
  return changed ? made : items
}
