import { makeIssue } from "../builder/issues.ts"
import type { Issue } from "../builder/schema.ts"
import type { FieldState } from "../builder/field-paths.ts"
import type { SanitizedPlace, StringRules } from "./sanitize-string.ts"

/** More than the 64 levels a message may have; in-process callers could pass a cycle. */
const deepest = 256

/** Values that were cleaned, and why some of them are refused. */
export interface Cleaned {
  readonly value: unknown
  readonly issues: ReadonlyArray<Issue>
}

/** Cleans all strings of JSON data, or those in the fields of `root`; what has nothing to clean comes back as the very value. */
export const cleaned = (
  value: unknown,
  where: Pick<SanitizedPlace, "method" | "name">,
  rules: StringRules,
  root: FieldState | undefined
): Cleaned => {
  const walk = new Walk(where, rules)
  return { value: walk.visit(value, root), issues: walk.issues }
}

class Walk {
  readonly issues: Array<Issue> = []
  readonly #where: Pick<SanitizedPlace, "method" | "name">
  readonly #rules: StringRules
  readonly #path: Array<string | number> = []

  constructor(where: Pick<SanitizedPlace, "method" | "name">, rules: StringRules) {
    this.#where = where
    this.#rules = rules
  }

  /** `state` is undefined within what is cleaned wholly. */
  visit(value: unknown, state: FieldState | undefined): unknown {
    if (typeof value === "string") return state === undefined ? this.#string(value) : value
    if (typeof value !== "object" || value === null || state?.dead === true) return value
    if (this.#path.length >= deepest) {
      this.issues.push(makeIssue([...this.#path], `at most ${deepest} levels`, "more"))
      return value
    }
    return Array.isArray(value) ? this.#array(value, state) : this.#members(value, state)
  }

  #string(value: string): string {
    const { simple } = this.#rules
    const clean = simple(value)
    return this.#rules.checked(clean, { ...this.#where, path: this.#path }, this.issues)
  }

  #inside(key: string | number, value: unknown, state: FieldState | undefined): unknown {
    this.#path.push(key)
    const step = state?.into(typeof key === "string" ? key : undefined)
    const made = this.visit(value, step?.field === undefined ? step?.state : undefined)
    this.#path.pop()
    return made
  }

  #array(value: ReadonlyArray<unknown>, state: FieldState | undefined): unknown {
    let copy: Array<unknown> | undefined
    for (let i = 0; i < value.length; i++) {
      const made = this.#inside(i, value[i], state)
      if (Object.is(made, value[i])) continue
      copy ??= [...value]
      copy[i] = made
    }
    return copy ?? value
  }

  #members(value: object, state: FieldState | undefined): unknown {
    const source = value as Readonly<Record<string, unknown>>
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(source)) {
      const made = this.#inside(key, source[key], state)
      if (Object.is(made, source[key])) continue
      // a spread keeps a member called __proto__ as the data it is, and so does this
      copy ??= { ...source }
      Object.defineProperty(copy, key, { value: made, writable: true, enumerable: true, configurable: true })
    }
    return copy ?? value
  }
}
