import type { FieldState, FieldStep } from "../builder/field-paths.ts"
import { mask, removed } from "./redaction-mask.ts"
import type { RedactionRules } from "./redaction-rules.ts"

/** Deeper than any JSON that is sent, and far from the end of the stack. */
const deepest = 1000

/** Stands for what is being visited. */
const open: unique symbol = Symbol("open")

/** One way through one value. */
export class RedactionWalk {
  readonly #rules: RedactionRules
  /** Whether everything is copied, so that cycles lead to copies as well. */
  readonly #copying: boolean
  /** What became of an object, by where it was met among the paths: shared parts are visited once. */
  readonly #seen = new Map<FieldState, Map<object, unknown>>()
  #cyclic = false

  private constructor(rules: RedactionRules, copying: boolean) {
    this.#rules = rules
    this.#copying = copying
  }

  /** A value without its secrets; the very value where it has none. */
  static run(rules: RedactionRules, value: unknown): unknown {
    const walk = new RedactionWalk(rules, false)
    const made = walk.#visit(value, rules.root, 0)
    if (made === value || !walk.#cyclic) return made
    return new RedactionWalk(rules, true).#visit(value, rules.root, 0)
  }

  #visit(value: unknown, state: FieldState, depth: number): unknown {
    switch (typeof value) {
      case "string":
        return this.#rules.text(value)
      case "number":
      case "bigint":
        return this.#rules.number(value)
      case "object":
        return value === null ? value : this.#object(value, state, depth)
      default:
        return value
    }
  }

  #object(value: object, state: FieldState, depth: number): unknown {
    if (depth > deepest) return mask
    let seen = this.#seen.get(state)
    if (seen === undefined) {
      seen = new Map()
      this.#seen.set(state, seen)
    }
    const known = seen.get(value)
    if (known === open) {
      this.#cyclic = true
      return this.#copying ? mask : value
    }
    if (known !== undefined) return known
    const remember = (made: unknown) => void seen.set(value, made)
    remember(open)
    let made: unknown
    try {
      made = this.#inside(value, state, depth + 1, remember)
    } catch {
      // a proxy or getter that throws: what it hides is not known
      made = mask
    }
    remember(made)
    return made
  }

  #inside(value: object, state: FieldState, depth: number, remember: (made: unknown) => void): unknown {
    if (Array.isArray(value)) return this.#array(value, state, depth, remember)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value
    if (value instanceof Error) return this.#error(value, state, depth)
    if (value instanceof Map) return this.#map(value, state, depth, remember)
    if (value instanceof Set) return this.#set(value, state, depth, remember)
    const boxed = value instanceof String || value instanceof Number || value instanceof BigInt
    const toJSON = boxed ? value.valueOf : (value as { readonly toJSON?: unknown }).toJSON
    if (typeof toJSON !== "function") return this.#members(value, state, depth, remember)
    const written: unknown = toJSON.call(value, "")
    const made = this.#visit(written, state, depth)
    return Object.is(made, written) ? value : made
  }

  #step(value: unknown, { field, state }: FieldStep, depth: number): unknown {
    return field === undefined ? this.#visit(value, state, depth) : this.#rules.field(field, value)
  }

  #array(value: ReadonlyArray<unknown>, state: FieldState, depth: number, remember: (made: unknown) => void): unknown {
    const step = state.into(undefined)
    let copy: Array<unknown> | undefined = this.#copying ? [] : undefined
    if (copy !== undefined) remember(copy)
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      const made = this.#step(item, step, depth)
      if (copy === undefined) {
        if (Object.is(made, item)) continue
        copy = value.slice(0, i)
      }
      if (made !== removed) copy.push(made)
    }
    return copy ?? value
  }

  #members(value: object, state: FieldState, depth: number, remember: (made: unknown) => void): unknown {
    const source = value as Readonly<Record<string, unknown>>
    const keys = Object.keys(source)
    let copy: Copy | undefined = this.#copying ? new Copy(value) : undefined
    if (copy !== undefined) remember(copy.made)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      const name = this.#rules.hasPatterns ? this.#rules.text(key) : key
      const item = source[key]
      const made = this.#step(item, state.into(key), depth)
      if (copy === undefined) {
        if (name === key && Object.is(made, item)) continue
        copy = new Copy(value)
        for (let j = 0; j < i; j++) copy.put(keys[j]!, source[keys[j]!])
      }
      if (made !== removed) copy.put(name, made)
    }
    return copy === undefined ? value : copy.made
  }

  #map(value: ReadonlyMap<unknown, unknown>, state: FieldState, depth: number, remember: (made: unknown) => void) {
    const copy = new Map<unknown, unknown>()
    if (this.#copying) remember(copy)
    let changed = this.#copying
    for (const [key, item] of value) {
      const name = this.#visit(key, state.into(undefined).state, depth)
      const made = this.#step(item, state.into(typeof key === "string" ? key : undefined), depth)
      changed ||= !Object.is(name, key) || !Object.is(made, item)
      if (made !== removed) copy.set(name, made)
    }
    return changed ? copy : value
  }

  #set(value: ReadonlySet<unknown>, state: FieldState, depth: number, remember: (made: unknown) => void) {
    const copy = new Set<unknown>()
    if (this.#copying) remember(copy)
    let changed = this.#copying
    for (const item of value) {
      const made = this.#step(item, state.into(undefined), depth)
      changed ||= !Object.is(made, item)
      if (made !== removed) copy.add(made)
    }
    return changed ? copy : value
  }

  /** Of the same class still, so that whoever sorts errors knows it. */
  #error(error: Error, state: FieldState, depth: number): Error {
    const changes: PropertyDescriptorMap = {}
    let changed = false
    for (const name of new Set(["message", "stack", "cause", "errors", ...Object.keys(error)])) {
      const item = (error as unknown as Readonly<Record<string, unknown>>)[name]
      if (item === undefined) continue
      const made = this.#step(item, state.into(name), depth)
      const enumerable = Object.prototype.propertyIsEnumerable.call(error, name)
      // what makes a stack does so for the error it was made for alone
      if (name !== "stack" && Object.is(made, item)) continue
      changed ||= !Object.is(made, item)
      changes[name] = { value: made === removed ? undefined : made, writable: true, configurable: true, enumerable }
    }
    if (!changed) return error
    return Object.create(Object.getPrototypeOf(error), { ...Object.getOwnPropertyDescriptors(error), ...changes })
  }
}

/** A plain object in the making, in which no name replaces another. */
class Copy {
  readonly made: Record<string, unknown>
  #taken: Map<string, number> | undefined

  constructor(source: object) {
    this.made = Object.getPrototypeOf(source) === null ? Object.create(null) : {}
  }

  put(name: string, value: unknown): void {
    let own = name
    while (Object.hasOwn(this.made, own)) {
      this.#taken ??= new Map()
      const count = (this.#taken.get(name) ?? 1) + 1
      this.#taken.set(name, count)
      own = `${name} (${count})`
    }
    // __proto__ would be set, not added
    if (own === "__proto__") {
      Object.defineProperty(this.made, own, { value, writable: true, enumerable: true, configurable: true })
    } else this.made[own] = value
  }
}
