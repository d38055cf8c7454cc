import { DefinitionError } from "../builder/errors.ts"
import type { RateLimit } from "../services/rate-limit-store.ts"
import { checkInteger, given, longest } from "./limiter-options.ts"

type Not<Names extends string> = { readonly [K in Names]?: never }

/** How many per how long, in exactly one of four ways. Counts are integers from 1 to 1,000,000,000. */
export type Rate =
  | ({ readonly perSecond: number } & Not<"perMinute" | "perHour" | "limit" | "window">)
  | ({ readonly perMinute: number } & Not<"perSecond" | "perHour" | "limit" | "window">)
  | ({ readonly perHour: number } & Not<"perSecond" | "perMinute" | "limit" | "window">)
  | ({
      readonly limit: number
      /** Milliseconds, an integer from 1 to 31,536,000,000, a year. */
      readonly window: number
    } & Not<"perSecond" | "perMinute" | "perHour">)

/** How it is counted. */
export type RateAlgorithm =
  | {
      /** Allows a burst, then lets calls in evenly as its tokens come back. */
      readonly algorithm?: "token-bucket" | undefined
      /** Calls that may come at once, an integer from 1 to 1,000,000,000. Default: as many as come back in one window. */
      readonly burst?: number | undefined
    }
  | {
      /**
       * Never lets more than the limit in within any window. What was let in counts for the window, and up to a twentieth of
       * it longer.
       */
      readonly algorithm: "sliding-window"
      readonly burst?: never
    }

export const rateOptions = ["perSecond", "perMinute", "perHour", "limit", "window", "algorithm", "burst"] as const

const units = { perSecond: 1_000, perMinute: 60_000, perHour: 3_600_000 } as const

/** Checks a rate; throws a `DefinitionError` naming option and range. */
export const rateOf = (thing: string, given_: Rate & RateAlgorithm): Omit<RateLimit, "name"> => {
  const options: Readonly<Record<string, unknown>> = given_ as never
  const { algorithm = "token-bucket" } = given_
  if (algorithm !== "token-bucket" && algorithm !== "sliding-window") {
    throw new DefinitionError(`${thing}: algorithm is ${given(algorithm)}; use "token-bucket" or "sliding-window".`)
  }
  const { limit, window } = countsOf(thing, options)
  if (algorithm === "sliding-window") {
    if (options["burst"] === undefined) return { algorithm, limit, window, burst: limit }
    throw new DefinitionError(`${thing}: burst belongs to algorithm "token-bucket"; leave it out.`)
  }
  return { algorithm, limit, window, burst: checkInteger(thing, "burst", options["burst"] ?? limit, 1, most) }
}

const most = 1_000_000_000

const countsOf = (
  thing: string,
  options: Readonly<Record<string, unknown>>
): { readonly limit: number; readonly window: number } => {
  const ways = ["perSecond", "perMinute", "perHour", "limit"].filter((way) => options[way] !== undefined)
  const [way] = ways
  if (way === undefined || ways.length > 1 || (way !== "limit" && options["window"] !== undefined)) {
    throw new DefinitionError(
      `${thing}: say how many, in one way: perSecond, perMinute, perHour, or limit and window (in milliseconds).`
    )
  }
  const limit = checkInteger(thing, way, options[way], 1, most)
  if (way !== "limit") return { limit, window: units[way as keyof typeof units] }
  return { limit, window: checkInteger(thing, "window", options["window"], 1, longest) }
}

/** `60 per minute`, for messages. */
export const rateText = ({ limit, window }: Pick<RateLimit, "limit" | "window">): string => {
  const unit = { 1000: "second", 60000: "minute", 3600000: "hour" }[window]
  if (unit !== undefined) return `${limit} per ${unit}`
  return window % 1000 === 0 ? `${limit} in ${window / 1000} seconds` : `${limit} in ${window} ms`
}

/** `12 seconds`. */
export const secondsText = (seconds: number): string => (seconds === 1 ? "1 second" : `${seconds} seconds`)

/** Whole seconds that are over once so many milliseconds are, at least 1. */
export const secondsOf = (millis: number): number => Math.max(1, Math.ceil(millis / 1000))
