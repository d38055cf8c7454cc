import type { OutputUnit, Schema as ValidatorSchema } from "@cfworker/json-schema"
import { makeIssue, shortJson } from "./issues.ts"
import type { Issue } from "./schema.ts"
import { unescapePointer } from "./schema-document.ts"

/** The validator's subschemas by absolute URI. */
export type Lookup = Readonly<Record<string, ValidatorSchema | boolean>>

/** These only say that a part failed; their parts follow with the reason. */
const containers = new Set([
  "$ref",
  "$recursiveRef",
  "allOf",
  "anyOf",
  "if",
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "items",
  "additionalItems",
  "prefixItems",
  "unevaluatedItems",
  "dependentSchemas",
  "dependencies"
])
/** These are the reason themselves; what follows from their parts would mislead. */
const closedKeywords = new Set(["contains", "minContains", "maxContains", "propertyNames"])

/** The reasons in a validator's output, without the containers around them; alternatives at one place read as one issue. */
export const toIssues = (
  units: ReadonlyArray<OutputUnit>,
  value: unknown,
  root: ValidatorSchema,
  lookup: Lookup
): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  const alternatives = new Map<string, number>()
  let closed: string | undefined
  let container: OutputUnit | undefined
  for (const unit of units) {
    if (closed !== undefined && unit.keywordLocation.startsWith(closed)) continue
    // The validator reports too few matches after the items that did not match.
    if (insideContains.test(unit.keywordLocation)) continue
    closed = undefined
    if (closedKeywords.has(unit.keyword) || (unit.keyword === "oneOf" && !unit.error.includes("(0 matches)"))) {
      closed = `${unit.keywordLocation}/`
    } else if (unit.keyword === "oneOf" || containers.has(unit.keyword)) {
      container = unit
      continue
    }
    const issue = toIssue(unit, container, value, root, lookup)
    const key = `${unit.instanceLocation}\n${unit.keyword}`
    const earlier = /\/(?:anyOf|oneOf)\/\d+/.test(unit.keywordLocation) ? alternatives.get(key) : undefined
    if (earlier !== undefined && mergeable.has(unit.keyword)) {
      issues[earlier] = merge(issues[earlier]!, issue)
      continue
    }
    alternatives.set(key, issues.length)
    if (!issues.some((other) => other.message === issue.message && other.path.join("\n") === issue.path.join("\n")))
      issues.push(issue)
    if (issues.length >= maxIssues) break
  }
  return issues
}

const insideContains = /(?<!\/(?:properties|patternProperties|dependentSchemas|\$defs))\/contains\//
const maxIssues = 100
const mostExpected = 1_000
const mergeable = new Set(["type", "const", "enum"])

/** Alternatives that failed at the same place read as one: `string or null`. */
const merge = (a: Issue, b: Issue): Issue => {
  // nobody reads more, and each of thousands would go through all before it
  if (a.expected.length > mostExpected) return a
  const expected = a.expected.split(" or ").includes(b.expected) ? a.expected : `${a.expected} or ${b.expected}`
  return makeIssue(a.path, expected, a.received, {
    allowed: a.allowed === undefined || b.allowed === undefined ? undefined : [...new Set([...a.allowed, ...b.allowed])]
  })
}

const toIssue = (
  unit: OutputUnit,
  container: OutputUnit | undefined,
  value: unknown,
  root: ValidatorSchema,
  lookup: Lookup
): Issue => {
  const path = pathOf(unit.instanceLocation, value)
  const found = path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], value)
  const received = shortJson(found)
  if (unit.keyword === "false") return forbidden(path, received, container, root, lookup)
  const schema = schemaAt(unit.keywordLocation, root, lookup)
  const limit = schema[unit.keyword]
  switch (unit.keyword) {
    case "type":
      return makeIssue(path, (Array.isArray(limit) ? limit : [limit]).join(" or "), received)
    case "const":
      return makeIssue(path, shortJson(limit), received, { allowed: [limit] })
    case "enum":
      return makeIssue(path, "one of the allowed values", received, { allowed: limit as ReadonlyArray<unknown> })
    case "required": {
      const name = /required property "(.*)"\.$/s.exec(unit.error)?.[1] ?? ""
      return makeIssue([...path, name], describe(schema.properties?.[name]), "nothing")
    }
    case "propertyNames": {
      const name = /^Property name "(.*)" does not match schema\.$/s.exec(unit.error)?.[1] ?? ""
      return makeIssue([...path, name], `property names matching ${shortJson(limit)}`, shortJson(name))
    }
    default: {
      const words = phrases[unit.keyword]
      return words === undefined
        ? makeIssue(path, unit.error.replace(/\.$/, ""), received, { message: unit.error })
        : makeIssue(path, words(limit), received)
    }
  }
}

const phrases: Readonly<Record<string, (limit: unknown) => string>> = {
  minimum: (limit) => `a number >= ${limit}`,
  maximum: (limit) => `a number <= ${limit}`,
  exclusiveMinimum: (limit) => `a number > ${limit}`,
  exclusiveMaximum: (limit) => `a number < ${limit}`,
  multipleOf: (limit) => `a multiple of ${limit}`,
  minLength: (limit) => `at least ${limit} characters`,
  maxLength: (limit) => `at most ${limit} characters`,
  pattern: (limit) => `a string matching /${limit}/`,
  format: (limit) => `a string in the format ${limit}`,
  minItems: (limit) => `at least ${limit} items`,
  maxItems: (limit) => `at most ${limit} items`,
  uniqueItems: () => "items that differ from each other",
  minProperties: (limit) => `at least ${limit} properties`,
  maxProperties: (limit) => `at most ${limit} properties`,
  contains: (limit) => `at least one item matching ${shortJson(limit)}`,
  not: (limit) => `anything but ${shortJson(limit)}`
}

const forbidden = (
  path: ReadonlyArray<string | number>,
  received: string,
  container: OutputUnit | undefined,
  root: ValidatorSchema,
  lookup: Lookup
): Issue => {
  if (container?.keyword !== "additionalProperties" && container?.keyword !== "unevaluatedProperties")
    return makeIssue(path, "nothing here", received)
  const { properties } = schemaAt(container.keywordLocation, root, lookup)
  return makeIssue(path, "no property of this name", received, { allowed: Object.keys(properties ?? {}) })
}

const describe = (schema: unknown): string => {
  if (!isObject(schema)) return "a value"
  const { type, enum: values } = schema
  if (Array.isArray(values)) return `one of ${shortJson(values)}`
  return Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "a value"
}

/** The schema that holds the keyword a location ends with; `$ref` steps are followed. */
const schemaAt = (location: string, root: ValidatorSchema, lookup: Lookup): ValidatorSchema => {
  let at: any = root
  for (const step of location.split("/").slice(1, -1)) {
    at =
      step === "$ref" && at?.__absolute_ref__ !== undefined ? lookup[at.__absolute_ref__] : at?.[unescapePointer(step)]
  }
  return isObject(at) ? at : {}
}

const pathOf = (location: string, value: unknown): ReadonlyArray<string | number> => {
  let at: any = value
  return location
    .split("/")
    .slice(1)
    .map((step) => {
      const key = Array.isArray(at) ? Number(step) : unescapePointer(step)
      at = at?.[key]
      return key
    })
}

const isObject = (u: unknown): u is Record<string, unknown> => typeof u === "object" && u !== null && !Array.isArray(u)
