import { DefinitionError } from "./errors.ts"

/**
 * One step of a path: a member's name, any array element (`[]`), any member or element (`*`), or any number of them,
 * none included (`**`).
 */
type Segment = { readonly type: "name"; readonly name: string } | { readonly type: "element" | "any" | "deep" }

/** Where a walk through a value stands among the paths. States are made as values are met, and depend on the paths alone. */
export interface FieldState {
  /** Where one step leads: by its name, or to an array element where `name` is undefined. */
  readonly into: (name: string | undefined) => FieldStep
  /** Whether no path goes on from here. */
  readonly dead: boolean
  /** The names that occur in paths; all others lead to the same step. */
  readonly names: ReadonlySet<string>
}

export interface FieldStep {
  /** The index of the first path that ends here; undefined where none does. */
  readonly field: number | undefined
  readonly state: FieldState
}

/**
 * Compiles paths such as `user.email`, `items[].ssn`, `*.token`, `**.password` or `a["odd.name"]` into the state at the
 * root of a value; a `DefinitionError` that begins with `where` names a path that is none.
 */
export const fieldPaths = (paths: ReadonlyArray<string>, ignoreCase: boolean, where: string): FieldState => {
  const compiled = paths.map((path) => segmentsOf(path, ignoreCase, where))
  const named = new Set(compiled.flat().flatMap((segment) => (segment.type === "name" ? [segment.name] : [])))
  return new Machine(compiled, named, ignoreCase).root()
}

/** A place: the path's index, and the next of its segments. */
type Place = readonly [path: number, segment: number]

class Machine {
  readonly #paths: ReadonlyArray<ReadonlyArray<Segment>>
  /** Names that occur in paths; all others lead to the same state. */
  readonly named: ReadonlySet<string>
  readonly #ignoreCase: boolean
  readonly #states = new Map<string, State>()

  constructor(paths: ReadonlyArray<ReadonlyArray<Segment>>, named: ReadonlySet<string>, ignoreCase: boolean) {
    this.#paths = paths
    this.named = named
    this.#ignoreCase = ignoreCase
  }

  root(): FieldState {
    return this.#state(this.#paths.flatMap((_, path) => this.#closure(path, 0)))
  }

  /** The name under which a member's step is kept; undefined for the one of all names that no path has. */
  known(name: string): string | undefined {
    const own = this.#ignoreCase ? name.toLowerCase() : name
    return this.named.has(own) ? own : undefined
  }

  step(places: ReadonlyArray<Place>, name: string | undefined, isElement: boolean): FieldStep {
    const next: Array<Place> = []
    let field: number | undefined
    for (const [path, at] of places) {
      const segment = this.#paths[path]![at]!
      if (segment.type === "deep") next.push(...this.#closure(path, at))
      else if (fits(segment, name, isElement)) {
        if (at + 1 < this.#paths[path]!.length) next.push(...this.#closure(path, at + 1))
        else if (field === undefined || path < field) field = path
      }
    }
    return { field, state: this.#state(next) }
  }

  /** `**` also stands for nothing, so the segment behind it is open as well. */
  #closure(path: number, at: number): ReadonlyArray<Place> {
    const deep = this.#paths[path]![at]!.type === "deep"
    return deep ? [[path, at], ...this.#closure(path, at + 1)] : [[path, at]]
  }

  #state(places: ReadonlyArray<Place>): State {
    const keys = [...new Set(places.map(([path, at]) => `${path}.${at}`))].sort()
    const key = keys.join(" ")
    let state = this.#states.get(key)
    if (state === undefined) {
      state = new State(
        this,
        keys.map((one) => one.split(".").map(Number) as unknown as Place)
      )
      this.#states.set(key, state)
    }
    return state
  }
}

const fits = (segment: Segment, name: string | undefined, isElement: boolean): boolean => {
  if (segment.type === "name") return segment.name === name
  return segment.type === "any" || isElement
}

class State implements FieldState {
  readonly #machine: Machine
  readonly #places: ReadonlyArray<Place>
  readonly #named = new Map<string, FieldStep>()
  /** Where names lead that no path has. */
  #unnamed: FieldStep | undefined
  #element: FieldStep | undefined
  readonly dead: boolean
  readonly names: ReadonlySet<string>

  constructor(machine: Machine, places: ReadonlyArray<Place>) {
    this.#machine = machine
    this.#places = places
    this.dead = places.length === 0
    this.names = machine.named
    if (this.dead) this.#unnamed = { field: undefined, state: this }
  }

  into(name: string | undefined): FieldStep {
    if (this.dead) return this.#unnamed!
    if (name === undefined) {
      this.#element ??= this.#machine.step(this.#places, undefined, true)
      return this.#element
    }
    const known = this.#machine.known(name)
    if (known === undefined) {
      this.#unnamed ??= this.#machine.step(this.#places, undefined, false)
      return this.#unnamed
    }
    let step = this.#named.get(known)
    if (step === undefined) {
      step = this.#machine.step(this.#places, known, false)
      this.#named.set(known, step)
    }
    return step
  }
}

const segment = /\.?([^.[\]*"\s]+)|\.?(\*\*|\*)|\[\]()|\.?\["((?:[^"\\]|\\.)+)"\]/y

const segmentsOf = (path: unknown, ignoreCase: boolean, where: string): ReadonlyArray<Segment> => {
  const wrong = (why: string): DefinitionError =>
    new DefinitionError(
      `${where}: the field path ${JSON.stringify(path)} ${why}; write it like user.email, items[].ssn, *.token, **.password or a["odd.name"].`
    )
  if (typeof path !== "string" || path === "") throw wrong("is no path")
  const segments: Array<Segment> = []
  let at = 0
  while (at < path.length) {
    segment.lastIndex = at
    const found = segment.exec(path)
    const dotted = path[at] === "."
    // a dot joins two names, and what stands in brackets needs none
    if (found === null || (at === 0 ? dotted : !dotted && path[at] !== "[")) throw wrong(`stops making sense at ${at}`)
    at = segment.lastIndex
    const [, name, star, element, quoted] = found
    if (element !== undefined) segments.push({ type: "element" })
    else if (star !== undefined) segments.push({ type: star === "*" ? "any" : "deep" })
    else {
      const own = name ?? unquoted(quoted!, wrong)
      segments.push({ type: "name", name: ignoreCase ? own.toLowerCase() : own })
    }
  }
  if (segments.at(-1)!.type === "deep") throw wrong("ends with **, which names no field")
  return segments
}

const unquoted = (text: string, wrong: (why: string) => DefinitionError): string => {
  try {
    return JSON.parse(`"${text}"`)
  } catch {
    throw wrong("has a quoted name that is no JSON string")
  }
}
