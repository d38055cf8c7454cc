import type { JsonSchemaDocument } from "../builder/schema.ts"

/** Whether structured content of this schema goes as `{ result: … }` where a revision wants an object. */
export const wrapsOutput = (schema: JsonSchemaDocument): boolean => schema["type"] !== "object"

/**
 * The schema of `{ result: … }` around a schema that is not an object's. Definitions move to the new root and references
 * to the old root follow it, so that every `$ref` still points at what it did.
 */
export const wrapSchema = (schema: JsonSchemaDocument): JsonSchemaDocument => {
  if (!wrapsOutput(schema)) return schema
  const { $schema, $defs, definitions, ...own } = schema
  const moved = { $defs, definitions }
  return {
    ...($schema === undefined ? undefined : { $schema }),
    type: "object",
    properties: { result: redirected(own) },
    required: ["result"],
    ...Object.fromEntries(
      Object.entries(moved).flatMap(([key, value]) => (value === undefined ? [] : [[key, redirected(value)]]))
    )
  }
}

const redirected = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(redirected)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === "$ref" ? redirect(inner) : redirected(inner)])
  )
}

const redirect = (ref: unknown): unknown => {
  if (typeof ref !== "string" || !ref.startsWith("#") || /^#\/(?:\$defs|definitions)(?:\/|$)/.test(ref)) return ref
  if (ref === "#" || ref.startsWith("#/")) return `#/properties/result${ref.slice(1)}`
  return ref
}
