import { DefinitionError } from "./errors.ts"
import { formatPath } from "./issues.ts"
import type { JsonSchemaDocument } from "./schema.ts"

/** A tool argument that clients repeat in an `Mcp-Param-…` header (SEP-2243). */
export interface HeaderParam {
  /** Header name in lower case, e.g. `mcp-param-region`. */
  readonly header: string
  /** Property names from the arguments' root to the value. */
  readonly path: ReadonlyArray<string>
  readonly type: "string" | "integer" | "boolean"
}

/**
 * The arguments annotated with `x-mcp-header` (SEP-2243), in document order. An annotation that is no header token,
 * appears twice (case-insensitively), sits on another type than string, integer or boolean, or is not reached through
 * `properties` alone is a `DefinitionError`.
 */
export const headerParams = (schema: JsonSchemaDocument, where: string): ReadonlyArray<HeaderParam> => {
  const context: Context = { where, params: [], seen: new Set() }
  walk(context, schema, [], [])
  return context.params
}

interface Context {
  readonly where: string
  readonly params: Array<HeaderParam>
  readonly seen: Set<string>
}

const annotation = "x-mcp-header"
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Data, not schemas: an annotation inside is none. */
const dataKeywords = new Set(["const", "enum", "default", "examples", "required", "$vocabulary"])
const schemaMaps = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies"
])

/** `path` are the properties on the way, `detour` the keywords besides `properties`, which make an annotation unreachable. */
const walk = (context: Context, schema: unknown, path: ReadonlyArray<string>, detour: ReadonlyArray<string>): void => {
  if (typeof schema !== "object" || schema === null) return
  if (Array.isArray(schema)) {
    for (const item of schema) walk(context, item, path, detour)
    return
  }
  if (Object.hasOwn(schema, annotation)) context.params.push(read(context, schema as JsonSchemaDocument, path, detour))
  for (const [keyword, value] of Object.entries(schema)) {
    if (dataKeywords.has(keyword) || keyword === annotation || typeof value !== "object" || value === null) continue
    if (!schemaMaps.has(keyword)) {
      walk(context, value, path, [...detour, keyword])
      continue
    }
    for (const [key, child] of Object.entries(value)) {
      if (keyword === "properties") walk(context, child, [...path, key], detour)
      else walk(context, child, path, [...detour, `${keyword}/${key}`])
    }
  }
}

const read = (
  { where, seen }: Context,
  schema: JsonSchemaDocument,
  path: ReadonlyArray<string>,
  detour: ReadonlyArray<string>
): HeaderParam => {
  const name = schema[annotation]
  const refuse = (problem: string, fix: string) =>
    new DefinitionError(
      `${where}${path.length === 0 ? "" : ` at ${formatPath(path)}`}: x-mcp-header ${JSON.stringify(name)} ${problem}. ${fix}`
    )
  if (detour.length > 0)
    throw refuse(
      `is reached through ${detour.join(", ")}`,
      "Annotate a property that is reached through properties alone."
    )
  if (path.length === 0) throw refuse("is on the arguments' root", "Annotate one of its properties.")
  if (typeof name !== "string" || !token.test(name))
    throw refuse("is not a header token", 'Use letters, digits and !#$%&\'*+-.^_`|~, e.g. "Region".')
  const { type } = schema
  if (type !== "string" && type !== "integer" && type !== "boolean") {
    throw refuse(
      `is on type ${JSON.stringify(type) ?? "unknown"}`,
      'Only "string", "integer" (v.pipe(v.number(), v.integer())) and "boolean" fit a header.'
    )
  }
  const header = `mcp-param-${name.toLowerCase()}`
  if (seen.has(header)) throw refuse("is used twice", "Header names ignore case; choose another.")
  seen.add(header)
  return { header, path, type }
}
