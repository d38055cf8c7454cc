import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type SessionChange,
  SessionStore,
  type SessionStoreShape,
  type StoredSession
} from "../services/session-store.ts"
import { type Connection, connect, script } from "./connection.ts"
import { hashTag } from "./keys.ts"
import { lifetime, type RedisOptions, settingsOf } from "./options.ts"

/**
 * A `SessionStore` in Redis, with a relay, so that any process behind a balancer serves any session (2025-11-25
 * basic/transports, "Session Management"). Each session is one hash that Redis lets expire. A Redis that does not answer in
 * time is a defect, a `RedisError`. Throws a DefinitionError for a client or options that cannot be.
 */
export const redisSessionStore = (options: RedisOptions): Layer.Layer<SessionStore> => {
  const settings = settingsOf(options)
  return Layer.effect(SessionStore, Effect.map(connect(settings), sessionStore))
}

export const sessionStore = ({ prefix, command, script, publish, subscribe }: Connection): SessionStoreShape => {
  const keyOf = (id: string): string => `${prefix}session:${hashTag(id)}`
  const isOne = (reply: unknown): boolean => Number(reply) === 1
  return {
    shared: true,
    create: (id, session, ttlMillis) =>
      Effect.orDie(
        Effect.asVoid(Effect.suspend(() => script(create, [keyOf(id)], [lifetime(ttlMillis), ...fieldsOf(session)])))
      ),
    get: (id) => Effect.orDie(Effect.map(script(read, [keyOf(id)], []), sessionOf)),
    update: (id, change) => {
      return Effect.orDie(Effect.map(script(update, [keyOf(id)], commandOf(change)), isOne))
    },
    touch: (id, ttlMillis) => Effect.orDie(Effect.map(command("PEXPIRE", keyOf(id), lifetime(ttlMillis)), isOne)),
    remove: (id) => Effect.orDie(Effect.map(command("DEL", keyOf(id)), isOne)),
    relay: {
      publish: (id, text) => Effect.orDie(publish(`${prefix}session:${id}`, text)),
      subscribe: (id, listener) => Effect.orDie(subscribe(`${prefix}session:${id}`, listener))
    }
  }
}

const commandOf = (change: SessionChange): ReadonlyArray<string> => {
  switch (change.type) {
    case "log-level":
      return ["HSET", level, change.level]
    case "visibility":
      return ["HSET", switches, JSON.stringify(change.rules)]
    case "subscribed":
      return ["HSET", subscription + change.uri, ""]
    case "unsubscribed":
      return ["HDEL", subscription + change.uri]
  }
}

/** Fields of the hash: what never changes is one, and each thing that others may change has its own. */
const [agreed, level, switches, subscription] = ["agreed", "level", "visibility", "+"]

const fieldsOf = ({ logLevel, subscriptions, visibility, ...rest }: StoredSession): ReadonlyArray<string> => [
  agreed,
  JSON.stringify(rest),
  ...(logLevel === undefined ? [] : [level, logLevel]),
  ...(visibility === undefined ? [] : [switches, JSON.stringify(visibility)]),
  ...subscriptions.flatMap((uri) => [subscription + uri, ""])
]

const sessionOf = (reply: unknown): StoredSession | undefined => {
  const fields = reply as ReadonlyArray<string>
  if (fields.length === 0) return undefined
  const values = new Map<string, string>()
  for (let at = 0; at < fields.length; at += 2) values.set(fields[at]!, fields[at + 1]!)
  return {
    ...JSON.parse(values.get(agreed)!),
    logLevel: values.get(level),
    ...(values.has(switches) ? { visibility: JSON.parse(values.get(switches)!) } : undefined),
    subscriptions: [...values.keys()].filter((field) => field.startsWith(subscription)).map((field) => field.slice(1))
  }
}

const create = script(`
redis.call("DEL", KEYS[1])
for i = 2, #ARGV, 2 do redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call("PEXPIRE", KEYS[1], ARGV[1])
`)

/** A script, as its reply is a list whatever protocol the client speaks. */
const read = script(`return redis.call("HGETALL", KEYS[1])`)

/** Nothing comes back by being changed. */
const update = script(`
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
return 1
`)
