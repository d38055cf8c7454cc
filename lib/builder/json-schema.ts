import { DefinitionError } from "./errors.ts"
import type { Decoded, JsonSchemaDocument, Schema } from "./schema.ts"
import { freezeJson, indexSchema } from "./schema-document.ts"
import { validator } from "./schema-validator.ts"

/**
 * A schema from a JSON Schema document (draft 2020-12), listed word for word. Without `decode`, values are checked against
 * it and passed on as they are; with it, `decode` alone decides and must be synchronous. Nothing is ever fetched: a `$ref`
 * that leaves the document, a cycle, or more than 64 nested or 10,000 subschemas is a `DefinitionError`.
 */
export const jsonSchema = <A = Record<string, unknown>>(
  document: JsonSchemaDocument,
  options?: { readonly decode?: ((value: unknown) => Decoded<A>) | undefined }
): Schema<A, A> => {
  const where = "jsonSchema"
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new DefinitionError(
      `${where}: the document must be a JSON object such as { type: "object", properties: {} }.`
    )
  }
  const frozen = freezeJson(document, where) as JsonSchemaDocument
  const index = indexSchema(frozen, where)
  const decode = options?.decode ?? (validator(frozen, index, where) as (value: unknown) => Decoded<A>)
  return makeSchema(frozen, decode)
}

/** A `Schema` value; the document must already be frozen JSON. */
export const makeSchema = <In, Out>(
  document: JsonSchemaDocument,
  decode: (value: unknown) => Decoded<Out>
): Schema<In, Out> => ({
  // The types live here for inference only; there is nothing to read at run time.
  "~mcpipe/Schema": brand as Schema<In, Out>["~mcpipe/Schema"],
  jsonSchema: document,
  decode
})

const brand: unknown = Object.freeze({})
