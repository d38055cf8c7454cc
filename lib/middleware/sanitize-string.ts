import { makeIssue, shortJson } from "../builder/issues.ts"
import { OptionReader } from "../builder/options.ts"
import type { Issue } from "../builder/schema.ts"
import { characterCleaner } from "./clean-characters.ts"
import { defaultMaxString, findingPattern, stringLengths, testingPattern } from "./patterns.ts"

/** Where a string stands. */
export interface SanitizedPlace {
  readonly method: "tools/call" | "prompts/get" | "completion/complete"
  /** The tool's, prompt's or template's name on the server the middleware was written on. */
  readonly name: string
  /** Names and indexes from the root of the arguments to the string. */
  readonly path: ReadonlyArray<string | number>
}

/** What is looked for, and either what stands there instead, as in `String.replace`, or why the string is refused. */
export type SanitizePattern =
  | { readonly match: RegExp; readonly replace: string | ((match: string) => string); readonly refuse?: undefined }
  | { readonly match: RegExp; readonly refuse: string; readonly replace?: undefined }

/** What happens to each string, in this order. */
export interface StringOptions {
  /** Takes away C0 and C1 control characters and DEL, but neither tabs nor line ends. Default true. */
  readonly stripControl?: boolean | undefined
  /**
   * Takes away what nobody sees: overrides of the writing direction, zero-width characters, soft hyphens, tags
   * (U+E0000–E007F) and byte order marks. Joiners stay between characters that need them, as in emoji and in Arabic. Default false.
   */
  readonly stripInvisible?: boolean | undefined
  /** The form of Unicode (UAX #15) in which strings go on; NFKC also takes ligatures and full-width letters apart. Of more than 30 combining marks in a row, the rest goes. Default NFC. */
  readonly normalise?: "NFC" | "NFKC" | false | undefined
  /** Makes each row of white space one space, line ends among it. Default false. */
  readonly collapseWhitespace?: boolean | undefined
  /** Takes away white space at both ends. Default false. */
  readonly trim?: boolean | undefined
  /** The most UTF-16 code units a string may have then; longer ones are refused. Default 100,000 with `patterns`, else none. */
  readonly maxString?: number | undefined
  /** Run one after the other on the cleaned string. */
  readonly patterns?: ReadonlyArray<SanitizePattern> | undefined
  /**
   * Has the last word on each string. It may run in every round of a call, so let it give the same for the same; a
   * `ToolError` or `PublicError` it throws refuses the call.
   */
  readonly custom?: ((value: string, place: SanitizedPlace) => string) | undefined
}

export const stringOptions = [
  "stripControl",
  "stripInvisible",
  "normalise",
  "collapseWhitespace",
  "trim",
  "maxString",
  "patterns",
  "custom"
] as const

export interface StringRules {
  /** What needs no place. */
  readonly simple: (value: string) => string
  /** The rest: adds to `issues` why a string is refused. The path in `place` goes on changing. */
  readonly checked: (value: string, place: SanitizedPlace, issues: Array<Issue>) => string
}

/** Checks the options and prepares what they say. */
export const stringRules = (read: OptionReader<StringOptions>): StringRules => {
  const { where } = read
  const patterns = read.list("patterns")
  const custom = read.fn<NonNullable<StringOptions["custom"]>>("custom")
  const most = read.integer("maxString", stringLengths, patterns.length === 0 ? stringLengths.max : defaultMaxString)
  const steps = patterns.map((pattern, index) => patternStep(pattern, `${where}: patterns[${index}]`))
  const simple = characterCleaner({
    stripControl: read.flag("stripControl", true),
    stripInvisible: read.flag("stripInvisible", false),
    normalise: read.oneOf("normalise", ["NFC", "NFKC", false], "NFC"),
    collapseWhitespace: read.flag("collapseWhitespace", false),
    trim: read.flag("trim", false)
  })
  return {
    simple,
    checked: (value, place, issues) => {
      if (value.length > most) {
        issues.push(makeIssue([...place.path], `at most ${most} characters`, `${value.length}`))
        return value
      }
      let made = value
      for (const step of steps) {
        const next = step(made)
        if (typeof next === "string") made = next
        else {
          issues.push(makeIssue([...place.path], "another text", "this one", { message: next.refused }))
          return value
        }
      }
      if (custom === undefined) return made
      const own: unknown = custom(made, { ...place, path: [...place.path] })
      if (typeof own === "string") return own
      throw new TypeError(`${where}: custom gave ${shortJson(own)}; it must give a string.`)
    }
  }
}

type Step = (value: string) => string | { readonly refused: string }

interface PatternParts {
  readonly match: unknown
  readonly replace?: unknown
  readonly refuse?: unknown
}

const patternStep = (pattern: unknown, where: string): Step => {
  const given = (pattern ?? null) as PatternParts
  const read = new OptionReader(where, given, ["match", "replace", "refuse"])
  const { match, replace, refuse } = given
  if ((replace === undefined) === (refuse === undefined)) read.fail("give either replace or refuse.")
  if (refuse !== undefined) {
    if (typeof refuse !== "string" || refuse === "") return read.refuse("refuse", "say in words what is not allowed")
    const own = testingPattern(match, `${where}.match`)
    return (value) => (own.test(value) ? { refused: refuse } : value)
  }
  const own = findingPattern(match, `${where}.match`)
  if (typeof replace === "string") return (value) => value.replace(own, replace)
  if (typeof replace !== "function") return read.refuse("replace", "use a string or a function")
  return (value) =>
    value.replace(own, (found) => {
      const made: unknown = replace(found)
      if (typeof made === "string") return made
      throw new TypeError(`${where}: replace gave ${shortJson(made)}; it must give a string.`)
    })
}
