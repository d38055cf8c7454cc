import { dereference, type Schema as ValidatorSchema, validate } from "@cfworker/json-schema"
import { DefinitionError } from "./errors.ts"
import { makeIssue, shortJson } from "./issues.ts"
import type { Decoded, JsonSchemaDocument } from "./schema.ts"
import type { SchemaIndex } from "./schema-document.ts"
import { type Lookup, toIssues } from "./schema-validator-issues.ts"

/**
 * A decoder that checks JSON values against a document and leaves them as they are. `format` is asserted.
 * A keyword it could not honour at run time (a malformed value, a pattern that does not compile) is a `DefinitionError`.
 */
export const validator = (
  document: JsonSchemaDocument,
  index: SchemaIndex,
  where: string
): ((value: unknown) => Decoded<unknown>) => {
  for (const [schema, place] of index.subschemas) checkKeywords(schema as JsonSchemaDocument, `${where}, ${place}`)
  checkDynamicAnchors(index, where)
  const copy = validatorCopy(document, index.subschemas) as ValidatorSchema
  let lookup: Lookup
  try {
    lookup = dereference(copy)
  } catch (cause) {
    throw new DefinitionError(
      `${where}: ${cause instanceof Error ? cause.message : cause} Rename the "$id" or pass decode.`,
      { cause }
    )
  }
  checkReferences(lookup, where)
  return (value) => {
    if (value === undefined) return { ok: false, issues: [makeIssue([], "a JSON value", "nothing")] }
    try {
      const result = validate(value, copy, "2020-12", lookup, false)
      return result.valid ? { ok: true, value } : { ok: false, issues: toIssues(result.errors, value, copy, lookup) }
    } catch {
      // Client data gets here: keys with lone surrogates (URIError), nesting past the stack of a recursive schema (RangeError).
      return { ok: false, issues: [makeIssue([], "well-formed keys, plain JSON and less nesting", shortJson(value))] }
    }
  }
}

const typeNames = new Set(["array", "boolean", "integer", "null", "number", "object", "string"])
const isStringArray = (u: unknown) => Array.isArray(u) && u.every((item) => typeof item === "string")
const isObject = (u: unknown): u is Record<string, unknown> => typeof u === "object" && u !== null && !Array.isArray(u)
const isNumber = (u: unknown) => typeof u === "number"
const isCount = (u: unknown) => typeof u === "number" && Number.isInteger(u) && u >= 0

const keywordRules: ReadonlyArray<
  readonly [accepts: (u: unknown) => boolean, expected: string, keywords: ReadonlyArray<string>]
> = [
  [
    (u) => (Array.isArray(u) ? u : [u]).every((name) => typeNames.has(name)),
    "a JSON type name or a list of them",
    ["type"]
  ],
  [Array.isArray, "a list", ["enum", "allOf", "anyOf", "oneOf", "prefixItems"]],
  [isStringArray, "a list of strings", ["required"]],
  [isObject, "an object", ["properties", "patternProperties", "dependentSchemas", "dependentRequired", "dependencies"]],
  [isNumber, "a number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]],
  [(u) => typeof u === "number" && u > 0, "a number above 0", ["multipleOf"]],
  [
    isCount,
    "a whole number of at least 0",
    ["minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"]
  ],
  [(u) => typeof u === "boolean", "true or false", ["uniqueItems"]],
  [(u) => typeof u === "string" && compiles(u), "a regular expression valid with the u flag", ["pattern"]]
]

const checkKeywords = (schema: JsonSchemaDocument, where: string): void => {
  for (const [accepts, expected, keywords] of keywordRules) {
    for (const keyword of keywords) {
      if (!Object.hasOwn(schema, keyword) || accepts(schema[keyword])) continue
      throw new DefinitionError(`${where}: "${keyword}" must be ${expected}, not ${shortJson(schema[keyword])}.`)
    }
  }
  for (const key of Object.keys(schema["patternProperties"] ?? {})) {
    if (!compiles(key))
      throw new DefinitionError(
        `${where}: "patternProperties" key ${shortJson(key)} must be a regular expression valid with the u flag.`
      )
  }
  for (const [key, names] of Object.entries(schema["dependentRequired"] ?? {})) {
    if (!isStringArray(names))
      throw new DefinitionError(`${where}: "dependentRequired" of ${shortJson(key)} must be a list of strings.`)
  }
}

const compiles = (pattern: string): boolean => {
  try {
    return new RegExp(pattern, "u") !== undefined
  } catch {
    return false
  }
}

/** `$dynamicRef` equals `$ref` while each dynamic anchor is declared once; more than that the validator cannot follow. */
const checkDynamicAnchors = (index: SchemaIndex, where: string): void => {
  const seen = new Set<unknown>()
  for (const [schema, place] of index.subschemas) {
    const anchor = (schema as JsonSchemaDocument)["$dynamicAnchor"]
    if (anchor === undefined) continue
    if (seen.has(anchor) || Object.hasOwn(schema, "$anchor")) {
      throw new DefinitionError(
        `${where}, ${place}: "$dynamicAnchor" ${shortJson(anchor)} is not the only anchor; pass decode, or use "$ref".`
      )
    }
    seen.add(anchor)
  }
}

const formatName = /^[a-z][a-z-]*$/

/** A mutable copy in terms the validator understands: it writes on schemas, reads `id` as `$id` and knows no dynamic references. */
const validatorCopy = (value: unknown, subschemas: ReadonlyMap<object, string>): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item) => validatorCopy(item, subschemas))
  const isSchema = subschemas.has(value)
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) {
    if (isSchema && (key === "id" || key === "$dynamicRef" || (key === "format" && !formatName.test(String(item)))))
      continue
    result[isSchema && key === "$dynamicAnchor" ? "$anchor" : key] = validatorCopy(item, subschemas)
  }
  const dynamic = isSchema ? (value as JsonSchemaDocument)["$dynamicRef"] : undefined
  if (dynamic !== undefined) {
    if (result["$ref"] === undefined) result["$ref"] = dynamic
    else result["allOf"] = [...((result["allOf"] as Array<unknown> | undefined) ?? []), { $ref: dynamic }]
  }
  return result
}

const checkReferences = (lookup: Lookup, where: string): void => {
  for (const schema of Object.values(lookup)) {
    if (typeof schema === "boolean" || schema.$ref === undefined) continue
    if (lookup[schema.__absolute_ref__ ?? ""] === undefined) {
      throw new DefinitionError(
        `${where}: $ref ${shortJson(schema.$ref)} leads outside the keywords that hold schemas. Move its target to "$defs".`
      )
    }
  }
}
