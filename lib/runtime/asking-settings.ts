import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

/** How calls may ask their clients. */
export interface AskingSettingsInput {
  /**
   * Secrets that seal the state of asking calls between the rounds of 2026-07-28, each 32 characters or more: the first
   * seals, all open. Processes that share them can go on with each other's calls. Default: a random one of this process.
   */
  readonly requestStateKeys?: ReadonlyArray<string> | undefined
  /** Milliseconds a client may take to come back with its answers on 2026-07-28, 1,000 to 7 days. Default 15 minutes. */
  readonly requestStateTtl?: number | undefined
  /** Rounds that one call may ask in on 2026-07-28, 1 to 1,000. Default 32. */
  readonly maxRounds?: number | undefined
  /** Milliseconds a client may take for one answer up to 2025-11-25, 1 to 7 days. Default 10 minutes. */
  readonly askTimeout?: number | undefined
  /**
   * Runs each handler that asked on 2026-07-28 once more when it has ended, with the answers and steps it had, and logs
   * where it then asks or does something else. For development: what it does outside of steps happens once more. Default false.
   */
  readonly checkDeterminism?: boolean | undefined
}

/** The same, checked and with defaults. */
export interface AskingSettings {
  readonly requestStateKeys: ReadonlyArray<string> | undefined
  readonly requestStateTtl: number
  readonly maxRounds: number
  readonly askTimeout: number
  readonly checkDeterminism: boolean
}

export const askingOptions = [
  "requestStateKeys",
  "requestStateTtl",
  "maxRounds",
  "askTimeout",
  "checkDeterminism"
] as const satisfies ReadonlyArray<keyof AskingSettingsInput>

const week = 7 * 24 * 3_600_000

/** Checks the options; throws a `DefinitionError` naming option, value and range. */
export const askingSettings = (input: AskingSettingsInput): AskingSettings => {
  const { checkDeterminism } = input
  if (checkDeterminism !== undefined && typeof checkDeterminism !== "boolean") {
    throw new DefinitionError(`Option checkDeterminism is ${shortJson(checkDeterminism)}: use true or false.`)
  }
  return {
    requestStateKeys: keysOf(input.requestStateKeys),
    requestStateTtl: integer("requestStateTtl", input.requestStateTtl, 15 * 60_000, 1_000, week),
    maxRounds: integer("maxRounds", input.maxRounds, 32, 1, 1_000),
    askTimeout: integer("askTimeout", input.askTimeout, 10 * 60_000, 1, week),
    checkDeterminism: checkDeterminism === true
  }
}

const integer = (name: string, value: unknown, fallback: number, min: number, max: number): number => {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw new DefinitionError(`Option ${name} is ${shortJson(value)}: use an integer from ${min} to ${max}.`)
}

const keysOf = (keys: unknown): ReadonlyArray<string> | undefined => {
  if (keys === undefined) return undefined
  const how = "make one with `openssl rand -base64 32`"
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new DefinitionError(`Option requestStateKeys must be an array of at least one secret; ${how}.`)
  }
  for (const [index, key] of keys.entries()) {
    if (typeof key !== "string" || key.length < 32) {
      const has =
        typeof key === "string" ? `has ${key.length} characters` : `is ${key === undefined ? key : `a ${typeof key}`}`
      throw new DefinitionError(`Option requestStateKeys[${index}] ${has}: use a string of 32 or more; ${how}.`)
    }
    if (keys.indexOf(key) !== index) {
      throw new DefinitionError(`Option requestStateKeys[${index}] is there twice; each secret must differ.`)
    }
  }
  return [...keys]
}
