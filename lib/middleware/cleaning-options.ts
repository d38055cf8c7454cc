import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { callMethods, type Selection, selected } from "./selection.ts"

/** Which components a middleware is for, by the names that the server it is written on knows. */
export type CleaningScope = Pick<Selection, "only" | "except">

/** Whether a name, or the template it belongs to, is meant. */
export type InScope = (name: string, template?: string) => boolean

/** Checks a scope, and makes looking up a name cheap. */
export const scopeOf = ({ only, except }: CleaningScope, where: string): InScope =>
  selected({ only, except }, where, callMethods).takes

/** Throws unless a value is left out or an array of strings that are not empty. */
export const checkStrings = (value: unknown, where: string): void => {
  if (value === undefined) return
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")) return
  throw new DefinitionError(`${where} is ${shortJson(value)}; it must be an array of non-empty strings.`)
}

/** A whole number in its range; `otherwise` where it is left out. */
export const checkCount = (value: unknown, where: string, least: number, most: number, otherwise: number): number => {
  if (value === undefined) return otherwise
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  const given = typeof value === "number" ? String(value) : shortJson(value)
  throw new DefinitionError(`${where} is ${given}; it must be a whole number of characters from ${least} to ${most}.`)
}

/** True or false; `otherwise` where it is left out. */
export const checkFlag = (value: unknown, where: string, otherwise: boolean): boolean => {
  if (value === undefined) return otherwise
  if (typeof value === "boolean") return value
  throw new DefinitionError(`${where} is ${shortJson(value)}; use true or false.`)
}

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
    throw new DefinitionError(`${where} is ${shortJson(given)}; it must be a regular expression.`)
  }
  if (given.sticky) throw new DefinitionError(`${where} is ${given}; take away its flag y, which hides later matches.`)
  return new RegExp(given.source, flagsOf(given.flags))
}

/** The longest string that users' patterns run on by default, in UTF-16 code units. */
export const defaultMaxString = 100_000

/** No string is longer in any engine. */
export const mostCharacters = 1_000_000_000
