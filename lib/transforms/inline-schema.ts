import type { JsonSchemaDocument } from "../builder/schema.ts"
import { freezeJson, indexSchema, mapSubschemas, type SchemaIndex, subschemasOf } from "../builder/schema-document.ts"
import { Definitions, naming } from "./schema-definitions.ts"

/** Beyond this many subschemas a document is not written out: references keep small what would multiply. */
const most = 10_000

/** Beside these a `$ref` can be replaced by what it leads to; others stand together with it. */
const notes = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment"
])

/**
 * The same schema with its references written out. What refers to itself stays in `$defs`; undefined where there is nothing
 * to write out, or the whole would have more than 10,000 subschemas.
 */
export const inlineSchema = (document: JsonSchemaDocument, where: string): JsonSchemaDocument | undefined => {
  const index = indexSchema(document, where)
  if (index.targets.size === 0) return undefined
  const writer = new Writer(index)
  const written = writer.write(document)
  if (written === undefined) return undefined
  const made = freezeJson(writer.definitions.added(written as JsonSchemaDocument), where) as JsonSchemaDocument
  indexSchema(made, where)
  return made
}

type Record_ = Record<string, unknown>

const isObject = (u: unknown): u is Record_ => typeof u === "object" && u !== null && !Array.isArray(u)

class Writer {
  readonly definitions = new Definitions()
  readonly #index: SchemaIndex
  readonly #recursive = new Map<unknown, boolean>()
  #written = 0

  constructor(index: SchemaIndex) {
    this.#index = index
  }

  /** Undefined once there is too much. */
  write(schema: unknown): unknown {
    if (!isObject(schema)) return schema
    if (++this.#written > most) return undefined
    const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !naming.has(keyword)))
    const { $ref: _, $dynamicRef: __, ...rest } = own
    const made = mapSubschemas(rest, (child) => this.write(child) ?? false)
    const targets = (this.#index.targets.get(schema) ?? []).map((target) => this.#target(target))
    if (this.#written > most) return undefined
    const [only] = targets
    if (targets.length === 0) return made
    if (targets.length === 1 && isObject(only) && Object.keys(made).every((keyword) => notes.has(keyword))) {
      return { ...only, ...made }
    }
    const { allOf = [], ...others } = made
    // the root says that it is an object by itself
    if (targets.length === 1 && isObject(only) && isOnlyType(others, only) && (allOf as Array<unknown>).length === 0) {
      return { ...only, ...others }
    }
    return { ...others, allOf: [...(allOf as ReadonlyArray<unknown>), ...targets] }
  }

  #target(target: unknown): unknown {
    if (!this.#isRecursive(target)) return this.write(target)
    return { $ref: this.definitions.refer(target, undefined, () => this.write(target)) }
  }

  /** Whether a subschema leads back to itself. */
  #isRecursive(target: unknown): boolean {
    const known = this.#recursive.get(target)
    if (known !== undefined) return known
    const seen = new Set<unknown>()
    const open = this.#leadsTo(target)
    while (open.length > 0) {
      const next = open.pop()
      if (seen.has(next)) continue
      seen.add(next)
      open.push(...this.#leadsTo(next))
    }
    const recursive = seen.has(target)
    this.#recursive.set(target, recursive)
    return recursive
  }

  #leadsTo(schema: unknown): Array<unknown> {
    if (!isObject(schema)) return []
    // definitions are only led to by references
    const { $defs: _, definitions: __, ...own } = schema
    return [...subschemasOf(own), ...(this.#index.targets.get(schema) ?? [])]
  }
}

const isOnlyType = (others: Record_, target: Record_): boolean =>
  Object.keys(others).every(
    (keyword) => notes.has(keyword) || (keyword === "type" && target["type"] === others["type"])
  )
