/** What a list can hold: the node itself, in one list at a time. Both are undefined while it is in none. */
export interface Linked {
  before: Linked | undefined
  after: Linked | undefined
}

/**
 * A list whose nodes are what it holds. What is deleted leaves nothing behind: sets grow with what was in them, and arrays hold it,
 * which for things that come and go with each request costs more than the things themselves.
 */
export class LinkedList<T extends Linked> {
  readonly #ends: { before: Linked; after: Linked }

  constructor() {
    const ends = {} as { before: Linked; after: Linked }
    ends.before = ends
    ends.after = ends
    this.#ends = ends
  }

  first(): T | undefined {
    const { after } = this.#ends
    return after === this.#ends ? undefined : (after as T)
  }

  /** Adds one that is in no list, as the last. */
  add(one: T): void {
    const ends = this.#ends
    const last = ends.before
    one.before = last
    one.after = ends
    last.after = one
    ends.before = one
  }

  /** False where it is in no list. */
  delete(one: T): boolean {
    const { before, after } = one
    if (after === undefined) {
      return false
    }
    before!.after = after
    after.before = before
    one.before = undefined
    one.after = undefined
    return true
  }

  /** Moves all of another list to the end of this one. */
  take(other: LinkedList<T>): void {
    const [ends, from] = [this.#ends, other.#ends]
    if (from.after !== from) {
      from.after.before = ends.before
      ends.before.after = from.after
      from.before.after = ends
      ends.before = from.before
      from.before = from
      from.after = from
    }
  }

  /** Those that are in it now, whatever comes and goes meanwhile. */
  all(): ReadonlyArray<T> {
    const all: Array<T> = []
    for (let one = this.#ends.after; one !== this.#ends; one = one.after!) {
      all.push(one as T)
    }
    return all
  }
}
