import { DefinitionError } from "./errors.ts"
import { type Choice, choicesOf } from "./form-choices.ts"
import type { JsonSchemaDocument } from "./schema.ts"

/** A choice with a name for people (SEP-1330). */
export interface TitledChoice {
  readonly const: string
  readonly title: string
}

/** One field of a form, in the keywords that MCP 2025-11-25 client/elicitation, "Requested Schema" has for its type. */
export interface FormField {
  readonly type: "string" | "number" | "integer" | "boolean" | "array"
  readonly title?: string
  readonly description?: string
  readonly default?: string | number | boolean | ReadonlyArray<string>
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: "email" | "uri" | "date" | "date-time"
  readonly minimum?: number
  readonly maximum?: number
  /** The choices of a string that is one of them. */
  readonly enum?: ReadonlyArray<string>
  /** Names of these choices; superseded by `oneOf`. */
  readonly enumNames?: ReadonlyArray<string>
  readonly oneOf?: ReadonlyArray<TitledChoice>
  readonly minItems?: number
  readonly maxItems?: number
  /** The choices of an array that has some of them. */
  readonly items?:
    | { readonly type: "string"; readonly enum: ReadonlyArray<string> }
    | { readonly anyOf: ReadonlyArray<TitledChoice> }
}

/** The field that a property's JSON Schema says; a `DefinitionError` where a form cannot have it. */
export const toField = (document: JsonSchemaDocument, where: string): FormField => {
  const choices = choicesOf(document, where)
  if (choices !== undefined) return single(document, choices, where)
  switch (document["type"]) {
    case "string":
      return {
        type: "string",
        ...pick(document, common, lengths),
        ...(formats.has(document["format"]) ? pick(document, ["format"]) : {})
      }
    case "number":
    case "integer":
      return { type: document["type"], ...pick(document, common), ...bounds(document, document["type"] === "integer") }
    case "boolean":
      return { type: "boolean", ...pick(document, common) }
    case "array":
      return several(document, where)
  }
  // v.literal(true) is listed without a type: a box that has to be ticked
  if (typeof document["const"] === "boolean") return { type: "boolean", ...pick(document, common) }
  throw refusal(document, where)
}

const common = ["title", "description", "default"] as const
const lengths = ["minLength", "maxLength"] as const
const counts = ["minItems", "maxItems"] as const
const formats = new Set<unknown>(["email", "uri", "date", "date-time"])

const pick = (document: JsonSchemaDocument, ...keys: ReadonlyArray<ReadonlyArray<keyof FormField>>) => {
  const picked: Record<string, unknown> = {}
  for (const key of keys.flat()) if (document[key] !== undefined) picked[key] = document[key]
  return picked as Partial<FormField>
}

/** An exclusive bound becomes the nearest inclusive one: exact for integers, one value too wide for other numbers. */
const bounds = (document: JsonSchemaDocument, integer: boolean): Partial<FormField> => {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = document
  const above =
    typeof exclusiveMinimum !== "number" ? [] : [integer ? Math.floor(exclusiveMinimum) + 1 : exclusiveMinimum]
  const below =
    typeof exclusiveMaximum !== "number" ? [] : [integer ? Math.ceil(exclusiveMaximum) - 1 : exclusiveMaximum]
  const lowest = Math.max(...(typeof minimum === "number" ? [minimum] : []), ...above)
  const highest = Math.min(...(typeof maximum === "number" ? [maximum] : []), ...below)
  return {
    ...(Number.isFinite(lowest) ? { minimum: lowest } : {}),
    ...(Number.isFinite(highest) ? { maximum: highest } : {})
  }
}

const single = (document: JsonSchemaDocument, choices: ReadonlyArray<Choice>, where: string): FormField => {
  const shared = pick(document, common)
  checkDefault(shared.default, choices, where)
  const values = choices.map(({ value }) => value)
  const names = document["enumNames"]
  if (Array.isArray(names)) return { type: "string", ...shared, enum: values, enumNames: names }
  return isTitled(choices)
    ? { type: "string", ...shared, oneOf: choices.map(titled) }
    : { type: "string", ...shared, enum: values }
}

const several = (document: JsonSchemaDocument, where: string): FormField => {
  const { items, prefixItems } = document
  const choices =
    typeof items === "object" && items !== null && prefixItems === undefined
      ? choicesOf(items as JsonSchemaDocument, where)
      : undefined
  if (choices === undefined) throw refusal(document, where)
  const shared = pick(document, common)
  for (const one of Array.isArray(shared.default) ? shared.default : []) checkDefault(one, choices, where)
  return {
    type: "array",
    ...shared,
    ...pick(document, counts),
    items: isTitled(choices)
      ? { anyOf: choices.map(titled) }
      : { type: "string", enum: choices.map(({ value }) => value) }
  }
}

const isTitled = (choices: ReadonlyArray<Choice>) => choices.some(({ title }) => title !== undefined)

const titled = ({ value, title }: Choice): TitledChoice => ({ const: value, title: title ?? value })

const checkDefault = (value: unknown, choices: ReadonlyArray<Choice>, where: string) => {
  if (value === undefined || choices.some((choice) => choice.value === value)) return
  throw new DefinitionError(`${where}: the default ${JSON.stringify(value)} is none of its choices. Use one of them.`)
}

/** What a form cannot have, in words, and what to write instead. */
const refusal = (document: JsonSchemaDocument, where: string): DefinitionError => {
  const { type, anyOf, allOf, $ref, prefixItems } = document
  const options = Array.isArray(anyOf) ? (anyOf as ReadonlyArray<JsonSchemaDocument>) : []
  const [what, fix] =
    type === "null" || options.some((option) => option["type"] === "null")
      ? ["null, which nobody can enter", "Use v.optional(…): a field may be left out."]
      : type === "object"
        ? ["an object inside a form", "Forms are flat: make its properties fields of the form itself."]
        : type === "array" && prefixItems !== undefined
          ? ["a tuple", "Make each item a field of its own."]
          : type === "array"
            ? ["an array of something else than choices", "Use v.array(v.picklist([…])), or a text to split."]
            : options.length > 0
              ? ["a union of types", "Give each type a field of its own, or offer choices that are strings."]
              : allOf !== undefined
                ? ["an intersection", "Use one schema with actions: v.pipe(v.string(), …)."]
                : $ref !== undefined
                  ? ["a v.lazy", "Write the schema itself."]
                  : ["a value of no one type", "Use v.string(), v.number(), v.boolean() or v.picklist([…])."]
  return new DefinitionError(`${where}: ${what}. ${fix}`)
}
