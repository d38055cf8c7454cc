import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ChangeRelay, type ChangeRelayShape } from "../services/change-relay.ts"
import { type Connection, connect } from "./connection.ts"
import { type RedisOptions, settingsOf } from "./options.ts"

/**
 * A `ChangeRelay` over Redis pub/sub: what changes in one process is told to the clients of all. While Redis cannot be
 * reached, changes are lost. Publishing and subscribing fail with a `RedisError` where it does not answer in time. Throws a
 * DefinitionError for a client or options that cannot be.
 */
export const redisChangeRelay = (options: RedisOptions): Layer.Layer<ChangeRelay> => {
  const settings = settingsOf(options)
  return Layer.effect(ChangeRelay, Effect.map(connect(settings), changeRelay))
}

export const changeRelay = ({ prefix, publish, subscribe }: Connection): ChangeRelayShape => ({
  publish: (text) => publish(`${prefix}changes`, text),
  subscribe: (receive) => subscribe(`${prefix}changes`, receive)
})
