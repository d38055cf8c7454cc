import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { RateLimit, RateLimitStoreError, RateLimitStoreShape } from "../services/rate-limit-store.ts"

/** Milliseconds for which a store that failed is not asked again, so that calls do not wait for it one by one. */
const pause = 1_000

type Store = RateLimitStoreShape

/** The limits that a store was asked about, by name. */
const seen = new WeakMap<Store, Map<string, RateLimit>>()

/**
 * Asks a store that may fail; undefined where it did, or did within the last second. Each outage is logged once, and so are
 * two limits that share their counts for having the same name.
 */
export const guardStore = (limit: RateLimit, onError: "allow" | "refuse") => {
  const states = new WeakMap<Store, { until: number; down: boolean }>()
  const consequence = onError === "allow" ? "calls pass uncounted" : "calls are refused"
  return (
    store: Store,
    take: Effect.Effect<number, RateLimitStoreError>,
    now: number
  ): Effect.Effect<number | undefined> => {
    const known = states.get(store)
    const state = known ?? { until: Number.NEGATIVE_INFINITY, down: false }
    if (known === undefined) states.set(store, state)
    if (now < state.until) return Effect.succeed(undefined)
    const asked = Effect.matchCauseEffect(take, {
      onSuccess: (wait) => {
        state.down = false
        return Effect.succeed(wait)
      },
      onFailure: (cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
        return Clock.clockWith((clock) => {
          state.until = clock.currentTimeMillisUnsafe() + pause
          const first = !state.down
          state.down = true
          const message = `Rate limit ${JSON.stringify(limit.name)}: its store cannot be asked, and until it can, ${consequence}`
          return first ? Effect.as(Effect.logWarning(message, cause), undefined) : Effect.succeed(undefined)
        })
      }
    })
    return known === undefined && isNameTaken(store, limit) ? Effect.andThen(warnOfName(limit), asked) : asked
  }
}

const isNameTaken = (store: Store, limit: RateLimit): boolean => {
  const limits = seen.get(store) ?? new Map<string, RateLimit>()
  seen.set(store, limits)
  const other = limits.get(limit.name)
  if (other === undefined) limits.set(limit.name, limit)
  return other !== undefined
}

const warnOfName = ({ name }: RateLimit): Effect.Effect<void> =>
  Effect.logWarning(
    `Two rate limits have the name ${JSON.stringify(name)}, and share what is taken of them: give each a \`name\` of its ` +
      "own, or use the same middleware twice."
  )
