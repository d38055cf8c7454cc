import * as v from "valibot"
import { DefinitionError } from "./errors.ts"
import type { Entries, JsonSchemaDocument, Schema } from "./schema.ts"
import { checkEntries, fromValibot } from "./valibot-schema.ts"

/** One prompt argument or URI variable, as clients see it. */
export interface StringArgument {
  readonly name: string
  readonly required: boolean
  readonly title?: string | undefined
  readonly description?: string | undefined
}

/**
 * Prompt arguments and URI variables: entries whose values arrive as strings.
 * An entry that cannot take a string is a `DefinitionError` naming it and the fix.
 */
export const toStringArguments = (
  entries: Entries,
  where: string
): { readonly arguments: ReadonlyArray<StringArgument>; readonly schema: Schema<any, any> } => {
  const schema = fromValibot(v.strictObject(checkEntries(entries, where)), "input", where)
  const properties = (schema.jsonSchema["properties"] ?? {}) as Readonly<Record<string, JsonSchemaDocument>>
  const required = new Set((schema.jsonSchema["required"] ?? []) as ReadonlyArray<string>)
  const list = Object.entries(properties).map(([name, property]) => {
    if (!takesString(property, schema.jsonSchema, 0)) throw notAString(where, name, property)
    return { name, required: required.has(name), ...texts(property) }
  })
  return { arguments: list, schema }
}

const takesString = (schema: unknown, root: JsonSchemaDocument, depth: number): boolean => {
  if (typeof schema !== "object" || schema === null || depth > 16) return schema === true
  const { type, const: only, enum: values, anyOf, oneOf, allOf, not, $ref } = schema as JsonSchemaDocument
  const takes = (part: unknown) => takesString(part, root, depth + 1)
  if (type !== undefined && type !== "string" && !(Array.isArray(type) && type.includes("string"))) return false
  if (only !== undefined && typeof only !== "string") return false
  if (Array.isArray(values) && !values.some((value) => typeof value === "string")) return false
  if (Array.isArray(anyOf) && !anyOf.some(takes)) return false
  if (Array.isArray(oneOf) && !oneOf.some(takes)) return false
  if (Array.isArray(allOf) && !allOf.every(takes)) return false
  if (typeof not === "object" && not !== null && Object.keys(not).length === 0) return false
  const name = typeof $ref === "string" ? $ref.replace("#/$defs/", "") : undefined
  return name === undefined || takes((root["$defs"] as JsonSchemaDocument | undefined)?.[name])
}

const notAString = (where: string, name: string, { type }: JsonSchemaDocument) => {
  const fix = fixes[String(type)] ?? "v.pipe(v.string(), v.parseJson())"
  const what = typeof type === "string" ? `takes ${type}` : "takes no strings"
  return new DefinitionError(`${where} at ${name}: ${what}, but the value arrives as a string. Use ${fix}.`)
}

const fixes: Readonly<Record<string, string>> = {
  number: "v.pipe(v.string(), v.transform(Number))",
  integer: "v.pipe(v.string(), v.digits(), v.transform(Number))",
  boolean: 'v.pipe(v.picklist(["true", "false"]), v.transform((text) => text === "true"))'
}

const texts = ({ title, description }: JsonSchemaDocument) => ({
  ...(typeof title === "string" ? { title } : {}),
  ...(typeof description === "string" ? { description } : {})
})
