import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StateStore, type StateStoreShape } from "../services/state-store.ts"
import { type Connection, connect, script } from "./connection.ts"
import { lifetime, type RedisOptions, settingsOf } from "./options.ts"

/**
 * A `StateStore` in Redis: what sessions hold is the same in all processes, and outlives them. Each text is one hash that
 * Redis lets expire; nothing else makes room for others. A Redis that does not answer in time is a defect, a `RedisError`.
 * Throws a DefinitionError for a client or options that cannot be.
 */
export const redisStateStore = (options: RedisOptions): Layer.Layer<StateStore> => {
  const settings = settingsOf(options)
  return Layer.effect(StateStore, Effect.map(connect(settings), stateStore))
}

export const stateStore = ({ prefix, command, script }: Connection): StateStoreShape => {
  const keyOf = (key: string): string => `${prefix}state:${key}`
  return {
    get: (key) =>
      Effect.orDie(
        Effect.map(command("HMGET", keyOf(key), "version", "text"), (reply) => {
          const [version, text] = reply as ReadonlyArray<string | null>
          return typeof version === "string" && typeof text === "string" ? { text, version } : undefined
        })
      ),
    put: (key, text, expected, ttlMillis) =>
      Effect.suspend(() => {
        const version = globalThis.crypto.randomUUID()
        const args = [version, text, lifetime(ttlMillis), ...(expected === undefined ? [] : [expected])]
        return Effect.orDie(Effect.map(script(put, [keyOf(key)], args), (reply) => Number(reply) === 1))
      }),
    remove: (key) => Effect.orDie(Effect.asVoid(command("DEL", keyOf(key))))
  }
}

/** Where the version is there already, the client has sent the command again after it lost the connection. */
const put = script(`
local version = redis.call("HGET", KEYS[1], "version")
if version == ARGV[1] then return 1 end
if version ~= (ARGV[4] or false) then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[1], "text", ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1
`)
