import { format } from "@cfworker/json-schema"
import type { JsonSchemaDocument } from "./schema.ts"
import type { Evaluated, Faults, Path } from "./schema-faults.ts"
import { canonicalValue, kindOf, lengthOf, multiplesOf } from "./schema-values.ts"

/**
 * Whether a value fits a schema. Without `faults` the first misfit ends it; with them each is noted. `seen` gathers what was
 * evaluated of the value, where an `unevaluatedProperties` or `unevaluatedItems` asks for it.
 */
export type Check = (
  value: unknown,
  at: Path | undefined,
  faults: Faults | undefined,
  seen: Evaluated | undefined
) => boolean

/** The keywords of a schema: those of any value, and those of one kind. */
export interface Steps {
  readonly any: ReadonlyArray<Check>
  readonly [kind: string]: ReadonlyArray<Check>
}

export type Schemas = ReadonlyArray<unknown>
export type Named = Readonly<Record<string, unknown>>
export type Keys = ReadonlyArray<string>

/** Notes a misfit, where anybody reads them. */
export const fault = (
  faults: Faults | undefined,
  at: Path | undefined,
  keyword: string,
  schema: JsonSchemaDocument,
  value: unknown,
  detail?: unknown
): false => {
  if (faults !== undefined) faults.add(at, keyword, schema, value, detail)
  return false
}

/** The schemas `true` and `false`. */
export const anything: Check = () => true
export const nothing: Check = (value, at, faults) => fault(faults, at, "false", {}, value)

/** What a path is only where somebody reads it. */
export const below = (faults: Faults | undefined, at: Path | undefined, key: string | number): Path | undefined =>
  faults?.isListing === true ? { parent: at, key } : undefined

/** A keyword that is about a value alone. */
export const limit =
  (schema: JsonSchemaDocument, keyword: string, fits: (value: any) => boolean): Check =>
  (value, at, faults) =>
    fits(value) || fault(faults, at, keyword, schema, value)

/** `type`: an integer is a number without a fraction, however it is written. */
export const ofType = (schema: JsonSchemaDocument): Check => {
  const names = new Set([schema["type"]].flat() as Keys)
  const [only] = names
  if (names.size === 1 && (only === "string" || only === "number" || only === "boolean"))
    return limit(schema, "type", (value) => typeof value === only)
  return limit(schema, "type", (value) => {
    const kind = kindOf(value)
    return names.has(kind) || (kind === "number" && names.has("integer") && Number.isInteger(value))
  })
}

/** `const` and `enum`, in time that does not grow with the number of values. */
export const ofValues = (schema: JsonSchemaDocument, keyword: string, values: Schemas): Check => {
  const plain = new Set(values.filter((value) => typeof value !== "object" || value === null))
  const texts = new Set(values.filter((value) => typeof value === "object" && value !== null).map(canonicalValue))
  return limit(schema, keyword, (value) =>
    typeof value !== "object" || value === null ? plain.has(value) : texts.size > 0 && texts.has(canonicalValue(value))
  )
}

/** `dependentRequired`, of one name. */
export const needed =
  (schema: JsonSchemaDocument, keyword: string, key: string, names: Keys): Check =>
  (value, at, faults) => {
    if (!Object.hasOwn(value as Named, key)) return true
    let fits = true
    for (const name of names) {
      if (!Object.hasOwn(value as Named, name)) fits = fault(faults, at, keyword, schema, value, [key, name])
    }
    return fits
  }

const fewItems = 1_000

/** Items are told apart by themselves, or where they hold others by their text. */
export const areUnique = (items: Schemas): boolean => {
  if (items.length > fewItems && items.every((item) => typeof item === "number")) {
    // half the time of a set
    const sorted = Float64Array.from(items as ReadonlyArray<number>).sort()
    for (let n = 1; n < sorted.length; n++) if (sorted[n] === sorted[n - 1]) return false
    return true
  }
  const plain = new Set<unknown>()
  const texts = new Set<string>()
  for (const item of items) {
    if (typeof item !== "object" || item === null) {
      if (plain.size === plain.add(item).size) return false
    } else if (texts.size === texts.add(canonicalValue(item)).size) return false
  }
  return true
}

/** The keywords of numbers (validation, §6.2). */
export const number = (schema: JsonSchemaDocument): ReadonlyArray<Check> => {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Readonly<
    Record<string, number | undefined>
  >
  const steps: Array<Check> = []
  if (minimum !== undefined) steps.push(limit(schema, "minimum", (value) => value >= minimum))
  if (maximum !== undefined) steps.push(limit(schema, "maximum", (value) => value <= maximum))
  if (exclusiveMinimum !== undefined) steps.push(limit(schema, "exclusiveMinimum", (value) => value > exclusiveMinimum))
  if (exclusiveMaximum !== undefined) steps.push(limit(schema, "exclusiveMaximum", (value) => value < exclusiveMaximum))
  if (multipleOf !== undefined) steps.push(limit(schema, "multipleOf", multiplesOf(multipleOf)))
  return steps
}

/** The keywords of strings (validation, §6.3 and §7), `format` asserted where its name is known. */
export const string = (schema: JsonSchemaDocument): ReadonlyArray<Check> => {
  const { minLength, maxLength } = schema as Readonly<Record<string, number | undefined>>
  const steps: Array<Check> = []
  if (minLength !== undefined) steps.push(limit(schema, "minLength", (text) => lengthOf(text, minLength) >= minLength))
  if (maxLength !== undefined)
    steps.push(limit(schema, "maxLength", (text) => lengthOf(text, maxLength + 1) <= maxLength))
  if (schema["pattern"] !== undefined) {
    const pattern = new RegExp(schema["pattern"] as string, "u")
    steps.push(limit(schema, "pattern", (text) => pattern.test(text)))
  }
  const name = schema["format"]
  const check = typeof name === "string" && Object.hasOwn(format, name) ? format[name] : undefined
  if (check === undefined) return steps
  const most = name === "regex" ? longestRegex : Number.POSITIVE_INFINITY
  steps.push(limit(schema, "format", (text) => text.length <= most && check(text)))
  return steps
}

/** Compiling one of 4 MB would hold the loop for half a second; all other formats take time in proportion. */
const longestRegex = 65_536

/** What holds where a property is there. */
export const whereHas =
  (key: string, check: Check): Check =>
  (value, at, faults, seen) =>
    !Object.hasOwn(value as Named, key) || check(value, at, faults, seen)

/** `prefixItems` and `items`. */
export const inOrder =
  (prefix: ReadonlyArray<Check>, rest: Check | undefined): Check =>
  (value, at, faults, seen) => {
    const items = value as Schemas
    const length = rest === undefined ? Math.min(prefix.length, items.length) : items.length
    let fits = true
    for (let n = 0; n < length; n++) {
      if ((prefix[n] ?? rest!)(items[n], below(faults, at, n), faults, undefined)) continue
      if (faults === undefined) return false
      fits = false
    }
    if (seen !== undefined) seen.upTo = Math.max(seen.upTo, length)
    return fits
  }

/** `contains`, `minContains` and `maxContains`. */
export const containing = (schema: JsonSchemaDocument, check: Check): Check => {
  const least = schema["minContains"] as number | undefined
  const most = schema["maxContains"] as number | undefined
  return (value, at, faults, seen) => {
    const items = value as Schemas
    let count = 0
    for (let n = 0; n < items.length; n++) {
      if (!check(items[n], undefined, undefined, undefined)) continue
      count++
      seen?.addItem(n)
    }
    if (least === undefined && count === 0) return fault(faults, at, "contains", schema, value)
    if (least !== undefined && count < least) return fault(faults, at, "minContains", schema, value, count)
    return most === undefined || count <= most || fault(faults, at, "maxContains", schema, value, count)
  }
}
