import { DefinitionError } from "../../builder/errors.ts"
import { screen } from "../../builder/path-screening.ts"
import { show } from "../options.ts"

/** One segment of a pattern: a word, a `:name` that stands for any, or the `*` that stands for all that follow. */
type Segment =
  | { readonly type: "word"; readonly text: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "rest" }

/** What stands for the names of a pattern, decoded. */
export type PathValues = Readonly<Record<string, string>>

/** The path of a route, taken apart. */
export interface RoutePattern {
  readonly path: string
  /** The same for all patterns that match the same paths. */
  readonly shape: string
  /** Negative where this one shall be tried before the other: it is more exact. */
  readonly compare: (other: RoutePattern) => number
  /** The path's values by name; undefined where it does not match; why not, where its values cannot be taken. */
  readonly match: (path: string) => PathValues | string | undefined
  readonly segments: ReadonlyArray<Segment>
}

/** The names in a pattern. */
export type NamesOf<Path extends string> = string extends Path
  ? string
  : Path extends `${string}/:${infer Rest}`
    ? Rest extends `${infer Name}/${infer Tail}`
      ? Name | NamesOf<`/${Tail}`>
      : Rest
    : Path extends `${string}/*`
      ? "*"
      : never

/** Reads a pattern; throws a `DefinitionError` that begins with `where`. */
export const routePattern = (path: string, where: string): RoutePattern => {
  if (typeof path !== "string" || !/^\/[^?#\s]*$/.test(path)) {
    throw new DefinitionError(`${where}: use a path that starts with "/" and has no query, such as "/orders/:id".`)
  }
  const texts = path.slice(1).split("/")
  const segments = texts.map((text, index) => segmentOf(text, index === texts.length - 1, where))
  const names = segments.flatMap((segment) => (segment.type === "name" ? [segment.name] : []))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new DefinitionError(`${where}: two segments are called ${show(twice)}.`)
  const shape = segments.map(({ type }, index) => (type === "word" ? `=${texts[index]}` : type)).join("/")
  return { path, shape, segments, compare: (other) => compare(segments, other.segments), match: matcher(segments) }
}

const segmentOf = (text: string, last: boolean, where: string): Segment => {
  if (text === "*") {
    if (last) return { type: "rest" }
    throw new DefinitionError(`${where}: "*" stands for all that follows, so it must be the last segment.`)
  }
  if (text.startsWith(":")) {
    const name = text.slice(1)
    if (/^[A-Za-z]\w*$/.test(name)) return { type: "name", name }
    throw new DefinitionError(
      `${where}: ${show(text)} needs a name, a letter and then letters, digits and "_", such as ":id".`
    )
  }
  if (/[*:]/.test(text)) {
    throw new DefinitionError(
      `${where}: in ${show(text)}, ":" and "*" must begin the segment; write "%3A" or "%2A" for the characters.`
    )
  }
  return { type: "word", text }
}

const ranks = { word: 0, name: 1, rest: 2 } as const

/** Whatever is more exact, from the left, comes first; a path that ends comes before one that goes on. */
const compare = (one: ReadonlyArray<Segment>, other: ReadonlyArray<Segment>): number => {
  for (const [index, segment] of one.entries()) {
    const against = other[index]
    if (against === undefined) return 1
    const difference = ranks[segment.type] - ranks[against.type]
    if (difference !== 0) return difference
  }
  return one.length - other.length
}

const matcher = (segments: ReadonlyArray<Segment>): RoutePattern["match"] => {
  const open = segments.at(-1)?.type === "rest"
  const fixed = open ? segments.length - 1 : segments.length
  return (path) => {
    const given = path.slice(1).split("/")
    if (open ? given.length < segments.length : given.length !== segments.length) return undefined
    const values: Record<string, string> = {}
    for (let index = 0; index < fixed; index++) {
      const segment = segments[index]!
      const text = given[index]!
      if (segment.type === "word") {
        if (segment.text !== text) return undefined
      } else if (segment.type === "name") {
        if (text === "") return undefined
        values[segment.name] = text
      }
    }
    if (open) values["*"] = given.slice(fixed).join("/")
    return decoded(values)
  }
}

const decoded = (values: PathValues): PathValues | string => {
  const read: Record<string, string> = {}
  for (const [name, text] of Object.entries(values)) {
    const called = name === "*" ? "what stands for *" : `the value of :${name}`
    let value: string
    try {
      value = decodeURIComponent(text)
    } catch {
      return `${called} is not percent-encoded UTF-8`
    }
    const problem = name === "*" ? screen(rest, { "*": value })?.problem : segmentProblem(value)
    if (problem !== undefined) return `${called} ${problem}`
    read[name] = value
  }
  return read
}

const rest = [{ name: "*", kind: "path" }] as const

/** A handler may make a path of it; what looks like one is refused. */
const segmentProblem = (value: string): string | undefined =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being refused
  /[/\\\u0000-\u001f\u007f]/.test(value)
    ? 'holds a "/", a backslash or a control character'
    : /^\.\.?$/.test(value)
      ? `is ${JSON.stringify(value)}`
      : undefined
