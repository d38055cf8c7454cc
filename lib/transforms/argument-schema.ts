import * as v from "valibot"
import { DefinitionError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import { jsonSchema } from "../builder/json-schema.ts"
import type { JsonSchemaDocument, Schema } from "../builder/schema.ts"
import { freezeJson, indexSchema, mapSubschemas } from "../builder/schema-document.ts"
import { fromValibot } from "../builder/valibot-schema.ts"
import type { ArgumentOptions } from "./argument-options.ts"

/** What becomes of an argument, settled. */
export interface ArgumentPlan {
  readonly inner: string
  /** Undefined where it is hidden. */
  readonly outer: string | undefined
  readonly change: ArgumentOptions
  /** An object schema whose one property, `outer`, replaces the tool's own. */
  readonly replaced: Schema<any, any> | undefined
  readonly required: boolean
}

type Properties = Readonly<Record<string, unknown>>

const propertiesOf = (document: JsonSchemaDocument): Properties => (document["properties"] ?? {}) as Properties

const requiredOf = (document: JsonSchemaDocument): ReadonlyArray<string> =>
  (document["required"] ?? []) as ReadonlyArray<string>

/** Keywords by which a schema says something of several arguments at once. */
const joint = [
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "$ref",
  "$dynamicRef",
  "dependentRequired"
].concat(["dependentSchemas", "dependencies", "minProperties", "maxProperties", "propertyNames"])

/** Settles what becomes of each argument; throws a `DefinitionError` that names tool and argument where that cannot be. */
export const plansOf = (
  document: JsonSchemaDocument,
  changes: ReadonlyMap<string, ArgumentOptions>,
  where: string
): ReadonlyArray<ArgumentPlan> => {
  const properties = propertiesOf(document)
  const has = Object.keys(properties).length === 0 ? "it has none" : `it has ${Object.keys(properties).join(", ")}`
  for (const name of changes.keys()) {
    if (!Object.hasOwn(properties, name)) {
      throw new DefinitionError(`${where}: arguments.${name} names an argument that does not exist; ${has}.`)
    }
  }
  const tied = changes.size === 0 ? undefined : joint.find((keyword) => document[keyword] !== undefined)
  if (tied !== undefined) {
    throw new DefinitionError(
      `${where}: arguments can be changed one by one only where the schema says nothing of several at once, but it has ${JSON.stringify(tied)}. Use mapInput, or write the tool's input as one object.`
    )
  }
  const plans = Object.keys(properties).map((inner) => planOf(document, inner, changes.get(inner) ?? {}, where))
  const taken = new Map<string, string>()
  for (const { inner, outer } of plans) {
    if (outer === undefined) continue
    const other = taken.get(outer)
    if (other !== undefined) {
      throw new DefinitionError(
        `${where}: arguments.${outer === inner ? other : inner} cannot be called ${JSON.stringify(outer)}, as ${JSON.stringify(outer === inner ? inner : other)} is. Choose another name.`
      )
    }
    taken.set(outer, inner)
  }
  return plans
}

const planOf = (document: JsonSchemaDocument, inner: string, change: ArgumentOptions, where: string): ArgumentPlan => {
  const place = `${where}: arguments.${inner}`
  const needed = requiredOf(document).includes(inner)
  if (change.hide === true) {
    if (change.value !== undefined) expectFit(document, inner, change.value, `${place}: value`)
    else if (change.compute === undefined && needed) {
      throw new DefinitionError(`${place} is required, so that it can only be hidden with a value or compute.`)
    }
    return { inner, outer: undefined, change, replaced: undefined, required: false }
  }
  const outer = change.name ?? inner
  const replaced =
    change.schema === undefined
      ? undefined
      : fromValibot(v.strictObject({ [outer]: change.schema }), "input", `${place}: schema`)
  const sent = replaced === undefined ? document : replaced.jsonSchema
  const key = replaced === undefined ? inner : outer
  const hasDefault = change.default !== undefined
  if (hasDefault) expectFit(sent, key, change.default, `${place}: default`)
  const required = hasDefault ? false : (change.required ?? requiredOf(sent).includes(key))
  if (needed && !required && !hasDefault && !fillsItself(replaced, outer)) {
    throw new DefinitionError(`${place} is required by the tool; give it a default where clients need not send it.`)
  }
  return { inner, outer, change, replaced, required }
}

/** Whether a schema gives a value where a client sent none. */
const fillsItself = (replaced: Schema<any, any> | undefined, outer: string): boolean => {
  const decoded = replaced?.decode({})
  return decoded?.ok === true && decoded.value[outer] !== undefined
}

const expectFit = (document: JsonSchemaDocument, name: string, value: unknown, where: string): void => {
  const { $defs, definitions } = document
  const alone = { type: "object", properties: { [name]: propertiesOf(document)[name] }, $defs, definitions }
  const decoded = jsonSchema(alone).decode({ [name]: value })
  if (!decoded.ok) throw new DefinitionError(formatIssues(`${where} does not fit the argument`, decoded.issues))
}

/** Whether a plan keeps clients from sending an argument under the name that the tool has for it. */
export const moves = ({ inner, outer }: ArgumentPlan): boolean => inner !== outer

/** The schema that clients see, in agreement with the plans. */
export const listedArguments = (
  document: JsonSchemaDocument,
  plans: ReadonlyArray<ArgumentPlan>,
  where: string
): JsonSchemaDocument => {
  const entries: Array<readonly [string, unknown]> = []
  const required: Array<string> = []
  const definitions = { ...((document["$defs"] ?? {}) as Properties) }
  for (const plan of plans) {
    const { inner, outer } = plan
    if (outer === undefined) continue
    entries.push([outer, propertyOf(plan, propertiesOf(document)[inner], definitions)])
    if (plan.required) required.push(outer)
  }
  // from entries, as an argument may be called __proto__
  const properties = Object.fromEntries(entries)
  const { properties: _, required: __, $defs: ___, ...rest } = document
  const listed = {
    ...rest,
    ...(entries.length === 0 && document["properties"] === undefined ? undefined : { properties }),
    ...(required.length === 0 ? undefined : { required }),
    ...(plans.some(moves) ? closed(document, where) : undefined),
    ...(Object.keys(definitions).length === 0 ? undefined : { $defs: definitions })
  }
  if (plans.some((plan) => moves(plan) || plan.replaced !== undefined)) expectNoPlaces(document, where)
  const made = freezeJson(listed, where) as JsonSchemaDocument
  indexSchema(made, where)
  return made
}

const propertyOf = (
  { outer, change, replaced, required }: ArgumentPlan,
  own: unknown,
  definitions: Record<string, unknown>
): unknown => {
  const property = replaced === undefined ? own : moved(replaced.jsonSchema, outer!, definitions)
  const { description } = change
  const { default: before, ...rest } = (typeof property === "object" ? property : {}) as Record<string, unknown>
  const listed = change.required === true && required ? undefined : before
  const value = change.default === undefined ? listed : change.default
  if (property === false) return false
  if (description === undefined && value === before) return property
  return {
    ...rest,
    ...(description === undefined ? undefined : { description }),
    ...(value === undefined ? undefined : { default: value })
  }
}

/** The one property of a document, with its definitions under names that are free. */
const moved = (document: JsonSchemaDocument, name: string, definitions: Record<string, unknown>): unknown => {
  const own = Object.entries((document["$defs"] ?? {}) as Properties)
  const names = new Map<string, string>()
  for (const [key] of own) {
    let free = `${name}.${key}`
    for (let n = 2; Object.hasOwn(definitions, free); n++) free = `${name}.${key}.${n}`
    definitions[free] = true
    names.set(`#/$defs/${key}`, free)
  }
  const referring = (schema: unknown): unknown => {
    if (typeof schema !== "object" || schema === null) return schema
    const made = mapSubschemas(schema as JsonSchemaDocument, referring)
    const target = names.get(made["$ref"] as string)
    return target === undefined ? made : { ...made, $ref: `#/$defs/${pointer(target)}` }
  }
  for (const [key, schema] of own) definitions[names.get(`#/$defs/${key}`)!] = referring(schema)
  return referring(propertiesOf(document)[name])
}

/** A step of a JSON pointer in a URI fragment (RFC 6901 §6). */
const pointer = (name: string): string => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))

/** The names that arguments had must not be sent any more. */
const closed = (document: JsonSchemaDocument, where: string): { readonly additionalProperties: false } => {
  const { additionalProperties, patternProperties, unevaluatedProperties } = document
  if (
    (typeof additionalProperties === "object" && additionalProperties !== null) ||
    patternProperties !== undefined ||
    (typeof unevaluatedProperties === "object" && unevaluatedProperties !== null)
  ) {
    throw new DefinitionError(
      `${where}: no argument can be renamed or hidden, since the tool also takes arguments that its schema does not name. Use mapInput.`
    )
  }
  return { additionalProperties: false }
}

/** References that lead to an argument by its place, or to all of them, would lead elsewhere. */
const expectNoPlaces = (document: JsonSchemaDocument, where: string): void => {
  const places = new Set<unknown>([document, ...Object.values(propertiesOf(document))])
  for (const targets of indexSchema(document, where).targets.values()) {
    if (targets.some((target) => typeof target === "object" && places.has(target))) {
      throw new DefinitionError(
        `${where}: its schema refers to an argument by its place, "#/properties/…" or "#"; move what is referred to into "$defs".`
      )
    }
  }
}
