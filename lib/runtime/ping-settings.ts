import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import type { Node } from "./node.ts"

/** How clients are asked whether they are still there. */
export interface PingSettingsInput {
  /**
   * Pings clients of a connection over stdio or in memory, and of HTTP sessions that have a GET stream open, once they have
   * initialized (2025-11-25 basic/utilities/ping). What one was asked that does not answer fails, and its GET streams are
   * closed, so that its session can end; it may come back. On 2026-07-28 nobody is pinged. Default: what the middleware
   * `ping` wants, of a server or one mounted in it, and where several do the shortest interval; false pings nobody all the same.
   */
  readonly ping?: PingOptions | false | undefined
}

/** How often clients are asked whether they are still there, and how long they may take to say so. */
export interface PingOptions {
  /** Milliseconds between one answer and the next ping, 100 to 1 day. */
  readonly interval: number
  /** Milliseconds a client may take to answer, 1 to 1 day. Default 10,000. */
  readonly timeout?: number | undefined
}

/** The same, checked and with defaults. */
export interface PingSettings {
  readonly interval: number
  readonly timeout: number
}

export const pingOptions = ["ping"] as const satisfies ReadonlyArray<keyof PingSettingsInput>

/**
 * Checks the option, which goes before what middleware wants; throws a `DefinitionError` naming it, value and range.
 * Undefined where nobody is pinged.
 */
export const pingSettings = ({ ping }: PingSettingsInput, wanted?: PingSettings): PingSettings | undefined => {
  if (ping === undefined) return wanted
  if (ping === false) return undefined
  if (typeof ping !== "object" || ping === null) {
    throw new DefinitionError(`Option ping is ${shortJson(ping)}: use { interval, timeout }, or false.`)
  }
  const unknown = Object.keys(ping).find((name) => name !== "interval" && name !== "timeout")
  if (unknown !== undefined) {
    throw new DefinitionError(`Option ping.${unknown} is unknown: use { interval, timeout }.`)
  }
  return { interval: millis("interval", ping.interval, 100), timeout: millis("timeout", ping.timeout ?? 10_000, 1) }
}

/** What the middleware of an app's servers wants: the shortest interval, which serves all of them. */
export const pingOf = (nodes: ReadonlyArray<Pick<Node, "definition">>): PingSettings | undefined =>
  nodes
    .flatMap(({ definition }) => definition.middleware.map((middleware) => middleware["~mcpipe/Middleware"].ping))
    .filter((ping) => ping !== undefined)
    .sort((a, b) => a.interval - b.interval || a.timeout - b.timeout)[0]

const day = 86_400_000

const millis = (name: string, value: unknown, min: number): number => {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= day) return value as number
  throw new DefinitionError(`Option ping.${name} is ${shortJson(value)}: use an integer from ${min} to ${day}.`)
}
