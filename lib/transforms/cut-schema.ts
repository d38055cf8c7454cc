import type { JsonSchemaDocument } from "../builder/schema.ts"
import { freezeJson, indexSchema, mapSubschemas, type SchemaIndex } from "../builder/schema-document.ts"
import { type Cut, cutValue } from "./cut.ts"
import { Definitions, naming } from "./schema-definitions.ts"

export interface CutSchema {
  readonly document: JsonSchemaDocument
  /** Whether a path leads to a field that the document names. */
  readonly met: boolean
  /** Whether there may be fields that it does not name. */
  readonly open: boolean
}

/**
 * A schema of all that `cutValue` leaves of values of another. Where a keyword could refuse what is left, such as `not`,
 * `uniqueItems` or the second match of a `oneOf`, it is loosened.
 */
export const cutSchema = (document: JsonSchemaDocument, cut: Cut, where: string): CutSchema => {
  const writer = new Writer(indexSchema(document, where))
  const written = writer.definitions.added(writer.write(document, cut) as JsonSchemaDocument)
  const made = freezeJson(written, where) as JsonSchemaDocument
  indexSchema(made, where)
  return { document: made, met: writer.met, open: writer.open }
}

type Record_ = Record<string, unknown>

const isObject = (u: unknown): u is Record_ => typeof u === "object" && u !== null && !Array.isArray(u)

const elementKeywords = new Set(["items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"])
const sameKeywords = new Set(["allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"])
/** What says nothing any more once parts of a value are missing. */
const loosened = ["not", "if", "then", "else", "minProperties"]

class Writer {
  readonly definitions = new Definitions()
  met = false
  open = false
  readonly #index: SchemaIndex

  constructor(index: SchemaIndex) {
    this.#index = index
  }

  write(schema: unknown, cut: Cut | undefined): unknown {
    if (!isObject(schema)) return schema
    const own: Record_ = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !naming.has(keyword)))
    if (cut !== undefined) this.#loosen(own, cut)
    const made = mapSubschemas(own, (child, keyword, key) => {
      if (cut === undefined) return this.write(child, undefined)
      if (elementKeywords.has(keyword)) return this.write(child, cut.element)
      if (sameKeywords.has(keyword)) return this.write(child, cut)
      if (keyword === "properties") return this.#member(child, cut, String(key))
      if (keyword === "patternProperties") return this.#pattern(child, cut, new RegExp(String(key), "u"))
      if (keyword === "additionalProperties") return this.#additional(child, cut)
      if (keyword === "unevaluatedProperties") return this.#any(child, [cut.other, ...this.#named(cut)])
      return this.write(child, undefined)
    })
    if (cut !== undefined) {
      this.#nameAdditional(schema, made, cut)
      if (made["oneOf"] !== undefined) {
        const { oneOf } = made
        delete made["oneOf"]
        if (made["anyOf"] === undefined) made["anyOf"] = oneOf
        else made["allOf"] = [...((made["allOf"] as ReadonlyArray<unknown>) ?? []), { anyOf: oneOf }]
      }
    }
    this.#refer(schema, made, cut)
    return made
  }

  /** References lead to what they led to, cut in the same way. */
  #refer(schema: Record_, made: Record_, cut: Cut | undefined): void {
    const [first, ...more] = this.#index.targets.get(schema) ?? []
    delete made["$ref"]
    delete made["$dynamicRef"]
    const refer = (target: unknown) => this.definitions.refer(target, cut, () => this.write(target, cut))
    if (first !== undefined) made["$ref"] = refer(first)
    if (more.length > 0) {
      const others = more.map((target) => ({ $ref: refer(target) }))
      made["allOf"] = [...((made["allOf"] as ReadonlyArray<unknown>) ?? []), ...others]
    }
  }

  #loosen(own: Record_, cut: Cut): void {
    if (own["if"] !== undefined || own["not"] !== undefined) delete own["unevaluatedProperties"]
    for (const keyword of loosened) delete own[keyword]
    if (cut.element !== undefined) {
      delete own["uniqueItems"]
      delete own["maxContains"]
    }
    const stays = (name: unknown) => cut.member(String(name)) !== "drop"
    if (Array.isArray(own["required"])) {
      own["required"] = own["required"].filter(stays)
      if ((own["required"] as Array<unknown>).length === 0) delete own["required"]
    }
    for (const keyword of ["dependentRequired", "dependentSchemas", "dependencies"]) {
      const dependents = own[keyword]
      if (!isObject(dependents)) continue
      own[keyword] = Object.fromEntries(
        Object.entries(dependents)
          .filter(([name]) => stays(name))
          .map(([name, needs]) => [name, Array.isArray(needs) ? needs.filter(stays) : needs])
      )
    }
    for (const keyword of ["const", "default"]) {
      if (Object.hasOwn(own, keyword)) own[keyword] = cutValue(own[keyword], cut)
    }
    for (const keyword of ["enum", "examples"]) {
      const values = own[keyword]
      if (!Array.isArray(values)) continue
      const distinct = new Map(
        values.map((value) => cutValue(value, cut)).map((value) => [JSON.stringify(value), value])
      )
      own[keyword] = [...distinct.values()]
    }
  }

  #member(child: unknown, cut: Cut, name: string): unknown {
    this.met ||= cut.endsAt(name)
    const inside = cut.member(name)
    return inside === "drop" ? undefined : this.write(child, inside)
  }

  #pattern(child: unknown, cut: Cut, pattern: RegExp): unknown {
    this.open = true
    const named = [...cut.names].filter((name) => pattern.test(name)).map((name) => cut.member(name))
    return this.#any(child, [cut.other, ...named])
  }

  #additional(child: unknown, cut: Cut): unknown {
    if (child !== false) this.open = true
    return this.write(child, cut.other === "drop" ? undefined : cut.other)
  }

  #named(cut: Cut): ReadonlyArray<Cut | "drop" | undefined> {
    return [...cut.names].map((name) => cut.member(name))
  }

  /** One subschema of members that are cut in several ways. */
  #any(child: unknown, cuts: ReadonlyArray<Cut | "drop" | undefined>): unknown {
    const left = [...new Set(cuts)].filter((cut) => cut !== "drop")
    if (!isObject(child) || left.length === 0) return child
    return left.length === 1 ? this.write(child, left[0]) : { anyOf: left.map((cut) => this.write(child, cut)) }
  }

  /** Members that `additionalProperties` describes, but that are cut in a way of their own, get a subschema of their own. */
  #nameAdditional(schema: Record_, made: Record_, cut: Cut): void {
    const { additionalProperties, properties, patternProperties } = schema
    if (!isObject(additionalProperties)) return
    const known = isObject(properties) ? properties : {}
    const patterns = isObject(patternProperties) ? Object.keys(patternProperties) : []
    for (const name of cut.names) {
      const inside = cut.member(name)
      if (inside === "drop" || inside === cut.other || Object.hasOwn(known, name)) continue
      if (patterns.some((pattern) => new RegExp(pattern, "u").test(name))) continue
      made["properties"] = { ...(made["properties"] as Record_), [name]: this.write(additionalProperties, inside) }
    }
  }
}
