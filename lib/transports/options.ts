import { ServeError } from "./serve-error.ts"

/** The largest delay a timer takes, in milliseconds: 24 days. */
export const maxTimer = 2_147_483_647

/** An integer option within its range; a `ServeError` naming option, value and range otherwise. */
export const integerOption = (
  name: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max: number
): number => {
  if (value === undefined) {
    return fallback
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ServeError(`Option \`${name}\` is ${show(value)}: use an integer from ${min} to ${max}.`)
  }
  return value
}

/** A boolean option; a `ServeError` naming option and value otherwise, since a truthy string must not open a door. */
export const booleanOption = (name: string, value: boolean | undefined, fallback: boolean): boolean => {
  if (value === undefined) {
    return fallback
  }
  if (typeof value !== "boolean") {
    throw new ServeError(`Option \`${name}\` is ${show(value)}: use true or false.`)
  }
  return value
}

/** Refuses an option there is none of: a guard under a misspelt name would guard nothing. `where` is such as `http.`. */
export const knownOptions = (options: object, names: ReadonlySet<string>, where = ""): void => {
  const unknown = Object.keys(options).find((name) => !names.has(name))
  if (unknown !== undefined) {
    throw new ServeError(`There is no option \`${where}${unknown}\`; there are ${[...names].join(", ")}.`)
  }
}

/** A value as it may stand in a message: short, and on one line. */
export const show = (value: unknown): string => {
  // JSON has no NaN and no infinities
  if (typeof value === "number") return String(value)
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 100)
  } catch {
    return typeof value
  }
}
