import { makeIssue, shortJson } from "./issues.ts"
import type { Issue, JsonSchemaDocument } from "./schema.ts"
import type { Fault, Faults, Path } from "./schema-faults.ts"

/**
 * What is wrong with a value as issues, each once; alternatives at one place read as one. Of more than 100 the last says how
 * many are left out.
 */
export const toIssues = (faults: Faults): ReadonlyArray<Issue> => {
  const groups = new Map<string, Group>()
  const seen = new Set<string>()
  const written: Array<Issue | Group> = []
  let more = faults.more
  for (const fault of faults.list) {
    const path = pathOf(fault.at)
    const place = JSON.stringify(path)
    const key = `${place}${fault.keyword}`
    const earlier = mergeable.has(fault.keyword) ? groups.get(key) : undefined
    if (earlier !== undefined && fault.isAlternative) {
      earlier.add(fault)
      continue
    }
    if (written.length >= maxIssues) {
      more++
      continue
    }
    const issue = toIssue(fault, path)
    const told = `${place}${issue.message}`
    if (mergeable.has(fault.keyword) && earlier === undefined) {
      const group = new Group(issue)
      groups.set(key, group)
      if (!seen.has(told)) written.push(group)
    } else if (!seen.has(told)) written.push(issue)
    seen.add(told)
  }
  const issues = written.map((one) => (one instanceof Group ? one.issue() : one))
  const last = issues.at(-1)
  return more === 0 || last === undefined ? issues : [...issues.slice(0, -1), { ...last, more }]
}

const maxIssues = 100
const mostExpected = 1_000
const mergeable = new Set(["type", "const", "enum"])

/** Alternatives that failed at the same place read as one: `string or null`. */
class Group {
  readonly #first: Issue
  readonly #expected: Set<string>
  readonly #allowed: Set<unknown> | undefined

  constructor(first: Issue) {
    this.#first = first
    this.#expected = new Set([first.expected])
    this.#allowed = first.allowed === undefined ? undefined : new Set(first.allowed)
  }

  add({ keyword, schema }: Fault): void {
    for (const name of expectedOf(keyword, schema[keyword])) this.#expected.add(name)
    const allowed = allowedOf(keyword, schema[keyword])
    for (const value of allowed ?? []) this.#allowed?.add(value)
  }

  issue(): Issue {
    if (this.#expected.size === 1) {
      return this.#allowed === undefined ? this.#first : { ...this.#first, allowed: [...this.#allowed] }
    }
    let expected = ""
    let left = this.#expected.size
    for (const one of this.#expected) {
      // nobody reads more
      if (expected.length > mostExpected) break
      expected += expected === "" ? one : ` or ${one}`
      left--
    }
    if (left > 0) expected += ` or ${left} more`
    const allowed = this.#allowed === undefined ? undefined : [...this.#allowed]
    return makeIssue(this.#first.path, expected, this.#first.received, { allowed })
  }
}

const pathOf = (at: Path | undefined): ReadonlyArray<string | number> => {
  const path: Array<string | number> = []
  for (let place = at; place !== undefined; place = place.parent) path.push(place.key)
  return path.reverse()
}

const expectedOf = (keyword: string, limit: unknown): ReadonlyArray<string> =>
  keyword === "type"
    ? ([limit].flat() as ReadonlyArray<string>)
    : [keyword === "const" ? shortJson(limit) : "one of the allowed values"]

const allowedOf = (keyword: string, limit: unknown): ReadonlyArray<unknown> | undefined =>
  keyword === "type" ? undefined : keyword === "const" ? [limit] : (limit as ReadonlyArray<unknown>)

const toIssue = ({ keyword, schema, value, detail }: Fault, path: ReadonlyArray<string | number>): Issue => {
  const received = shortJson(value)
  const limit = schema[keyword]
  switch (keyword) {
    case "false":
      return makeIssue(path, "nothing here", received)
    case "additionalProperties":
    case "unevaluatedProperties":
      return makeIssue(path, "no property of this name", received, {
        allowed: Object.keys((schema["properties"] ?? {}) as JsonSchemaDocument)
      })
    case "type":
    case "const":
    case "enum":
      return makeIssue(path, expectedOf(keyword, limit).join(" or "), received, { allowed: allowedOf(keyword, limit) })
    case "required": {
      const name = detail as string
      const properties = schema["properties"] as JsonSchemaDocument | undefined
      const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
      return makeIssue(path, describe(known), received)
    }
    case "propertyNames":
      return makeIssue(path, `property names matching ${shortJson(limit)}`, received)
    default: {
      const words = phrases[keyword]
      if (words !== undefined) return makeIssue(path, words(limit), received)
      const message = sentences[keyword]!(detail, schema, value)
      return makeIssue(path, message.replace(/\.$/, ""), received, { message })
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

const without = (detail: unknown) => {
  const [key, name] = detail as [string, string]
  return `Instance has ${JSON.stringify(key)} but does not have ${JSON.stringify(name)}.`
}

const sentences: Readonly<Record<string, (detail: unknown, schema: JsonSchemaDocument, value: unknown) => string>> = {
  anyOf: () => "Instance does not match any subschemas.",
  oneOf: (count) => `Instance does not match exactly one subschema (${count} matches).`,
  dependentRequired: without,
  dependencies: without,
  minContains: (count, { minContains }, value) =>
    (value as ReadonlyArray<unknown>).length < (minContains as number)
      ? `Array has less items (${(value as ReadonlyArray<unknown>).length}) than minContains (${minContains}).`
      : `Array must contain at least ${minContains} items matching schema. Only ${count} items were found.`,
  maxContains: (count, { maxContains }) =>
    `Array may contain at most ${maxContains} items matching schema. ${count} items were found.`
}

const describe = (schema: unknown): string => {
  if (!isObject(schema)) return "a value"
  const { type, enum: values } = schema
  if (Array.isArray(values)) return `one of ${shortJson(values)}`
  return Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "a value"
}

const isObject = (u: unknown): u is JsonSchemaDocument => typeof u === "object" && u !== null && !Array.isArray(u)
