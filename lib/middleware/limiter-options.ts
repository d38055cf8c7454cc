import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

/** Throws a `DefinitionError` for what is no record, and for an option that `thing` does not have. */
export const checkNames = (thing: string, options: unknown, known: ReadonlyArray<string>): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new DefinitionError(`${thing}: the options are ${shortJson(options)}; pass a record of ${known.join(", ")}.`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new DefinitionError(`${thing}: there is no option ${JSON.stringify(unknown)}; there are ${known.join(", ")}.`)
}

/** An integer within bounds, or a `DefinitionError` naming the option and them. */
export const checkInteger = (thing: string, name: string, value: unknown, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw new DefinitionError(`${thing}: ${name} is ${given(value)}; use an integer from ${least} to ${most}.`)
}

/** A function, or nothing. */
export const checkFunction = (thing: string, name: string, value: unknown): void => {
  if (value === undefined || typeof value === "function") return
  throw new DefinitionError(`${thing}: ${name} is ${given(value)}; use a function.`)
}

/** The longest time that is measured: a year, in milliseconds. */
export const longest = 365 * 86_400_000

export const given = (value: unknown): string => (typeof value === "number" ? String(value) : shortJson(value))
