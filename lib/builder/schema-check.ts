import { kindOf } from "./schema-values.ts"
import type { JsonSchemaDocument } from "./schema.ts"
import type { SchemaIndex } from "./schema-document.ts"
import { Evaluated } from "./schema-faults.ts"
import {
  anything,
  areUnique,
  below,
  type Check,
  containing,
  fault,
  inOrder,
  type Keys,
  limit,
  type Named,
  needed,
  nothing,
  number,
  ofType,
  ofValues,
  type Schemas,
  type Steps,
  string,
  whereHas
} from "./schema-keywords.ts"

/**
 * Compiles an indexed document (draft 2020-12; `dependencies`, and `items` with `additionalItems`, as before it) to checks: one
 * closure a keyword, patterns compiled once, and no keyword slower than linear in the value.
 */
export const compileCheck = (document: JsonSchemaDocument, index: SchemaIndex): Check =>
  new Compiler(index).of(document)

class Compiler {
  readonly #index: SchemaIndex
  readonly #known = new Map<object, Check>()

  constructor(index: SchemaIndex) {
    this.#index = index
  }

  of(schema: unknown): Check {
    if (schema === true) return anything
    if (schema === false) return nothing
    const known = this.#known.get(schema as object)
    if (known !== undefined) return known
    // for references back, until the steps are there
    let steps: Steps = { any: [] }
    const check: Check = (value, at, faults, seen) => {
      const kind = kindOf(value)
      // what is no JSON fits nothing
      if (kind === "") return false
      let fits = true
      for (const step of steps.any) {
        if (step(value, at, faults, seen)) continue
        if (faults === undefined) return false
        fits = false
      }
      const own = steps[kind]
      if (own === undefined) return fits
      for (const step of own) {
        if (step(value, at, faults, seen)) continue
        if (faults === undefined) return false
        fits = false
      }
      return fits
    }
    const isAsking = ["unevaluatedItems", "unevaluatedProperties"].some((one) => Object.hasOwn(schema as object, one))
    let whole = check
    this.#known.set(schema as object, isAsking ? (value, at, faults, seen) => whole(value, at, faults, seen) : check)
    steps = this.#steps(schema as JsonSchemaDocument)
    if (isAsking) whole = this.#unevaluated(schema as JsonSchemaDocument, check)
    return this.#known.get(schema as object)!
  }

  /** A reference is followed when it is first needed: thousands in a row would not fit on the stack. */
  #later(target: unknown): Check {
    let check: Check | undefined
    return (value, at, faults, seen) => {
      check ??= this.of(target)
      return check(value, at, faults, seen)
    }
  }

  #steps(schema: JsonSchemaDocument): Steps {
    const has = (...keywords: Keys) => keywords.some((keyword) => schema[keyword] !== undefined)
    const any: Array<Check> = (this.#index.targets.get(schema) ?? []).map((target) => this.#later(target))
    if (has("type")) any.push(ofType(schema))
    if (has("const")) any.push(ofValues(schema, "const", [schema["const"]]))
    if (has("enum")) any.push(ofValues(schema, "enum", schema["enum"] as Schemas))
    if (has("not")) any.push(this.#not(schema))
    if (has("anyOf")) any.push(this.#oneOf(schema, "anyOf"))
    if (has("allOf")) any.push(...(schema["allOf"] as Schemas).map((part) => this.of(part)))
    if (has("oneOf")) any.push(this.#oneOf(schema, "oneOf"))
    if (has("if")) any.push(this.#branch(schema))
    return {
      any,
      object: this.#object(schema),
      array: this.#array(schema),
      number: number(schema),
      string: string(schema)
    }
  }

  #not(schema: JsonSchemaDocument): Check {
    const check = this.of(schema["not"])
    return (value, at, faults) => !check(value, at, undefined, undefined) || fault(faults, at, "not", schema, value)
  }

  /** `anyOf` and `oneOf`: what alternatives noted is kept only where none of them fits. */
  #oneOf(schema: JsonSchemaDocument, keyword: "anyOf" | "oneOf"): Check {
    const checks = (schema[keyword] as Schemas).map((part) => this.of(part))
    const isAny = keyword === "anyOf"
    return (value, at, faults, seen) => {
      const mark = faults?.begin()
      let fitting = 0
      for (const check of checks) {
        const own = seen === undefined ? undefined : new Evaluated()
        if (!check(value, at, faults, own)) continue
        fitting++
        if (own !== undefined) seen!.merge(own)
        else if (isAny || fitting > 1) break
      }
      if (mark !== undefined) faults!.end(mark, fitting === 0)
      if (fitting === 1 || (isAny && fitting > 0)) return true
      if (fitting === 0 && checks.length > 0) return false
      return fault(
        faults,
        at,
        keyword,
        schema,
        value,
        isAny ? 0 : checks.filter((c) => c(value, at, undefined, seen && new Evaluated())).length
      )
    }
  }

  #branch(schema: JsonSchemaDocument): Check {
    const condition = this.of(schema["if"])
    const met = this.of(schema["then"] ?? true)
    const unmet = this.of(schema["else"] ?? true)
    return (value, at, faults, seen) => {
      const own = seen === undefined ? undefined : new Evaluated()
      if (!condition(value, at, undefined, own)) return unmet(value, at, faults, seen)
      if (own !== undefined) seen!.merge(own)
      return met(value, at, faults, seen)
    }
  }

  #unevaluated(schema: JsonSchemaDocument, check: Check): Check {
    const properties = this.of(
      schema["additionalProperties"] === undefined ? (schema["unevaluatedProperties"] ?? true) : true
    )
    const items = this.of(schema["unevaluatedItems"] ?? true)
    return (value, at, faults, seen) => {
      const own = new Evaluated()
      let fits = check(value, at, faults, own)
      if (!fits && faults === undefined) return false
      if (Array.isArray(value)) {
        for (let n = own.upTo; n < value.length && items !== anything; n++) {
          if (own.items?.has(n) === true || items(value[n], below(faults, at, n), faults, undefined)) continue
          if (faults === undefined) return false
          fits = false
        }
        if (schema["unevaluatedItems"] !== undefined) own.upTo = Number.POSITIVE_INFINITY
      } else if (kindOf(value) === "object" && properties !== anything) {
        for (const key of Object.keys(value as Named)) {
          if (own.keys.has(key)) continue
          const one = (value as Named)[key]
          const path = below(faults, at, key)
          if (
            properties === nothing
              ? fault(faults, path, "unevaluatedProperties", schema, one)
              : properties(one, path, faults, undefined)
          )
            continue
          if (faults === undefined) return false
          fits = false
        }
      }
      if (kindOf(value) === "object" && schema["unevaluatedProperties"] !== undefined)
        own.addKeys(Object.keys(value as Named))
      if (fits && seen !== undefined) seen.merge(own)
      return fits
    }
  }

  #object(schema: JsonSchemaDocument): ReadonlyArray<Check> {
    const steps: Array<Check> = []
    const {
      required,
      minProperties: least,
      maxProperties: most,
      propertyNames,
      dependentRequired,
      dependentSchemas
    } = schema
    if (required !== undefined) {
      steps.push((value, at, faults) => {
        let fits = true
        for (const name of required as Keys) {
          if (Object.hasOwn(value as Named, name)) continue
          if (faults === undefined) return false
          fits = fault(faults, below(faults, at, name), "required", schema, undefined, name)
        }
        return fits
      })
    }
    const size = (value: unknown) => Object.keys(value as Named).length
    if (least !== undefined) steps.push(limit(schema, "minProperties", (value) => size(value) >= (least as number)))
    if (most !== undefined) steps.push(limit(schema, "maxProperties", (value) => size(value) <= (most as number)))
    if (propertyNames !== undefined) {
      const check = this.of(propertyNames)
      steps.push((value, at, faults) => {
        let fits = true
        for (const key of Object.keys(value as Named)) {
          if (check(key, undefined, undefined, undefined)) continue
          if (faults === undefined) return false
          fits = fault(faults, below(faults, at, key), "propertyNames", schema, key)
        }
        return fits
      })
    }
    for (const [key, names] of Object.entries(dependentRequired ?? {}))
      steps.push(needed(schema, "dependentRequired", key, names))
    for (const [key, part] of Object.entries(dependentSchemas ?? {})) steps.push(whereHas(key, this.of(part)))
    for (const [key, part] of Object.entries((schema["dependencies"] ?? {}) as Named))
      steps.push(Array.isArray(part) ? needed(schema, "dependencies", key, part) : whereHas(key, this.of(part)))
    if (["properties", "patternProperties", "additionalProperties"].some((keyword) => schema[keyword] !== undefined))
      steps.push(this.#members(schema))
    return steps
  }

  #members(schema: JsonSchemaDocument): Check {
    const entries = Object.entries((schema["properties"] ?? {}) as Named).map(
      ([key, part]) => [key, this.of(part)] as const
    )
    const named = new Map(entries)
    const patterns = Object.entries((schema["patternProperties"] ?? {}) as Named).map(
      ([pattern, part]) => [new RegExp(pattern, "u"), this.of(part)] as const
    )
    const additional =
      schema["additionalProperties"] === undefined ? undefined : this.of(schema["additionalProperties"])
    const rest: Check | undefined =
      additional === nothing
        ? (value, at, faults) => fault(faults, at, "additionalProperties", schema, value)
        : additional
    return (value, at, faults, seen) => {
      const members = value as Named
      let fits = true
      const one = (check: Check, key: string): boolean => {
        seen?.keys.add(key)
        if (check(members[key], below(faults, at, key), faults, undefined)) return true
        fits = false
        return faults !== undefined
      }
      if (patterns.length === 0 && rest === undefined && entries.length <= fewNames) {
        for (const [key, check] of entries) if (Object.hasOwn(members, key) && !one(check, key)) return false
        return fits
      }
      const keys = Object.keys(members)
      if (entries.length <= Math.max(keys.length, fewNames)) {
        for (const [key, check] of entries) if (Object.hasOwn(members, key) && !one(check, key)) return false
      } else {
        for (const key of keys) {
          const check = named.get(key)
          if (check !== undefined && !one(check, key)) return false
        }
      }
      for (const [pattern, check] of patterns)
        for (const key of keys) if (pattern.test(key) && !one(check, key)) return false
      if (rest === undefined) return fits
      for (const key of keys) {
        if (named.has(key) || patterns.some(([pattern]) => pattern.test(key))) continue
        if (!one(rest, key)) return false
      }
      return fits
    }
  }

  #array(schema: JsonSchemaDocument): ReadonlyArray<Check> {
    const steps: Array<Check> = []
    const { maxItems, minItems, items, contains } = schema
    const size = (value: unknown) => (value as Schemas).length
    if (maxItems !== undefined) steps.push(limit(schema, "maxItems", (value) => size(value) <= (maxItems as number)))
    if (minItems !== undefined) steps.push(limit(schema, "minItems", (value) => size(value) >= (minItems as number)))
    const prefix = [...((schema["prefixItems"] ?? []) as Schemas), ...(Array.isArray(items) ? items : [])].map((part) =>
      this.of(part)
    )
    const rest = Array.isArray(items) ? schema["additionalItems"] : items
    if (prefix.length > 0 || rest !== undefined)
      steps.push(inOrder(prefix, rest === undefined ? undefined : this.of(rest)))
    if (contains !== undefined) steps.push(containing(schema, this.of(contains)))
    if (schema["uniqueItems"] === true) steps.push(limit(schema, "uniqueItems", (value) => areUnique(value as Schemas)))
    return steps
  }
}

/** As many names are looked up one by one, in the order of the schema. */
const fewNames = 32
