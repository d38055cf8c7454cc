import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { PublicError, TryAgainLater } from "../builder/errors.ts"
import type { Needs } from "../builder/handler.ts"
import { type Middleware, middleware, type Outcome, type RequestInfo } from "../builder/middleware.ts"
import type { ByLayerOf } from "../builder/server-types.ts"
import { RateLimitStore } from "../services/rate-limit-store.ts"
import { rateText, secondsOf, secondsText } from "./rate.ts"
import { type RateLimitOptions, rateLimitSettings } from "./rate-limit-options.ts"
import { guardStore } from "./store-guard.ts"

type Next = Effect.Effect<Outcome, unknown>

/**
 * Refuses calls that come too often, by key, before anything of them runs. A call is counted once: later rounds of one that
 * asks its client pass, also where a client sends one again. A refusal is a `TryAgainLater` (error -32603, over HTTP 429 with `Retry-After`) whose `data` has
 * `retryAfter` in seconds. The app's `RateLimitStore` counts: in memory by default, 100,000 keys at most, or in Redis for all
 * processes. Used on several servers it is one limit, and a call counts at each of them that it passes. Throws a
 * DefinitionError for options that cannot be.
 * @example server(info).use(rateLimit({ perMinute: 60 }))
 */
export const rateLimit = <R = never>(options: RateLimitOptions<R>): Middleware<never, ByLayerOf<Needs<R>>> => {
  const { limit, name, inScope, keyOf, weightOf, onStoreError } = rateLimitSettings(options)
  const guarded = guardStore(limit, onStoreError)
  const title = `${name === undefined ? "Rate limit" : `Rate limit ${JSON.stringify(name)}`} of ${rateText(limit)}`
  const data = { ...(name === undefined ? undefined : { name }), limit: limit.limit, window: limit.window }

  const answer = (next: Next, wait: number | undefined): Next => {
    if (wait === 0) return next
    if (wait !== undefined) {
      const retryAfter = secondsOf(wait)
      const message = `${title} reached: try again in ${secondsText(retryAfter)}.`
      return Effect.fail(new TryAgainLater(message, { because: "client", retryAfter, data }))
    }
    if (onStoreError === "allow") return next
    return Effect.fail(new TryAgainLater(`${title} cannot be checked now: try again in 1 second.`, { retryAfter: 1 }))
  }

  const take = (next: Next, request: RequestInfo, key: string | undefined, fiber: Fiber.Fiber<any, any>): Next => {
    if (key === undefined) return next
    const weight = weightOf(request)
    if (weight === 0) return next
    if (weight > limit.burst) {
      const message = `${title}: this call takes ${weight} of it, and no more than ${limit.burst} can be had at once.`
      return Effect.fail(new PublicError(message, { data }))
    }
    const store = Context.getUnsafe(fiber.context as Context.Context<any>, RateLimitStore)
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    const wait = store.take(limit, key, weight, now)
    if (typeof wait === "number") return answer(next, wait)
    return Effect.flatMap(guarded(store, wait, now), (known) => answer(next, known))
  }

  return middleware({
    request: (next, request) => {
      if (!inScope(request) || request.round > 0) return next
      return Effect.withFiber((fiber) => {
        const key = keyOf(request, fiber.context)
        if (!Effect.isEffect(key)) return take(next, request, key, fiber)
        return Effect.flatMap(key, (found) => take(next, request, found, fiber))
      })
    }
  }) as Middleware<never, any>
}
