import * as v from "valibot"
import { DefinitionError } from "./errors.ts"
import { formatPath } from "./issues.ts"
import { fixFor, type Mode } from "./schema-fixes.ts"
import { type AnySchema, guarded, parts, withAllowed } from "./schema-guards.ts"

/** Whether a value is a valibot schema, synchronous or not. */
export const isValibotSchema = (u: unknown): u is AnySchema =>
  typeof u === "object" &&
  u !== null &&
  (u as AnySchema).kind === "schema" &&
  typeof (u as AnySchema)["~run"] === "function"

/**
 * Checks that clients can be told what a schema accepts, and returns one that accepts no more than that:
 * arrays are no objects, keys valibot would drop (`__proto__`, `prototype`, `constructor`) are issues, and in an input
 * `v.object` and `v.tuple` refuse what they do not name. Anything that cannot be listed is a `DefinitionError` with its path.
 */
export const closed = (schema: AnySchema, mode: Mode, where: string): AnySchema =>
  visit({ mode, where, boxes: new Map(), lazies: new Map(), count: 0 }, schema, [], 1)

/** Values a schema is limited to, if it is a literal, picklist, enum or a union of those. */
export const literalsOf = (schema: AnySchema | undefined): ReadonlyArray<unknown> | undefined => {
  switch (schema?.type) {
    case "literal":
      return [schema["literal"]]
    case "picklist":
    case "enum":
      return schema["options"]
    case "optional":
    case "exact_optional":
      return literalsOf(schema["wrapped"])
    case "union": {
      const all = (schema["options"] as ReadonlyArray<AnySchema>).map(literalsOf)
      return all.every((values) => values !== undefined) ? all.flat() : undefined
    }
    default:
      return undefined
  }
}

/** Transformations that keep the type: they may stand anywhere in a pipe. */
export const sameType: ReadonlySet<string> = new Set([
  "brand",
  "flavor",
  "readonly",
  "guard",
  "trim",
  "trim_start",
  "trim_end",
  "normalize",
  "to_lower_case",
  "to_upper_case",
  "to_camel_case",
  "to_kebab_case",
  "to_pascal_case",
  "to_snake_case",
  "to_min_value",
  "to_max_value",
  "filter_items",
  "sort_items"
])

interface Box {
  schema: AnySchema | undefined
}

interface Visit {
  readonly mode: Mode
  readonly where: string
  readonly boxes: Map<AnySchema, Box>
  readonly lazies: Map<unknown, AnySchema>
  count: number
}

type Path = ReadonlyArray<string | number>

const maxDepth = 64
const maxSchemas = 10_000

const visit = (context: Visit, schema: unknown, path: Path, depth: number): AnySchema => {
  if (!isValibotSchema(schema)) throw problem(context, path, "not a valibot schema", "Write one, such as v.string().")
  const known = context.boxes.get(schema)
  if (known?.schema !== undefined) return known.schema
  const openLazy = known === undefined || schema.type !== "lazy" ? undefined : context.lazies.get(schema["getter"])
  if (openLazy !== undefined) return openLazy
  if (known !== undefined)
    throw problem(context, path, "a schema inside itself", "Wrap the inner one: v.lazy(() => schema).")
  if ((schema.async as boolean) === true)
    throw problem(context, path, "an async schema", "Decoding is synchronous; check asynchronously in the handler.")
  if (depth > maxDepth)
    throw problem(
      context,
      path,
      `more than ${maxDepth} nested schemas`,
      "Flatten it, or name the recursive schema in a constant."
    )
  if (++context.count > maxSchemas) throw problem(context, path, `more than ${maxSchemas} schemas`, "Split it.")
  const box: Box = { schema: undefined }
  context.boxes.set(schema, box)
  box.schema = withFallback(
    schema,
    "pipe" in schema ? visitPipe(context, schema, path, depth) : visitKind(context, schema, path, depth)
  )
  return box.schema
}

const visitPipe = (context: Visit, schema: AnySchema, path: Path, depth: number): AnySchema => {
  const items = flatten(schema["pipe"])
  const isTransform = (item: AnySchema) => (item.kind as string) === "transformation" && !sameType.has(item.type)
  const lastSchema = items.findLastIndex((item) => item.kind === "schema")
  const listed = context.mode === "input" ? 0 : lastSchema
  for (const [position, item] of items.entries()) {
    if ((item.async as boolean) === true)
      throw problem(
        context,
        path,
        `an async ${item.type} action`,
        "Decoding is synchronous; check asynchronously in the handler."
      )
    if (context.mode === "output") {
      if (isTransform(item) && position > lastSchema) {
        throw problem(
          context,
          path,
          `a ${item.type} whose result has no schema`,
          `Add one after it: v.pipe(…, v.transform(…), v.string()).`
        )
      }
      continue
    }
    if (isTransform(item) && position < items.length - 1) {
      const next = items[position + 1]!
      throw problem(
        context,
        path,
        `${next.type} after a ${item.type}`,
        "Clients see what is sent: put the transform last and everything else before it."
      )
    }
    if (item.kind === "schema" && position > 0) {
      throw problem(
        context,
        path,
        `a second schema (${item.type}) in a pipe`,
        "Only the first is listed: use one schema and actions on it."
      )
    }
  }
  const rebuilt = items.map((item, position) => (position === listed ? visit(context, item, path, depth) : item))
  return (v.pipe as unknown as (...items: ReadonlyArray<AnySchema>) => AnySchema)(...rebuilt)
}

const flatten = (items: ReadonlyArray<AnySchema>): ReadonlyArray<AnySchema> =>
  items.flatMap((item) => ("pipe" in item ? flatten(item["pipe"]) : [item]))

const withFallback = (schema: AnySchema, rebuilt: AnySchema): AnySchema =>
  "fallback" in schema && !("fallback" in rebuilt) ? v.fallback(rebuilt, schema["fallback"]) : rebuilt

const visitKind = (context: Visit, schema: AnySchema, path: Path, depth: number): AnySchema => {
  const child = (part: unknown, key?: string | number) =>
    visit(context, part, key === undefined ? path : [...path, key], depth + 1)
  const children = (parts: ReadonlyArray<unknown>) => parts.map((part) => child(part))
  switch (schema.type) {
    case "any":
    case "unknown":
    case "boolean":
    case "null":
    case "number":
    case "string":
    case "never":
    case "custom":
      return schema
    case "literal":
    case "picklist":
    case "enum": {
      const values = literalsOf(schema)!
      if (!values.every(isJsonScalar))
        throw problem(
          context,
          path,
          `a ${schema.type} with a value JSON does not have`,
          "Use strings, finite numbers and booleans."
        )
      return withAllowed(schema, values)
    }
    case "array":
      return { ...schema, ...parts(v.array(child(schema["item"], "[]"), schema["message"])) }
    case "tuple":
    case "loose_tuple":
    case "strict_tuple":
    case "tuple_with_rest":
      return closedTuple(context, schema, (schema["items"] as ReadonlyArray<unknown>).map(child), () =>
        child(schema["rest"], "[]")
      )
    case "object":
    case "loose_object":
    case "strict_object":
    case "object_with_rest":
      return closedObject(
        context,
        schema,
        entriesOf(context, schema, path, child),
        () => child(schema["rest"], "*"),
        path
      )
    case "record":
      return closedRecord(context, schema, child(schema["key"], "(key)"), child(schema["value"], "*"), path)
    case "optional":
    case "exact_optional":
    case "undefinedable":
    case "nullable":
    case "nullish": {
      const wrapped = child(schema["wrapped"])
      const make = {
        optional: v.optional,
        exact_optional: v.exactOptional,
        undefinedable: v.undefinedable,
        nullable: v.nullable,
        nullish: v.nullish
      }[schema.type] as (wrapped: AnySchema, value: unknown) => AnySchema
      return { ...schema, ...parts(make(wrapped, schema["default"])) }
    }
    case "non_optional": {
      // v.required(…) makes these; JSON has no undefined, so the plain schema says the same.
      let inner: AnySchema = schema["wrapped"]
      while (!("pipe" in inner) && ["optional", "exact_optional", "undefinedable"].includes(inner.type))
        inner = inner["wrapped"]
      return visit(context, inner, path, depth + 1)
    }
    case "union":
      return withAllowed(
        { ...schema, ...parts(v.union(children(schema["options"]), schema["message"])) },
        literalsOf(schema)
      )
    case "variant": {
      const options = children(schema["options"])
      const values = options.map((option) => literalsOf(option["entries"]?.[schema["key"]]))
      return withAllowed(
        { ...schema, ...parts(v.variant(schema["key"], options as any, schema["message"]) as AnySchema) },
        values.every((list) => list !== undefined) ? values.flat() : undefined
      )
    }
    case "intersect":
      if (context.mode === "input" && (schema["options"] as ReadonlyArray<AnySchema>).some(dropsKeys)) {
        throw problem(
          context,
          path,
          "v.object inside v.intersect",
          "It drops unknown keys: merge the entries into one v.strictObject({ ...a.entries, ...b.entries }), or use v.looseObject."
        )
      }
      return { ...schema, ...parts(v.intersect(children(schema["options"]), schema["message"])) }
    case "lazy":
      return closedLazy(context, schema, path, depth)
    default:
      throw problem(context, path, `v.${schema.type}(), which JSON cannot carry`, fixFor(schema.type, context.mode))
  }
}

/** Whether a `v.object` decides about unknown keys of the very value a schema gets. */
const dropsKeys = (schema: unknown): boolean =>
  isValibotSchema(schema) &&
  (schema.type === "object" ||
    (Array.isArray(schema["options"]) && schema["options"].some(dropsKeys)) ||
    dropsKeys(schema["wrapped"]))

const isJsonScalar = (u: unknown) =>
  typeof u === "string" || typeof u === "boolean" || (typeof u === "number" && Number.isFinite(u))

const closedLazy = (context: Visit, schema: AnySchema, path: Path, depth: number): AnySchema => {
  const getter = schema["getter"] as (value: unknown) => unknown
  const known = context.lazies.get(getter)
  if (known !== undefined) return known
  if (getter.length > 0)
    throw problem(
      context,
      path,
      "a v.lazy that depends on its value",
      "Clients cannot be told; use v.variant or v.union."
    )
  const box: { current: Box | undefined } = { current: undefined }
  const lazy = v.lazy(() => box.current?.schema ?? v.never()) as AnySchema
  context.lazies.set(getter, lazy)
  const inner = getter(undefined)
  const open = isValibotSchema(inner) ? context.boxes.get(inner) : undefined
  box.current = open ?? { schema: visit(context, inner, path, depth + 1) }
  return lazy
}

const entriesOf = (context: Visit, schema: AnySchema, path: Path, child: (part: unknown, key: string) => AnySchema) => {
  const entries: Record<string, AnySchema> = {}
  for (const [key, part] of Object.entries(schema["entries"] as Record<string, unknown>)) {
    // valibot looks keys up with `in`, so these would always seem present.
    if (key in Object.prototype)
      throw problem(context, [...path, key], "a property that every JavaScript object has", "Choose another name.")
    entries[key] = child(part, key)
  }
  return entries
}

const closedObject = (
  context: Visit,
  schema: AnySchema,
  entries: Record<string, AnySchema>,
  rest: () => AnySchema,
  path: Path
): AnySchema => {
  const message = schema["message"]
  if (schema.type === "loose_object") return guarded(schema, v.looseObject(entries, message), entries)
  if (schema.type === "object_with_rest") return guarded(schema, v.objectWithRest(entries, rest(), message), entries)
  if (schema.type === "object" && context.mode === "output") return guarded(schema, v.object(entries, message), entries)
  const names = Object.keys(entries)
  if (names.length > maxSchemas) throw problem(context, path, `more than ${maxSchemas} properties`, "Use v.record.")
  return guarded(schema, v.strictObject(entries, message), entries)
}

const closedRecord = (context: Visit, schema: AnySchema, key: AnySchema, value: AnySchema, path: Path): AnySchema => {
  if (key.type !== "string" && !literalsOf(key)?.every((name) => typeof name === "string")) {
    throw problem(
      context,
      path,
      `a record with ${key.type} keys`,
      "JSON keys are strings: use v.string() or v.picklist([…])."
    )
  }
  return guarded(schema, v.record(key as v.StringSchema<undefined>, value, schema["message"]), {})
}

const closedTuple = (context: Visit, schema: AnySchema, items: Array<AnySchema>, rest: () => AnySchema): AnySchema => {
  const message = schema["message"]
  if (schema.type === "tuple_with_rest") return { ...schema, ...parts(v.tupleWithRest(items, rest(), message)) }
  if (schema.type === "loose_tuple") return { ...schema, ...parts(v.looseTuple(items, message)) }
  if (schema.type === "tuple" && context.mode === "output") return { ...schema, ...parts(v.tuple(items, message)) }
  return { ...schema, ...parts(v.strictTuple(items, message)) }
}

const problem = ({ where }: Visit, path: Path, what: string, fix: string) =>
  new DefinitionError(`${where}${path.length === 0 ? "" : ` at ${placeOf(path)}`}: ${what}. ${fix}`)

/** Items of arrays and records have no index at definition: `tags[]`, `scores[*]`. */
const placeOf = (path: Path) =>
  formatPath(path).replace(/\["(\[\]|\*|\(key\))"\]/g, (_, step) => (step === "[]" ? "[]" : `[${step}]`))
