import { DefinitionError } from "./errors.ts"
import type { JsonSchemaDocument } from "./schema.ts"

/** What is known of a document after it was checked: its subschemas and where each `$ref` and `$dynamicRef` leads. */
export interface SchemaIndex {
  readonly subschemas: ReadonlyMap<object, string>
  readonly targets: ReadonlyMap<object, ReadonlyArray<unknown>>
  /** A subschema with the `$id` of another one. */
  readonly sameId: object | undefined
}

/** A JSON value as a deeply frozen copy; anything that is not JSON, cyclic or nested over 256 levels is a `DefinitionError`. */
export const freezeJson = (value: unknown, where: string): unknown => copy(value, where, "#", new Set())

/**
 * Checks a JSON Schema 2020-12 document without ever fetching anything: every `$ref` leads to a subschema of the same
 * document, at most 64 subschemas are nested and 10,000 present, and no reference leads back to itself at the same value
 * (validating would never end). Each violation is a `DefinitionError` naming the place.
 */
export const indexSchema = (document: JsonSchemaDocument, where: string): SchemaIndex => {
  const index: Index = {
    where,
    subschemas: new Map(),
    bases: new Map(),
    resources: new Map(),
    anchors: new Map(),
    targets: new Map(),
    sameId: undefined
  }
  visit(index, document, "#", rootBase, 1)
  for (const [schema, place] of index.subschemas) resolveRefs(index, schema as JsonSchemaDocument, place)
  checkTermination(index, document)
  return index
}

/** A step of a JSON pointer, decoded from a URI fragment. */
export const unescapePointer = (segment: string): string => {
  let text = segment
  try {
    text = decodeURIComponent(segment)
  } catch {
    // A stray percent sign is kept: the pointer then names a key that contains it.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~")
}

/** A step of a JSON pointer (RFC 6901). */
export const escapePointer = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")

const rootBase = "mcpipe:/schema"
const maxJsonDepth = 256
const maxDepth = 64
const maxSubschemas = 10_000
const maxChecks = 10_000
const maxChain = 256

/** Keywords that hold one subschema, a list or a map of them. */
const single = new Set(
  ["not", "if", "then", "else", "contains", "additionalProperties", "propertyNames", "unevaluatedItems"].concat([
    "unevaluatedProperties",
    "items",
    "additionalItems",
    "contentSchema"
  ])
)
const lists = new Set(["allOf", "anyOf", "oneOf", "prefixItems", "items"])
const maps = new Set(["$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies"])
/** Of these, the ones whose subschemas look at the same value as their parent. */
const inPlace = new Set(["not", "if", "then", "else", "allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"])

interface Index extends SchemaIndex {
  readonly where: string
  readonly subschemas: Map<object, string>
  /** Base URI of each subschema. */
  readonly bases: Map<object, string>
  /** Schemas with an own `$id`, and the root, by absolute URI without fragment. */
  readonly resources: Map<string, unknown>
  readonly anchors: Map<string, unknown>
  readonly targets: Map<object, Array<unknown>>
  sameId: object | undefined
}

const copy = (value: unknown, where: string, place: string, above: Set<object>): unknown => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number" && Number.isFinite(value)) return value
  if (typeof value !== "object")
    throw notJson(where, place, typeof value === "number" ? String(value) : `a ${typeof value}`)
  if (above.has(value)) throw notJson(where, place, "a cycle", `Recursion is written {"$ref": "#/$defs/name"}.`)
  if (above.size >= maxJsonDepth)
    throw new DefinitionError(`${where}, ${place}: the JSON is nested deeper than ${maxJsonDepth} levels.`)
  above.add(value)
  const result = Array.isArray(value) ? copyArray(value, where, place, above) : copyObject(value, where, place, above)
  above.delete(value)
  return Object.freeze(result)
}

const copyArray = (value: ReadonlyArray<unknown>, where: string, place: string, above: Set<object>) =>
  Array.from(value, (item, index) => copy(item, where, `${place}/${index}`, above))

const copyObject = (value: object, where: string, place: string, above: Set<object>) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw notJson(where, place, value.constructor?.name || "a class instance")
  const result: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const copied = copy(item, where, `${place}/${escapePointer(key)}`, above)
    // Assignment to "__proto__" would set the prototype instead of a key.
    if (key === "__proto__") Object.defineProperty(result, key, { value: copied, enumerable: true })
    else result[key] = copied
  }
  return result
}

const notJson = (where: string, place: string, what: string, fix = "Use JSON values only.") =>
  new DefinitionError(`${where}, ${place}: ${what} is not JSON. ${fix}`)

const visit = (index: Index, schema: unknown, place: string, base: string, depth: number): void => {
  const { where } = index
  if (typeof schema === "boolean") return
  if (!isObject(schema)) throw new DefinitionError(`${where}, ${place}: a schema must be an object or a boolean.`)
  if (index.subschemas.has(schema)) return
  if (depth > maxDepth)
    throw new DefinitionError(
      `${where}, ${place}: more than ${maxDepth} nested subschemas. Move inner ones to "$defs".`
    )
  if (index.subschemas.size >= maxSubschemas)
    throw new DefinitionError(`${where}: more than ${maxSubschemas} subschemas. Split the schema.`)
  index.subschemas.set(schema, place)
  let own = base
  if (typeof schema["$id"] === "string") {
    own = resolveUri(schema["$id"], base) ?? base
    if (index.resources.has(withoutFragment(own))) index.sameId ??= schema
    index.resources.set(withoutFragment(own), schema)
  }
  if (place === "#") index.resources.set(withoutFragment(own), schema)
  index.bases.set(schema, own)
  for (const keyword of ["$anchor", "$dynamicAnchor"]) {
    const anchor = schema[keyword]
    if (typeof anchor === "string") index.anchors.set(`${withoutFragment(own)}#${anchor}`, schema)
  }
  for (const [step, child] of children(schema)) visit(index, child, `${place}/${step}`, own, depth + 1)
}

/** The direct subschemas of a schema, each with the pointer that leads to it. */
const children = function* (
  schema: JsonSchemaDocument
): Generator<readonly [step: string, child: unknown, sameValue: boolean]> {
  for (const [keyword, value] of Object.entries(schema)) {
    if (lists.has(keyword) && Array.isArray(value)) {
      for (const [position, item] of value.entries()) yield [`${keyword}/${position}`, item, inPlace.has(keyword)]
    } else if (single.has(keyword)) {
      yield [keyword, value, inPlace.has(keyword)]
    } else if (maps.has(keyword) && isObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (keyword === "dependencies" && Array.isArray(item)) continue
        yield [`${keyword}/${escapePointer(key)}`, item, inPlace.has(keyword)]
      }
    }
  }
}

/** A copy of a schema whose direct subschemas are replaced by what `f` makes of them; undefined leaves one out. */
export const mapSubschemas = (
  schema: JsonSchemaDocument,
  f: (child: unknown, keyword: string, key: string | number | undefined) => unknown
): Record<string, unknown> => {
  const result: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (lists.has(keyword) && Array.isArray(value)) {
      result[keyword] = value.map((item, index) => f(item, keyword, index)).filter((item) => item !== undefined)
    } else if (single.has(keyword)) {
      const made = f(value, keyword, undefined)
      if (made !== undefined) result[keyword] = made
    } else if (maps.has(keyword) && isObject(value)) {
      result[keyword] = Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) => {
          const made = keyword === "dependencies" && Array.isArray(item) ? item : f(item, keyword, key)
          return made === undefined ? [] : [[key, made]]
        })
      )
    } else {
      result[keyword] = value
    }
  }
  return result
}

/** The direct subschemas of a schema. */
export const subschemasOf = (schema: JsonSchemaDocument): ReadonlyArray<unknown> =>
  [...children(schema)].map(([, child]) => child)

const resolveRefs = (index: Index, schema: JsonSchemaDocument, place: string): void => {
  for (const keyword of ["$ref", "$dynamicRef"]) {
    if (!Object.hasOwn(schema, keyword)) continue
    const ref = schema[keyword]
    const target = typeof ref === "string" ? resolve(index, ref, index.bases.get(schema) ?? rootBase) : undefined
    if (target === undefined || (isObject(target) && !index.subschemas.has(target))) {
      throw new DefinitionError(
        `${index.where}, ${place}: ${keyword} ${JSON.stringify(ref)} leads to no schema of this document; nothing is ever fetched. ` +
          `Copy the schema under "$defs" and refer to it as "#/$defs/name".`
      )
    }
    const targets = index.targets.get(schema)
    if (targets === undefined) index.targets.set(schema, [target])
    else targets.push(target)
  }
}

const resolve = (index: Index, ref: string, base: string): unknown => {
  const uri = resolveUri(ref, base)
  if (uri === undefined) return undefined
  const at = uri.indexOf("#")
  const fragment = at === -1 ? "" : uri.slice(at + 1)
  const resource = index.resources.get(withoutFragment(uri))
  if (fragment === "" || resource === undefined) return resource
  if (!fragment.startsWith("/")) return index.anchors.get(uri)
  let target: unknown = resource
  for (const segment of fragment.slice(1).split("/")) {
    const key = unescapePointer(segment)
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined
    target = (target as Record<string, unknown>)[key]
  }
  return typeof target === "boolean" || isObject(target) ? target : undefined
}

const resolveUri = (ref: string, base: string): string | undefined => {
  try {
    return new URL(ref, base).href
  } catch {
    return undefined
  }
}

const withoutFragment = (uri: string): string => uri.replace(/#.*$/s, "")

/** Refuses references that come back to the same value, and chains of them that multiply the work on one value. */
const checkTermination = (index: Index, document: JsonSchemaDocument): void => {
  const weights = new Map<object, number>()
  const open = new Set<object>()
  const weigh = (schema: unknown): number => {
    if (!isObject(schema)) return 1
    const known = weights.get(schema)
    if (known !== undefined) return known
    const place = index.subschemas.get(schema) ?? "#"
    if (open.has(schema)) {
      throw new DefinitionError(
        `${index.where}, ${place}: the reference leads back to itself, so validation would never end. Put a property or an array between.`
      )
    }
    if (open.size >= maxChain)
      throw new DefinitionError(
        `${index.where}, ${place}: more than ${maxChain} references in a row. Refer to the last one directly.`
      )
    open.add(schema)
    let weight = 1
    for (const target of index.targets.get(schema) ?? []) weight += weigh(target)
    for (const [, child, same] of children(schema)) if (same) weight += weigh(child)
    open.delete(schema)
    if (weight > maxChecks)
      throw new DefinitionError(
        `${index.where}, ${place}: one value would be checked more than ${maxChecks} times. Use fewer nested references.`
      )
    weights.set(schema, weight)
    return weight
  }
  weigh(document)
  for (const schema of index.subschemas.keys()) weigh(schema)
}

const isObject = (u: unknown): u is JsonSchemaDocument => typeof u === "object" && u !== null && !Array.isArray(u)
