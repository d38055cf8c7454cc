import { type OptionReader, upToAYear } from "../builder/options.ts"
import type { RateLimit } from "../services/rate-limit-store.ts"

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

type RateReader = OptionReader<{ readonly [K in (typeof rateOptions)[number]]?: unknown }>

/** Checks a rate; throws a `DefinitionError` naming option and range. */
export const rateOf = (read: RateReader): Omit<RateLimit, "name"> => {
  const algorithm = read.oneOf("algorithm", ["token-bucket", "sliding-window"], "token-bucket")
  const { limit, window } = countsOf(read)
  if (algorithm === "sliding-window") {
    if (read.value("burst") === undefined) return { algorithm, limit, window, burst: limit }
    read.fail('burst belongs to algorithm "token-bucket"; leave it out.')
  }
  return { algorithm, limit, window, burst: read.integer("burst", counts, limit) }
}

const counts = { min: 1, max: 1_000_000_000 }

const countsOf = (read: RateReader): { readonly limit: number; readonly window: number } => {
  const ways = (["perSecond", "perMinute", "perHour", "limit"] as const).filter((way) => read.value(way) !== undefined)
  const [way] = ways
  if (way === undefined || ways.length > 1 || (way !== "limit" && read.value("window") !== undefined)) {
    return read.fail("say how many, in one way: perSecond, perMinute, perHour, or limit and window (in milliseconds).")
  }
  const limit = read.integer(way, counts)
  return { limit, window: way === "limit" ? read.integer("window", upToAYear) : units[way] }
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
