import { checkOptions } from "../builder/check-options.ts"
import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

/** The options of a transform as a record; what is none, or has a name that is not among `names`, is a `DefinitionError`. */
export const checkedOptions = (
  given: unknown,
  names: ReadonlyArray<string>,
  where: string
): Readonly<Record<string, any>> => {
  if (given === undefined) return {}
  checkOptions(given, where, names)
  return given as Readonly<Record<string, any>>
}

/** A record by names of components; anything else is a `DefinitionError` that shows `example`. */
export const checkedRecord = (given: unknown, where: string, example: string): Readonly<Record<string, any>> => {
  if (typeof given !== "object" || given === null || Array.isArray(given) || Object.keys(given).length === 0) {
    throw new DefinitionError(`${where} takes a record that is not empty, such as ${example}, not ${shortJson(given)}.`)
  }
  return given
}

/** Throws a `DefinitionError` where an option is neither undefined nor what `fits`. */
export const expectOption = (value: unknown, fits: (value: any) => boolean, where: string, fix: string): void => {
  if (value === undefined || fits(value)) return
  const shown = typeof value === "number" ? String(value) : shortJson(value)
  throw new DefinitionError(`${where} is ${shown}; ${fix}.`)
}

export const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== ""

export const isFunction = (value: unknown): boolean => typeof value === "function"

/** Names that a transform mentions, for the check that somebody has them. */
export const mentioned = (record: Readonly<Record<string, unknown>>) =>
  Object.keys(record).map((text) => ({ text, matches: (name: string) => name === text }))
