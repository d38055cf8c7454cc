import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { checkedTimeout, type Timeout } from "../builder/timeout.ts"

/** How much clients may ask for at once, and for how long. */
export interface LimitSettingsInput {
  /**
   * Requests in flight of all clients together, from 1; one more is refused (HTTP 503). What goes on for ever
   * (`subscriptions/listen`, GET streams) is not counted, nor what is answered at once. Default 10,000.
   */
  readonly maxInFlight?: number | undefined
  /** The same for one HTTP session, or one connection over stdio or in memory (HTTP 429). Default 256. */
  readonly maxInFlightPerSession?: number | undefined
  /**
   * Milliseconds one request may take with all middleware around it, not counting those in which it waits for an answer of
   * its client; a call that is asked on 2026-07-28 has them anew in each round. It is then interrupted: a tool gives a result
   * with `isError`, all else error -32603. No limit by default; see also `timeout` of tools, resources and prompts.
   */
  readonly requestTimeout?: Timeout | undefined
}

/** The same, checked and with defaults. */
export interface LimitSettings {
  readonly maxInFlight: number
  readonly maxInFlightPerSession: number
  readonly requestTimeout: Timeout | undefined
}

export const limitOptions = ["maxInFlight", "maxInFlightPerSession", "requestTimeout"] as const satisfies ReadonlyArray<
  keyof LimitSettings
>

/** Checks the options; throws a `DefinitionError` naming option, value and range. */
export const limitSettings = (input: LimitSettingsInput): LimitSettings => ({
  maxInFlight: count("maxInFlight", input.maxInFlight, 10_000),
  maxInFlightPerSession: count("maxInFlightPerSession", input.maxInFlightPerSession, 256),
  requestTimeout: checkedTimeout(input.requestTimeout, "Option requestTimeout")
})

const count = (name: string, value: unknown, fallback: number): number => {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000) return value as number
  throw new DefinitionError(`Option ${name} is ${shortJson(value)}: use an integer from 1 to 1000000.`)
}
