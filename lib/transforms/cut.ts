import { DefinitionError } from "../builder/errors.ts"
import { type FieldState, fieldPaths } from "../builder/field-paths.ts"
import { shortJson } from "../builder/issues.ts"

/** What is cut from a value where one stands: `"drop"` leaves a member out, undefined keeps it whole. */
export interface Cut {
  readonly member: (name: string) => Cut | "drop" | undefined
  /** Of members whose names no path has. */
  readonly other: Cut | "drop" | undefined
  readonly element: Cut | undefined
  /** Whether a path ends at a member of this name. */
  readonly endsAt: (name: string) => boolean
  /** The names that paths have. */
  readonly names: ReadonlySet<string>
}

/** The paths of fields to leave out, or of those to keep, made ready; a `DefinitionError` names a path that is none. */
export const cutOf = (paths: unknown, keeps: boolean, where: string): Cut => {
  if (!Array.isArray(paths) || paths.length === 0) {
    throw new DefinitionError(`${where} is ${shortJson(paths)}; use a non-empty array of field paths, such as ["a.b"].`)
  }
  const ends = paths.find((path) => typeof path === "string" && path.endsWith("[]"))
  if (ends !== undefined) {
    throw new DefinitionError(
      `${where}: ${JSON.stringify(ends)} names the elements of an array; end with a field's name.`
    )
  }
  return new StateCut(fieldPaths(paths, false, where), keeps)
}

/** Stands for all names that no path has. */
const unnamed = "\u0000"

class StateCut implements Cut {
  readonly #state: FieldState
  readonly #keeps: boolean
  readonly #cuts = new Map<FieldState, StateCut>()

  constructor(state: FieldState, keeps: boolean, cuts?: Map<FieldState, StateCut>) {
    this.#state = state
    this.#keeps = keeps
    if (cuts !== undefined) this.#cuts = cuts
    this.#cuts.set(state, this)
  }

  get names(): ReadonlySet<string> {
    return this.#state.names
  }

  get other(): Cut | "drop" | undefined {
    return this.member(unnamed)
  }

  get element(): Cut | undefined {
    const { field, state } = this.#state.into(undefined)
    if (this.#keeps ? field !== undefined : state.dead) return undefined
    return this.#of(state)
  }

  member(name: string): Cut | "drop" | undefined {
    const { field, state } = this.#state.into(name)
    if (field !== undefined) return this.#keeps ? undefined : "drop"
    if (!state.dead) return this.#of(state)
    return this.#keeps ? "drop" : undefined
  }

  endsAt(name: string): boolean {
    return this.#state.into(name).field !== undefined
  }

  /** One cut for each state, so that what was made for it is found again. */
  #of(state: FieldState): StateCut {
    return this.#cuts.get(state) ?? new StateCut(state, this.#keeps, this.#cuts)
  }
}

/** A JSON value without what is cut from it. */
export const cutValue = (value: unknown, cut: Cut): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return cutValue(JSON.parse(JSON.stringify(value)), cut)
  if (Array.isArray(value)) {
    const { element } = cut
    return element === undefined ? value : value.map((item) => cutValue(item, element))
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const inside = cut.member(name)
      if (inside === "drop") return []
      return [[name, inside === undefined ? item : cutValue(item, inside)]]
    })
  )
}
