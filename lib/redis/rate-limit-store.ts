import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { slotsPerWindow } from "../services/rate-limit-memory.ts"
import { RateLimitStore, RateLimitStoreError, type RateLimitStoreShape } from "../services/rate-limit-store.ts"
import { type Connection, connect } from "./connection.ts"
import { type RedisOptions, settingsOf } from "./options.ts"
import { takeInWindow, takeTokens } from "./rate-limit-scripts.ts"

/**
 * A `RateLimitStore` in Redis: processes that share it share each limit, by its name. Each key is one hash that Redis lets
 * expire once nothing is missing, and Redis' own clock counts. Fails with a `RateLimitStoreError` where Redis does not
 * answer in time. Throws a DefinitionError for a client or options that cannot be.
 */
export const redisRateLimitStore = (options: RedisOptions): Layer.Layer<RateLimitStore> => {
  const settings = settingsOf(options)
  return Layer.effect(RateLimitStore, Effect.map(connect(settings), rateLimitStore))
}

export const rateLimitStore = ({ prefix, script }: Connection): RateLimitStoreShape => ({
  shared: true,
  take: ({ name, algorithm, limit, window, burst }, key, weight) => {
    // a client that has lost the connection may send it again, which then counts twice
    const taken =
      algorithm === "token-bucket"
        ? script(takeTokens, [`${prefix}limit:${name}:tokens:${key}`], [limit, window, burst, weight].map(String))
        : script(
            takeInWindow,
            [`${prefix}limit:${name}:${window}:${key}`],
            [limit, window, slotsPerWindow, weight].map(String)
          )
    return Effect.mapBoth(taken, {
      onFailure: (cause) => new RateLimitStoreError({ message: cause.message, cause }),
      onSuccess: Number
    })
  }
})
