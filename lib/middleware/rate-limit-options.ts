import { checkOptions } from "../builder/check-options.ts"
import { DefinitionError } from "../builder/errors.ts"
import type { RequestInfo } from "../builder/middleware.ts"
import { digest } from "../services/digest.ts"
import type { RateLimit } from "../services/rate-limit-store.ts"
import { given } from "./limiter-options.ts"
import { type Rate, type RateAlgorithm, rateOf, rateOptions } from "./rate.ts"
import { keyReader, type ReadKey, type RequestKey, whoCalls } from "./request-key.ts"
import { type RequestScope, scopeOf, scopeOptions } from "./request-scope.ts"

export type RateLimitOptions<R = never> = Rate & RateAlgorithm & RateLimitSettingsInput<R>

interface RateLimitSettingsInput<R> extends RequestScope {
  /**
   * Which requests share one limit. Default: those of one principal; of one session where the caller is anonymous; of one
   * remote address where there is neither; and all of them where there is nothing, as over stdio on 2026-07-28. Where anonymous
   * clients are not trusted to keep their session, use `"ip"`.
   */
  readonly key?: RequestKey<R> | undefined
  /**
   * How much a call takes, from 0, which is nothing, to the burst or limit; more than that is refused for good. Fractions are
   * fine. Default 1.
   */
  readonly weight?: number | ((request: RequestInfo) => number) | undefined
  /**
   * What becomes of calls while the store cannot be reached: they pass uncounted, or are refused (HTTP 503). Each outage is
   * logged once, and after a failure the store is left alone for a second. Default `"allow"`.
   */
  readonly onStoreError?: "allow" | "refuse" | undefined
  /**
   * Names the limit in refusals, and in a store that processes share: limits with the same name share their counts there.
   * 1 to 64 letters, digits and `_.-`. Default: made of the other options, and not shown.
   */
  readonly name?: string | undefined
}

/** The same, checked and with defaults. */
export interface RateLimitSettings {
  readonly limit: RateLimit
  /** As the author gave it. */
  readonly name: string | undefined
  readonly inScope: (request: RequestInfo) => boolean
  readonly keyOf: ReadKey
  readonly weightOf: (request: RequestInfo) => number
  readonly onStoreError: "allow" | "refuse"
}

const thing = "rateLimit"

const known = [...rateOptions, ...scopeOptions, "key", "weight", "onStoreError", "name"]

/** Checks the options; throws a `DefinitionError` naming option, value and range. */
export const rateLimitSettings = (options: RateLimitOptions<any>): RateLimitSettings => {
  checkOptions(options, thing, known)
  const { name, key, weight = 1, onStoreError = "allow", methods, only } = options
  const rate = rateOf(thing, options)
  const inScope = scopeOf(thing, options)
  const keyOf = keyReader(thing, key, whoCalls)
  if (onStoreError !== "allow" && onStoreError !== "refuse") {
    throw new DefinitionError(`${thing}: onStoreError is ${given(onStoreError)}; use "allow" or "refuse".`)
  }
  if (name !== undefined && !(typeof name === "string" && /^[\w.-]{1,64}$/.test(name))) {
    throw new DefinitionError(`${thing}: name is ${given(name)}; use 1 to 64 letters, digits and _.-`)
  }
  const weightOf = typeof weight === "function" ? checkedEach(weight) : always(checkedWeight(weight, rate))
  const ownName = () => {
    const plain = (_: string, value: unknown) => (typeof value === "function" ? "function" : value)
    return digest(JSON.stringify([rate, methods, only, key, weight], plain)).slice(0, 16)
  }
  let made = name
  const limit: RateLimit = {
    ...rate,
    // only stores that are shared ask for it, and the first digest takes milliseconds of a start
    get name() {
      made ??= ownName()
      return made
    }
  }
  return { limit, name, inScope, keyOf, weightOf, onStoreError }
}

const always = (weight: number) => () => weight

const checkedWeight = (weight: unknown, { burst }: Pick<RateLimit, "burst">): number => {
  if (typeof weight === "number" && weight > 0 && weight <= burst) return weight
  throw new DefinitionError(
    `${thing}: weight is ${given(weight)}; use a number above 0 and up to ${burst}, the most at once, or a function.`
  )
}

const checkedEach =
  (weightOf: (request: RequestInfo) => number) =>
  (request: RequestInfo): number => {
    const weight: unknown = weightOf(request)
    if (typeof weight === "number" && weight >= 0) return weight
    throw new TypeError(`${thing}: the function \`weight\` gave ${given(weight)}; it must give a number from 0.`)
  }
