import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

/** How much clients may ask to be told of. */
export interface SubscriptionSettingsInput {
  /** `subscriptions/listen` streams open at once on 2026-07-28, of all clients together, from 0. Default 1,024. */
  readonly maxListens?: number | undefined
  /** Resources that one session, or one `subscriptions/listen`, may subscribe to, from 0. Default 1,000. */
  readonly maxSubscriptions?: number | undefined
}

/** The same, checked and with defaults. */
export interface SubscriptionSettings {
  readonly maxListens: number
  readonly maxSubscriptions: number
}

export const subscriptionOptions = ["maxListens", "maxSubscriptions"] as const satisfies ReadonlyArray<
  keyof SubscriptionSettings
>

/** Checks the options; throws a `DefinitionError` naming option, value and range. */
export const subscriptionSettings = (input: SubscriptionSettingsInput): SubscriptionSettings => ({
  maxListens: count("maxListens", input.maxListens, 1_024),
  maxSubscriptions: count("maxSubscriptions", input.maxSubscriptions, 1_000)
})

const count = (name: string, value: unknown, fallback: number): number => {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 1_000_000) return value as number
  throw new DefinitionError(`Option ${name} is ${shortJson(value)}: use an integer from 0 to 1000000.`)
}
