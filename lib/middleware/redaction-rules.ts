import { canonical } from "../services/digest.ts"
import type { FieldState } from "../builder/field-paths.ts"
import { removed } from "./redaction-mask.ts"
import { RedactionWalk } from "./redaction-walk.ts"
import type { Replacement } from "./secret-text.ts"

/** What happens to a field. */
export interface FieldRule {
  readonly path: string
  readonly rule:
    | { readonly type: "replace" }
    | { readonly type: "remove" }
    | { readonly type: "with"; readonly value: unknown }
}

export interface RuleParts {
  readonly root: FieldState
  readonly fields: ReadonlyArray<FieldRule>
  readonly text: (text: string) => string
  readonly replacement: Replacement
  readonly hasFields: boolean
  readonly hasPatterns: boolean
  /** Whether short numbers could match as well. */
  readonly anyNumber: boolean
}

/** What is hidden, and how; the same for all values. */
export class RedactionRules {
  readonly #parts: RuleParts

  constructor(parts: RuleParts) {
    this.#parts = parts
  }

  /** Where a walk through a value begins. */
  get root(): FieldState {
    return this.#parts.root
  }

  get hasPatterns(): boolean {
    return this.#parts.hasPatterns
  }

  /** A text without its secrets; the very text where it has none. */
  text(text: string): string {
    return this.#parts.text(text)
  }

  /** A value without its secrets, in its fields as well; the very value where it has none. */
  value(value: unknown): unknown {
    return RedactionWalk.run(this, value)
  }

  /**
   * A text whose fields are hidden too where all of it is JSON. What is changed is written anew: indented as before, its
   * numbers as JavaScript reads them.
   */
  document(text: string): string {
    const read = looksLikeJson(text) ? parsed(text) : undefined
    if (read === undefined) return this.text(text)
    const clean = this.value(read.value)
    // a member written twice is read once, and the other could hold anything
    const isWhole = clean === read.value && membersWritten(text) === membersKept(read.value)
    return isWhole ? text : JSON.stringify(clean, undefined, indentOf(text))
  }

  /** A number without what patterns find in it. */
  number(value: number | bigint): unknown {
    const { hasPatterns, anyNumber } = this.#parts
    if (!hasPatterns || (!anyNumber && value < 1e12 && value > -1e12)) return value
    const text = String(value)
    const clean = this.text(text)
    return clean === text ? value : clean
  }

  /** What stands in place of a field; `removed` where nothing does. */
  field(index: number, value: unknown): unknown {
    if (value === null || value === undefined) return value
    const { rule } = this.#parts.fields[index]!
    switch (rule.type) {
      case "remove":
        return removed
      case "with":
        return rule.value
      case "replace":
        return this.#replaced(value)
    }
  }

  #replaced(value: unknown): string {
    const { of, always, known } = this.#parts.replacement
    if (always !== undefined) return always
    if (typeof value !== "string") return of(jsonOf(value))
    if (known === undefined) return of(value)
    known.lastIndex = 0
    const [made] = known.exec(value) ?? []
    known.lastIndex = 0
    return made === value ? value : of(value)
  }
}

const jsonOf = (value: unknown): string => {
  try {
    return canonical(value)
  } catch {
    return String(typeof value)
  }
}

/** Cheap: most texts are none. */
const looksLikeJson = (text: string): boolean => {
  const first = /^\s{0,64}([[{])/.exec(text)
  return first !== null && (first[1] === "{" ? "}" : "]") === text.trimEnd().at(-1)
}

const parsed = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Members of all objects, counted in the text: each has one colon that is in no string. */
const membersWritten = (text: string): number => {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3a) count++
    else if (code === 0x22) at = closingQuote(text, at)
  }
  return count
}

const closingQuote = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slash = end - 1
    while (text.charCodeAt(slash) === 0x5c) slash--
    if ((end - slash) % 2 === 1) return end
  }
}

/** At most 1,000 levels of it: below, it would not have come through whole. */
const membersKept = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  const inner: ReadonlyArray<unknown> = Object.values(value)
  return inner.reduce<number>((sum, one) => sum + membersKept(one), Array.isArray(value) ? 0 : inner.length)
}

/** How far the second line is indented, as `JSON.stringify` was told to. */
const indentOf = (text: string): string | undefined => /^\s*[[{]\r?\n([ \t]{1,10})/.exec(text)?.[1]
