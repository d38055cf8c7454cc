import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import type { Range } from "../builder/options.ts"

/**
 * A copy of a user's pattern that finds all matches and shares no state; a `DefinitionError` for one that is sticky, or that
 * matches the empty text and with it every place.
 */
export const findingPattern = (given: unknown, where: string): RegExp => {
  const own = copyOf(given, where, (flags) => (flags.includes("g") ? flags : `${flags}g`))
  if (!own.test("")) return own
  throw new DefinitionError(`${where} is ${own}, which matches the empty text; let it match one character or more.`)
}

/** A copy of a user's pattern that only tells whether there is a match. */
export const testingPattern = (given: unknown, where: string): RegExp =>
  copyOf(given, where, (flags) => flags.replace("g", ""))

const copyOf = (given: unknown, where: string, flagsOf: (flags: string) => string): RegExp => {
  if (!(given instanceof RegExp)) {
    throw new DefinitionError(`${where} is ${shortJson(given)}; use a regular expression.`)
  }
  if (given.sticky) throw new DefinitionError(`${where} is ${given}; take away its flag y, which hides later matches.`)
  return new RegExp(given.source, flagsOf(given.flags))
}

/** The longest string that users' patterns run on by default, in UTF-16 code units. */
export const defaultMaxString = 100_000

/** The longest strings that can be asked for; none is longer in any engine. */
export const stringLengths: Range = { min: 1, max: 1_000_000_000, unit: "characters" }
