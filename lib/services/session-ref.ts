import type { StateStoreShape } from "./state-store.ts"

/** A session that states can be read and written in. */
export interface SessionRef {
  /** What its states are kept under, and where; internal to the library. */
  readonly "~mcpipe/Session": { readonly owner: ReadonlyArray<string | null>; readonly store: StateStoreShape }
}

/** A session that its handle opens again, in any later call of the same caller. */
export interface OpenSession extends SessionRef {
  /** 32 characters nobody can guess; a tool may return them and take them as an argument. */
  readonly handle: string
}

/** JSON, because names and ids may hold whatever would separate them otherwise. */
export const keyOfState = (session: SessionRef, name: string): string =>
  JSON.stringify(["state", ...session["~mcpipe/Session"].owner, name])

/** Milliseconds. */
export const DAY = 86_400_000

/** Throws where `ttl` is no whole number of milliseconds from 1 to 365 days. */
export const checkTtl = (ttl: number, where: string, Refusal: new (message: string) => Error = RangeError): void => {
  if (Number.isInteger(ttl) && ttl >= 1 && ttl <= 365 * DAY) return
  throw new Refusal(`${where}: ttl is ${ttl}; use whole milliseconds from 1 to ${365 * DAY}, which are 365 days.`)
}
