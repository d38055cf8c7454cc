import type { JsonSchemaDocument } from "./schema.ts"

/** A place in a value, from the inside out. */
export interface Path {
  readonly parent: Path | undefined
  readonly key: string | number
}

/** One keyword that a value does not fit. */
export interface Fault {
  readonly at: Path | undefined
  readonly keyword: string
  readonly schema: JsonSchemaDocument
  readonly value: unknown
  /** What the keyword alone tells: the name that is missing, the count that is wrong. */
  readonly detail: unknown
  /** Whether other alternatives of an `anyOf` or `oneOf` were looked at as well. */
  readonly isAlternative: boolean
}

/** More are counted only: alternatives, which are told as one, in full. */
const mostListed = 1_000
const mostAlternatives = 10_000
const mostCounted = 10_000

/** Ends a check whose faults were counted as far as anybody wants to know. */
export const enough = new Error("enough faults")

/** What is wrong with a value, in the order it was found; what alternatives noted is taken back where another fits. */
export class Faults {
  readonly list: Array<Fault> = []
  /** How many were found after the list was full, up to some thousands. */
  more = 0
  #alternatives = 0

  add(at: Path | undefined, keyword: string, schema: JsonSchemaDocument, value: unknown, detail: unknown): void {
    const isAlternative = this.#alternatives > 0
    if (this.list.length < (isAlternative ? mostAlternatives : mostListed)) {
      this.list.push({ at, keyword, schema, value, detail, isAlternative })
    } else {
      this.more++
      this.#endCounted()
    }
  }

  /** Whether the next one is kept, and its path with it. */
  get isListing(): boolean {
    return this.list.length < mostAlternatives
  }

  #endCounted(): void {
    // one of the alternatives may fit, and take back what others noted
    if (this.#alternatives === 0 && this.more >= mostCounted) throw enough
  }

  /** Begins alternatives; what is given back ends them. */
  begin(): readonly [length: number, more: number] {
    this.#alternatives++
    return [this.list.length, this.more]
  }

  end([length, more]: readonly [length: number, more: number], keep: boolean): void {
    this.#alternatives--
    if (keep) {
      this.#endCounted()
      return
    }
    this.list.length = length
    this.more = more
  }
}

/** Members and items of one value that some keyword has looked at (draft 2020-12, core §11). */
export class Evaluated {
  readonly keys = new Set<string>()
  /** All items before this one. */
  upTo = 0
  items: Set<number> | undefined

  addItem(n: number): void {
    this.items ??= new Set()
    this.items.add(n)
  }

  addKeys(keys: ReadonlyArray<string>): void {
    for (const key of keys) this.keys.add(key)
  }

  merge(other: Evaluated): void {
    for (const key of other.keys) this.keys.add(key)
    this.upTo = Math.max(this.upTo, other.upTo)
    for (const n of other.items ?? []) this.addItem(n)
  }
}
