import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

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
