import { DefinitionError } from "../builder/errors.ts"
import { type Driver, driverOf, type RedisClient } from "./client.ts"

export interface RedisOptions {
  /**
   * A client of `redis` 5 or 6, connected, or of `ioredis` 5 or 6. It remains yours: it is not closed, and reconnects as you
   * told it to. Listening to other processes takes one more connection, which is a duplicate of it.
   */
  readonly client: RedisClient
  /**
   * What keys and channels begin with: apps with the same prefix on the same Redis share what they store. Channels are known
   * in all databases of a Redis alike, so databases do not keep apps apart. Default `"mcpipe:"`.
   */
  readonly prefix?: string | undefined
  /** Milliseconds that Redis may take to answer, reconnecting included, from 1. Default 5,000. */
  readonly timeout?: number | undefined
}

/** The same, checked and with defaults. */
export interface Settings {
  readonly driver: Driver
  readonly prefix: string
  readonly timeout: number
}

/** Throws a `DefinitionError` naming option, value and range. */
export const settingsOf = ({ client, prefix = "mcpipe:", timeout = 5_000 }: RedisOptions): Settings => {
  if (typeof prefix !== "string") throw new DefinitionError(`mcpipe/redis: prefix is ${prefix}; use a string.`)
  return { driver: driverOf(client), prefix, timeout: integer("timeout", timeout, 1) }
}

/** Timers take no more milliseconds than this. */
const most = 2 ** 31 - 1

export const integer = (name: string, value: number, least: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new DefinitionError(`mcpipe/redis: ${name} is ${value}; use an integer from ${least} to ${most}.`)
}

/** A lifetime as Redis takes it: whole milliseconds, at least one. */
export const lifetime = (millis: number): string => String(Math.min(Math.max(1, Math.ceil(millis)), mostLifetime))

/** 10,000 years. */
const mostLifetime = 3e14
