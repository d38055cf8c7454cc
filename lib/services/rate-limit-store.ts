import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError } from "../builder/errors.ts"
import { memoryLimits } from "./rate-limit-memory.ts"

/** How much may be taken of what; one value is one budget per key. */
export interface RateLimit {
  /** Under which processes that share a store share what was taken; letters, digits and `_.-`. */
  readonly name: string
  /**
   * `"token-bucket"`: `burst` at once, and `limit` more per `window`, evenly. `"sliding-window"`: never more than `limit` in
   * any `window`; what was taken counts for the window, and up to a twentieth of it longer.
   */
  readonly algorithm: "token-bucket" | "sliding-window"
  /** What may be taken per window. */
  readonly limit: number
  /** In milliseconds. */
  readonly window: number
  /** The most that may be taken at once; the limit itself for a sliding window. */
  readonly burst: number
}

/** What was taken could not be found out: the store cannot be reached. */
export class RateLimitStoreError extends Data.TaggedError("RateLimitStoreError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

export interface RateLimitStoreShape {
  /** Whether other processes see what is taken. */
  readonly shared: boolean
  /**
   * Takes `weight`, more than 0 and at most `burst`, from what a key has of a limit, in one step. Gives 0 where it was taken;
   * otherwise nothing is, and it gives the whole milliseconds after which it could be. `now`, in milliseconds since 1970, is
   * for stores that have no clock of their own. Stores that need not wait give a number and no Effect.
   */
  readonly take: (
    limit: RateLimit,
    key: string,
    weight: number,
    now: number
  ) => number | Effect.Effect<number, RateLimitStoreError>
}

export interface MemoryLimitsOptions {
  /** Keys remembered at a time, those of all limits together, at least 1. Default 100,000. */
  readonly maxKeys?: number | undefined
}

/** Remembers what was taken of rate limits; in memory unless a layer on the root server says otherwise. */
export class RateLimitStore extends Context.Service<RateLimitStore, RateLimitStoreShape>()("mcpipe/RateLimitStore") {
  declare readonly "~mcpipe/supplied": "app"

  /**
   * Counts in the memory of this process. Beyond 1,000 keys, those that have their whole limit back are forgotten as new ones
   * come; where there are too many, one of the 16 used longest ago makes room, the one that will have it back first. Throws a
   * DefinitionError for limits out of range.
   */
  static layerMemory({ maxKeys = 100_000 }: MemoryLimitsOptions = {}): Layer.Layer<RateLimitStore> {
    if (!Number.isSafeInteger(maxKeys) || maxKeys < 1) {
      throw new DefinitionError(`RateLimitStore.layerMemory: maxKeys is ${maxKeys}; use an integer of 1 or more.`)
    }
    return Layer.sync(RateLimitStore, () => memoryLimits(maxKeys))
  }
}
