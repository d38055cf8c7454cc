import { DefinitionError } from "./errors.ts"
import { makeIssue, shortJson } from "./issues.ts"
import type { Decoded, JsonSchemaDocument } from "./schema.ts"
import { compileCheck } from "./schema-check.ts"
import type { SchemaIndex } from "./schema-document.ts"
import { enough, Faults } from "./schema-faults.ts"
import { toIssues } from "./schema-validator-issues.ts"

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
  if (index.sameId !== undefined) {
    throw new DefinitionError(
      `${where}, ${index.subschemas.get(index.sameId)}: another subschema has the same "$id". Rename it or pass decode.`
    )
  }
  const check = compileCheck(document, index)
  return (value) => {
    if (value === undefined) return { ok: false, issues: [makeIssue([], "a JSON value", "nothing")] }
    try {
      if (check(value, undefined, undefined, undefined)) return { ok: true, value }
      // once more, for the reasons: most values fit, and fitting ones need no list
      const faults = new Faults()
      try {
        check(value, undefined, faults, undefined)
      } catch (error) {
        if (error !== enough) throw error
      }
      if (faults.list.length > 0) return { ok: false, issues: toIssues(faults) }
    } catch {
      // client data gets here: nesting past the stack of a recursive schema (RangeError)
    }
    return { ok: false, issues: [makeIssue([], "plain JSON and less nesting", shortJson(value))] }
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
