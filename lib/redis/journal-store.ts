import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { JournalStore, JournalStoreError, type JournalStoreShape } from "../services/journal-store.ts"
import { type Connection, connect } from "./connection.ts"
import { lifetime, type RedisOptions, settingsOf } from "./options.ts"
import type { RedisError } from "./redis-error.ts"

/**
 * A `JournalStore` in Redis, which any process can go on from with a call that asks. Each journal is one string that Redis
 * lets expire. It fails as `"unavailable"` where Redis does not answer in time; `cause` is a `RedisError`. Throws a
 * DefinitionError for a client or options that cannot be.
 */
export const redisJournalStore = (options: RedisOptions): Layer.Layer<JournalStore> => {
  const settings = settingsOf(options)
  return Layer.effect(JournalStore, Effect.map(connect(settings), journalStore))
}

export const journalStore = ({ prefix, command }: Connection): JournalStoreShape => {
  const keyOf = (id: string): string => `${prefix}journal:${id}`
  return {
    shared: true,
    put: (id, text, ttlMillis) =>
      Effect.mapError(Effect.asVoid(command("SET", keyOf(id), text, "PX", lifetime(ttlMillis))), unavailable),
    get: (id) =>
      Effect.mapBoth(command("GET", keyOf(id)), {
        onFailure: unavailable,
        onSuccess: (reply) => (typeof reply === "string" ? reply : undefined)
      }),
    remove: (id) => Effect.mapError(Effect.asVoid(command("DEL", keyOf(id))), unavailable)
  }
}

const unavailable = (cause: RedisError): JournalStoreError =>
  new JournalStoreError({ reason: "unavailable", message: cause.message, cause })
