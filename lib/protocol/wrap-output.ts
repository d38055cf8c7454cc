import type { JsonSchemaDocument } from "../builder/schema.ts"

/** Whether structured content of this schema goes as `{ result: … }` where a revision wants an object. */
export const wrapsOutput = (schema: JsonSchemaDocument): boolean => schema["type"] !== "object"

/**
 * The schema of `{ result: … }` around a schema that is not an object's. Definitions move to the new root and references
 * to the old root follow it, so that every `$ref` still points at what it did.
 */
export const wrapSchema = (schema: JsonSchemaDocument): JsonSchemaDocument => {
  if (!wrapsOutput(schema)) return schema
  const { $schema, ...whole } = schema
  const dialect = $schema === undefined ? undefined : { $schema }
  // under an $id of its own a schema stays whole, and its references mean what they did
  if (whole["$id"] !== undefined) return wrapped(dialect, whole, undefined)
  const { $defs, definitions, ...own } = whole
  const moved = {
    ...($defs === undefined ? undefined : { $defs: redirectedMap($defs) }),
    ...(definitions === undefined ? undefined : { definitions: redirectedMap(definitions) })
  }
  return wrapped(dialect, redirected(own), moved)
}

const wrapped = (dialect: object | undefined, result: unknown, moved: object | undefined): JsonSchemaDocument => ({
  ...dialect,
  type: "object",
  properties: { result },
  required: ["result"],
  ...moved
})

/** Keywords whose value is data, not a schema. */
const dataKeywords = new Set(["const", "enum", "default", "examples"])

/** Keywords whose value is a record of schemas under names of the author's choice, `$ref` among them. */
const mapKeywords = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"])

const redirected = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(redirected)
  if (typeof value !== "object" || value === null) return value
  // under an $id of its own references mean what they did
  if (typeof (value as JsonSchemaDocument)["$id"] === "string") return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      // of 2019-09: it means the root, which now lies deeper
      if (key === "$recursiveRef") return ["$ref", redirect(inner)]
      if (dataKeywords.has(key)) return [key, inner]
      if (mapKeywords.has(key)) return [key, redirectedMap(inner)]
      return [key, key === "$ref" ? redirect(inner) : redirected(inner)]
    })
  )
}

const redirectedMap = (schemas: unknown): unknown =>
  typeof schemas !== "object" || schemas === null
    ? schemas
    : Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, redirected(schema)]))

const redirect = (ref: unknown): unknown => {
  if (typeof ref !== "string" || /^#\/(?:\$defs|definitions)(?:\/|$)/.test(ref)) return ref
  return ref === "#" || ref.startsWith("#/") ? `#/properties/result${ref.slice(1)}` : ref
}
