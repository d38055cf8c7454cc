import type { Exchange, Outcome } from "./exchange.ts"

/** One thing that came back differently. */
export interface Difference {
  readonly exchange: Exchange
  readonly aspect: keyof Outcome
  readonly ours: string
  readonly theirs: string
}

/** A difference that is meant to be, and what decides it. */
export interface Intended {
  readonly says: string
  /** The place, and its words. */
  readonly decides: string
  readonly at: (difference: Difference) => boolean
}

/** What came back differently. The rest is only compared where the verdicts agree, and ids where both have an answer. */
export const differencesOf = (exchange: Exchange, ours: Outcome, theirs: Outcome): ReadonlyArray<Difference> => {
  const same = ours.verdict === theirs.verdict
  const answered = ours.id !== "" && theirs.id !== ""
  const compared: ReadonlyArray<keyof Outcome> = [
    "verdict",
    ...(answered ? (["id"] as const) : []),
    ...(same ? (["keys", "before"] as const) : [])
  ]
  return compared.flatMap((aspect) =>
    ours[aspect] === theirs[aspect] ? [] : { exchange, aspect, ours: ours[aspect], theirs: theirs[aspect] }
  )
}

/** Whether the change that was made is one of these, or begins like it. */
export const changed =
  (...names: ReadonlyArray<string>) =>
  ({ exchange }: Difference): boolean =>
    names.some((name) => exchange.change.startsWith(name))

/** Whether what is sent is one of these, or begins like it. */
export const asked =
  (...names: ReadonlyArray<string>) =>
  ({ exchange }: Difference): boolean =>
    names.some((name) => exchange.what.startsWith(name))

export const isNotification = ({ exchange }: Difference): boolean =>
  exchange.what.startsWith("notifications/") || exchange.change === "no id"

export const statusOf = (verdict: string): string => verdict.slice(0, 3)

/** Whether mcpipe did what was asked, or said in the method's own words that it could not. */
export const served = ({ ours }: Difference): boolean =>
  ["200 result", "200 -32602", "200 -32601", "200 -32002", "202 nothing", "404 -32601", "400 -32021"].includes(ours)

/** Pages that decide much. */
export const overHttp2025 = "2025-11-25 basic/transports"
export const overHttp2026 = "2026-07-28 basic/transports/streamable-http"
export const basic2026 = "2026-07-28 basic/index"
