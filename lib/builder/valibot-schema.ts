import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema"
import * as v from "valibot"
import { DefinitionError } from "./errors.ts"
import { makeIssue, shortJson } from "./issues.ts"
import { makeSchema } from "./json-schema.ts"
import type { Issue, JsonSchemaDocument, Schema } from "./schema.ts"
import { closed, isValibotSchema } from "./schema-closed.ts"
import { freezeJson, indexSchema } from "./schema-document.ts"
import type { Mode } from "./schema-fixes.ts"
import type { AnySchema } from "./schema-guards.ts"

/**
 * A schema from valibot, converted once: to draft 2020-12 without `$schema`, listing what is sent in the given direction.
 * Checks JSON Schema cannot express are left out of the document and enforced by `decode`.
 * What cannot be listed truthfully is a `DefinitionError` naming `where`, the path and the fix.
 */
export const fromValibot = (schema: v.GenericSchema<any, any>, mode: Mode, where: string): Schema<any, any> => {
  const checked = closed(schema as AnySchema, mode, where)
  const document = convert(checked, mode, where)
  return makeSchema(document, (value) => {
    // What safeParse does, without its intermediate result.
    const dataset = run(checked, value)
    if (dataset.issues === undefined) return { ok: true, value: dataset.value }
    const issues = dataset.issues.flatMap((issue) => toIssues(issue, []))
    const last = issues.at(-1)
    return dataset.isCut && last !== undefined
      ? { ok: false, issues: [...issues.slice(0, -1), { ...last, more: mostFound }] }
      : { ok: false, issues }
  })
}

/** More issues are not looked for: valibot takes a microsecond for each, so hundreds of thousands would hold everybody up. */
const mostFound = 1_000

const tooMany = new Error("too many issues")

let found = 0

/** The global configuration, which counts how often an issue reads its `lang`. One for all runs, since making it takes 0.5 µs. */
const counting: v.Config<v.BaseIssue<unknown>> = {
  get lang() {
    if (++found > mostFound) throw tooMany
    return v.getGlobalConfig().lang
  },
  get message() {
    return v.getGlobalConfig().message
  },
  get abortEarly() {
    return v.getGlobalConfig().abortEarly
  },
  get abortPipeEarly() {
    return v.getGlobalConfig().abortPipeEarly
  }
}

/** Runs a schema; where that comes upon too many issues, also of alternatives that fit, to the first one alone. */
const run = (schema: AnySchema, value: unknown): v.OutputDataset<any, any> & { readonly isCut?: boolean } => {
  found = 0
  try {
    return schema["~run"]({ value }, counting)
  } catch (error) {
    if (error !== tooMany) throw error
    return { ...schema["~run"]({ value }, { ...v.getGlobalConfig(), abortEarly: true }), isCut: true }
  }
}

/** Bare entries, checked; a `DefinitionError` names the one that is not a valibot schema. */
export const checkEntries = (entries: unknown, where: string): v.ObjectEntries => {
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) {
    throw new DefinitionError(
      `${where}: not a schema. Use entries such as { id: v.string() }, a valibot object schema, or jsonSchema(document).`
    )
  }
  for (const [key, entry] of Object.entries(entries)) {
    if (!isValibotSchema(entry)) {
      throw new DefinitionError(`${where} at ${key}: not a valibot schema. Write one, such as ${key}: v.string().`)
    }
  }
  return entries as v.ObjectEntries
}

const convert = (schema: AnySchema, mode: Mode, where: string): JsonSchemaDocument => {
  let converted: Record<string, unknown>
  try {
    // `definitions: {}` keeps process-wide definitions of the converter out of the document.
    const { $schema: _, ...rest } = toJsonSchema(schema, {
      target: "draft-2020-12",
      typeMode: mode,
      definitions: {},
      overrideAction,
      overrideSchema
    })
    converted = rest
  } catch (cause) {
    throw new DefinitionError(`${where}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  const document = freezeJson(converted, where) as JsonSchemaDocument
  indexSchema(document, where)
  return document
}

const overrideAction: NonNullable<ConversionConfig["overrideAction"]> = ({ valibotAction, jsonSchema, errors }) => {
  const { type, requirement } = valibotAction as { readonly type: string; readonly requirement?: unknown }
  if (type === "iso_date_time" || type === "iso_time") {
    // These accept no seconds or offset, which the formats "date-time" and "time" require.
    const { format: _, ...rest } = jsonSchema
    return requirement instanceof RegExp && rest.pattern === undefined ? { ...rest, pattern: requirement.source } : rest
  }
  if (
    jsonSchema.pattern !== undefined &&
    requirement instanceof RegExp &&
    jsonSchema.pattern === requirement.source &&
    !portable(requirement)
  ) {
    const { pattern: _, ...rest } = jsonSchema
    return rest
  }
  return errors === undefined ? undefined : jsonSchema
}

/** Whether clients, who compile patterns with the flag u alone, read a pattern as the server does. */
const portable = ({ source, flags }: RegExp): boolean => {
  if (flags.replace("u", "") !== "") return false
  try {
    return new RegExp(source, "u") !== undefined
  } catch {
    return false
  }
}

const overrideSchema: NonNullable<ConversionConfig["overrideSchema"]> = ({ valibotSchema, jsonSchema, errors }) => {
  const schema = valibotSchema as AnySchema
  if (schema.type === "custom") return {}
  if (schema.type === "record") {
    const { propertyNames, ...rest } = jsonSchema
    const anyName =
      typeof propertyNames === "object" && Object.keys(propertyNames).length === 1 && propertyNames.type === "string"
    return anyName ? rest : jsonSchema
  }
  if (jsonSchema.required !== undefined) {
    const { required, ...rest } = jsonSchema
    // valibot fills a missing property that has a fallback.
    const names = required.filter((name) => schema["entries"]?.[name]?.fallback === undefined)
    return names.length === 0 ? rest : { ...jsonSchema, required: names }
  }
  if (schema.type.endsWith("tuple") || schema.type === "tuple_with_rest") {
    const { prefixItems, minItems: _, ...rest } = jsonSchema
    // valibot takes a missing item for undefined, so a tuple may end before its optional items.
    const required = (schema["items"] as ReadonlyArray<AnySchema>).findLastIndex((item) => !acceptsUndefined(item)) + 1
    return { ...rest, ...(prefixItems?.length ? { prefixItems } : {}), ...(required > 0 ? { minItems: required } : {}) }
  }
  if (wrappers.has(schema.type) && typeof schema["default"] === "function")
    return withComputedDefault(jsonSchema, schema["default"])
  return errors === undefined ? undefined : null
}

const wrappers = new Set(["optional", "exact_optional", "undefinedable", "nullable", "nullish"])

/** Whether a schema may accept `undefined`; where its own checks decide, it may. */
const acceptsUndefined = (schema: AnySchema): boolean =>
  undefinedTypes.has(schema.type) ||
  schema["fallback"] !== undefined ||
  (schema.type === "nullable" && acceptsUndefined(schema["wrapped"])) ||
  (schema.type === "union" && (schema["options"] as ReadonlyArray<AnySchema>).some(acceptsUndefined)) ||
  (schema.type === "intersect" && (schema["options"] as ReadonlyArray<AnySchema>).every(acceptsUndefined))

const undefinedTypes = new Set(["optional", "undefinedable", "nullish", "any", "unknown", "custom"])

/** A computed default is listed if it is the same each time: `() => []` is, `() => crypto.randomUUID()` is not. */
const withComputedDefault = (jsonSchema: ReturnType<typeof toJsonSchema>, compute: () => unknown) => {
  const { default: _, ...rest } = jsonSchema
  try {
    const first = JSON.stringify(compute())
    return first !== undefined && first === JSON.stringify(compute()) ? { ...rest, default: JSON.parse(first) } : rest
  } catch {
    return rest
  }
}

type Path = ReadonlyArray<string | number>
type ValibotIssue = v.BaseIssue<unknown> & { readonly missing?: boolean }

const toIssues = (issue: ValibotIssue, above: Path): ReadonlyArray<Issue> => {
  const path =
    issue.path === undefined
      ? above
      : [...above, ...issue.path.map(({ key }) => (typeof key === "number" ? key : String(key)))]
  // Alternatives of a union that fail inside: "expected object, received object" would help nobody.
  if (issue.issues?.some((inner) => inner.path !== undefined))
    return issue.issues.flatMap((inner) => toIssues(inner as ValibotIssue, path))
  const allowed = Array.isArray(issue.requirement) ? issue.requirement : undefined
  const custom = isDefaultMessage(issue) ? undefined : issue.message
  const last = issue.path?.at(-1)
  if (last?.origin === "key" && issue.missing === true)
    return [makeIssue(path, typeWords(issue.expected), "nothing", { message: custom })]
  if (last?.origin === "key" && issue.expected === "never") {
    return [
      makeIssue(path, "no property of this name", shortJson(last.value), { message: custom, allowed: allowed ?? [] })
    ]
  }
  const expected = issue.expected === null ? (custom ?? actionWords(issue.type)) : expectedWords(issue, allowed)
  return [makeIssue(path, expected, shortJson(issue.input), { message: custom, allowed })]
}

const isDefaultMessage = ({ message, received }: ValibotIssue) =>
  message.startsWith("Invalid ") && message.endsWith(`eceived ${received}`)

const expectedWords = ({ type, kind, expected }: ValibotIssue, allowed: ReadonlyArray<unknown> | undefined): string => {
  if (kind === "schema")
    return allowed === undefined
      ? typeWords(expected)
      : allowed.length === 1
        ? shortJson(allowed[0])
        : "one of the allowed values"
  if (type === "regex") return `a string matching ${expected}`
  if (type === "non_empty" || type === "empty") return type === "empty" ? "nothing in it" : "not to be empty"
  if (sized.test(type)) return `${actionWords(type.replace(/^(min|max|not)_/, ""))} ${expected}`
  return expected ?? actionWords(type)
}

const sized = /(?:length|entries|size|bytes|words|graphemes|code_points)$/

const typeWords = (expected: string | null) =>
  (expected ?? "a value").replace(/\bObject\b/g, "object").replace(/\bArray\b/g, "array")

const actionWords = (type: string) =>
  /check$|^custom$|_item|items$/.test(type) ? "a valid value" : type.replaceAll("_", " ")
