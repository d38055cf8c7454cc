import { templatesConflict, type UriTemplate } from "../builder/uri-template.ts"

/** What is filed by its template. */
export interface Filed<A> {
  readonly template: UriTemplate
  readonly value: A
}

/**
 * Templates by their segments, so that a rival is looked for among those that agree in all segments that are fixed: of a
 * thousand there are half a million pairs.
 */
export class TemplateIndex<A> {
  readonly #byLiterals = new Map<number, Shelf<A>>()

  add(filed: Filed<A>): void {
    const { literals } = filed.template
    let shelf = this.#byLiterals.get(literals)
    if (shelf === undefined) {
      shelf = emptyShelf()
      this.#byLiterals.set(literals, shelf)
    }
    placeOf(shelf, filed.template).push(filed)
  }

  remove(template: UriTemplate, value: A): void {
    const shelf = this.#byLiterals.get(template.literals)
    if (shelf === undefined) return
    const place = placeOf(shelf, template)
    const at = place.findIndex((filed) => filed.value === value)
    if (at !== -1) place.splice(at, 1)
  }

  /** Something whose template matches URIs that this one matches too, with equal precedence. */
  rival(template: UriTemplate, admits: (value: A) => boolean): A | undefined {
    const shelf = this.#byLiterals.get(template.literals)
    if (shelf === undefined) return undefined
    for (const { template: other, value } of candidates(shelf, segmentsOf(template), 0)) {
      if (admits(value) && templatesConflict(other, template)) return value
    }
    return undefined
  }
}

interface Shelf<A> {
  readonly literal: Map<string, Shelf<A>>
  variable: Shelf<A> | undefined
  /** Those that end here. */
  readonly here: Array<Filed<A>>
  /** Those of which nobody knows how many segments follow, by the last one where that is fixed. */
  readonly open: Map<string | undefined, Array<Filed<A>>>
}

const emptyShelf = <A>(): Shelf<A> => ({ literal: new Map(), variable: undefined, here: [], open: new Map() })

/** The segments that there are whatever the URI, undefined where one is not fixed; and whether others may follow. */
interface Segments {
  readonly fixed: ReadonlyArray<string | undefined>
  readonly isOpen: boolean
  /** The last one; undefined where it is not fixed. */
  readonly last: string | undefined
}

const segmentsOf = ({ parts: { texts, variables, query } }: UriTemplate): Segments => {
  const marked = texts.map(
    (text, index) => `${text}${variables[index] === undefined ? "" : variables[index].kind === "path" ? "{*}" : "{}"}`
  )
  const all = marked.join("").split("/")
  const end = all.findIndex((segment) => /\{\*\}|[?#]/.test(segment))
  const isOpen = end !== -1 || query.length > 0
  const fixed = end !== -1 ? all.slice(0, end) : query.length > 0 ? all.slice(0, -1) : all
  const last = query.length > 0 || all.at(-1)!.includes("{") ? undefined : all.at(-1)!
  return { fixed: fixed.map((segment) => (segment.includes("{}") ? undefined : segment)), isOpen, last }
}

const placeOf = <A>(root: Shelf<A>, template: UriTemplate): Array<Filed<A>> => {
  const { fixed, isOpen, last } = segmentsOf(template)
  let shelf = root
  for (const segment of fixed) {
    let next: Shelf<A> | undefined = segment === undefined ? shelf.variable : shelf.literal.get(segment)
    if (next === undefined) {
      next = emptyShelf()
      if (segment === undefined) shelf.variable = next
      else shelf.literal.set(segment, next)
    }
    shelf = next
  }
  if (!isOpen) return shelf.here
  let alike = shelf.open.get(last)
  if (alike === undefined) {
    alike = []
    shelf.open.set(last, alike)
  }
  return alike
}

function* candidates<A>(shelf: Shelf<A>, segments: Segments, at: number): Generator<Filed<A>> {
  const { fixed, isOpen, last } = segments
  yield* openTo(shelf, last)
  if (at === fixed.length) {
    if (isOpen) yield* below(shelf, last)
    else yield* shelf.here
    return
  }
  const segment = fixed[at]
  const literals = segment === undefined ? shelf.literal.values() : some(shelf.literal.get(segment))
  for (const next of [...literals, ...some(shelf.variable)]) yield* candidates(next, segments, at + 1)
}

/** Everything filed here and further in, but for what is open here. */
function* below<A>(shelf: Shelf<A>, last: string | undefined): Generator<Filed<A>> {
  yield* shelf.here
  for (const next of [...shelf.literal.values(), ...some(shelf.variable)]) {
    yield* openTo(next, last)
    yield* below(next, last)
  }
}

/** What is open here and may end as a template does. */
const openTo = <A>({ open }: Shelf<A>, last: string | undefined): ReadonlyArray<Filed<A>> =>
  last === undefined ? [...open.values()].flat() : [...(open.get(last) ?? []), ...(open.get(undefined) ?? [])]

const some = <A>(value: A | undefined): ReadonlyArray<A> => (value === undefined ? [] : [value])
