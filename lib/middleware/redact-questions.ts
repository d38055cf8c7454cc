import type { AskRequest } from "../services/asks.ts"
import type { RedactionRules } from "./redaction-rules.ts"

type Members = Readonly<Record<string, unknown>>

/**
 * Redacts what a question says, and nothing that its answer is read by: names of fields, URLs and ids stay. Throws where a
 * choice would have to change.
 */
export const redactedQuestion =
  (rules: RedactionRules) =>
  (request: AskRequest): AskRequest => {
    const { method, params } = request
    if (method === "roots/list") return request
    const changes = method === "elicitation/create" ? inElicitation(params, rules) : inSampling(params, rules)
    return Object.keys(changes).length === 0 ? request : { method, params: { ...params, ...changes } }
  }

const inElicitation = ({ message, requestedSchema }: Members, rules: RedactionRules): Members => {
  const changes: Record<string, unknown> = {}
  put(changes, "message", message, typeof message === "string" ? rules.text(message) : message)
  if (isMembers(requestedSchema)) put(changes, "requestedSchema", requestedSchema, redactedForm(requestedSchema, rules))
  return changes
}

const redactedForm = (schema: Members, rules: RedactionRules): Members => {
  const properties = schema["properties"]
  if (!isMembers(properties)) return schema
  let changed = false
  const made: Record<string, unknown> = {}
  // fields of the form are fields of what is filled in
  const defaults = Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      isMembers(field) && field["default"] !== undefined ? [[name, field["default"]]] : []
    )
  )
  const clean = rules.value(defaults) as Members
  for (const [name, field] of Object.entries(properties)) {
    const kept = !Object.hasOwn(defaults, name) || (Object.hasOwn(clean, name) && clean[name] === defaults[name])
    made[name] = isMembers(field) ? redactedField(name, field, kept, rules) : field
    changed ||= made[name] !== field
  }
  return changed ? { ...schema, properties: made } : schema
}

const redactedField = (name: string, field: Members, keepsDefault: boolean, rules: RedactionRules): Members => {
  const changes: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(field)) {
    switch (key) {
      case "title":
      case "description":
      case "enumNames":
        put(changes, key, value, rules.value(value))
        break
      case "enum":
        if (rules.value(value) !== value) throw secretChoice(name)
        break
      case "oneOf":
      case "anyOf":
        put(changes, key, value, redactedChoices(name, value, rules))
        break
      case "items":
        if (isMembers(value)) put(changes, key, value, redactedField(name, value, true, rules))
    }
  }
  if (keepsDefault) return Object.keys(changes).length === 0 ? field : { ...field, ...changes }
  // a masked default would be taken for an answer
  const { default: _, ...rest } = field
  return { ...rest, ...changes }
}

const redactedChoices = (name: string, choices: unknown, rules: RedactionRules): unknown => {
  if (!Array.isArray(choices)) return choices
  const made = choices.map((choice: Members) => {
    if (rules.value(choice["const"]) !== choice["const"]) throw secretChoice(name)
    const title = rules.value(choice["title"])
    return title === choice["title"] ? choice : { ...choice, title }
  })
  return made.every((choice, index) => choice === choices[index]) ? choices : made
}

const secretChoice = (name: string): Error =>
  new TypeError(
    `redact: a choice of the question's field ${JSON.stringify(name)} is to be redacted, and its answer could not be told from others; ` +
      "let choices be ids, and give them titles."
  )

const inSampling = (params: Members, rules: RedactionRules): Members => {
  const changes: Record<string, unknown> = {}
  const { systemPrompt, metadata, messages } = params
  if (typeof systemPrompt === "string") put(changes, "systemPrompt", systemPrompt, rules.document(systemPrompt))
  put(changes, "metadata", metadata, rules.value(metadata))
  if (Array.isArray(messages)) {
    put(
      changes,
      "messages",
      messages,
      sameOr(messages, (message: Members) => {
        const content = message["content"]
        const clean = Array.isArray(content)
          ? sameOr(content, (block) => redactedPart(block, rules))
          : redactedPart(content, rules)
        return clean === content ? message : { ...message, content: clean }
      })
    )
  }
  return changes
}

/** One block of a message to the model; what tools were given and gave is data. */
const redactedPart = (block: unknown, rules: RedactionRules): unknown => {
  if (!isMembers(block)) return block
  const changes: Record<string, unknown> = {}
  const { text, content, input, structuredContent } = block
  if (typeof text === "string") put(changes, "text", text, rules.document(text))
  if (Array.isArray(content))
    put(
      changes,
      "content",
      content,
      sameOr(content, (one) => redactedPart(one, rules))
    )
  if (isMembers(block["resource"])) put(changes, "resource", block["resource"], redactedPart(block["resource"], rules))
  put(changes, "input", input, rules.value(input))
  put(changes, "structuredContent", structuredContent, rules.value(structuredContent))
  return Object.keys(changes).length === 0 ? block : { ...block, ...changes }
}

const put = (changes: Record<string, unknown>, name: string, before: unknown, after: unknown): void => {
  if (after !== before) changes[name] = after
}

/** The very array where no item changed. */
const sameOr = (items: ReadonlyArray<any>, change: (item: any) => unknown): ReadonlyArray<unknown> => {
  const made = items.map(change)
  return made.every((item, index) => item === items[index]) ? items : made
}

const isMembers = (u: unknown): u is Members => typeof u === "object" && u !== null && !Array.isArray(u)
