import { shortJson } from "../builder/issues.ts"
import type { RequestInfo } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import { digest } from "../services/digest.ts"
import type { RateLimit } from "../services/rate-limit-store.ts"
import { type Rate, type RateAlgorithm, rateOf, rateOptions } from "./rate.ts"
import { keyReader, type ReadKey, type RequestKey, whoCalls } from "./request-key.ts"
import { requestScope, type RequestScope, selectionOptions } from "./selection.ts"

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

const known = [...rateOptions, ...selectionOptions, "key", "weight", "onStoreError", "name"] as const

/** Checks the options; throws a `DefinitionError` naming option, value and range. */
export const rateLimitSettings = (options: RateLimitOptions<any>): RateLimitSettings => {
  const read = new OptionReader<
    RateLimitSettingsInput<any> & { readonly [K in (typeof rateOptions)[number]]?: unknown }
  >(thing, options, known)
  const rate = rateOf(read)
  const inScope = requestScope(read)
  const { name, key, weight = 1, methods, only, except } = options
  const keyOf = keyReader(read, whoCalls)
  const onStoreError = read.oneOf("onStoreError", ["allow", "refuse"], "allow")
  const isName = (given: unknown) => typeof given === "string" && /^[\w.-]{1,64}$/.test(given)
  read.expect("name", isName, 'use 1 to 64 letters, digits, "_", "." and "-"')
  const { burst } = rate
  const isWeight = (given: unknown) =>
    typeof given === "function" || (typeof given === "number" && given > 0 && given <= burst)
  if (!isWeight(weight)) {
    read.refuse("weight", `use a number above 0 and up to ${burst}, the most at once, or a function`)
  }
  const weightOf = typeof weight === "function" ? checkedEach(weight) : always(weight)
  const ownName = () => {
    const plain = (_: string, value: unknown) => (typeof value === "function" ? "function" : value)
    return digest(JSON.stringify([rate, methods, only, except, key, weight], plain)).slice(0, 16)
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

const checkedEach =
  (weightOf: (request: RequestInfo) => number) =>
  (request: RequestInfo): number => {
    const weight: unknown = weightOf(request)
    if (typeof weight === "number" && weight >= 0) return weight
    throw new TypeError(`${thing}: the function \`weight\` gave ${shortJson(weight)}; it must give a number from 0.`)
  }
