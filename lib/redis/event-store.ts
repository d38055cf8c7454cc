import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventStore, type EventStoreShape, type StoredEvent } from "../services/event-store.ts"
import { type Connection, connect } from "./connection.ts"
import { append, read } from "./event-scripts.ts"
import { hashTag } from "./keys.ts"
import { integer, type RedisOptions, settingsOf } from "./options.ts"

export interface EventLimits {
  /** Events kept of one stream, at least 1; the oldest make room. Default 10,000. */
  readonly maxEvents?: number | undefined
  /**
   * Bytes of the events of one session, at least 1,024; its oldest make room, but the last event written stays. A text counts
   * as UTF-8, and each event 100 more. Default 4 MiB.
   */
  readonly maxSessionBytes?: number | undefined
  /** Milliseconds after its last event for which a stream is kept, at least 1. Default 30 minutes. */
  readonly ttl?: number | undefined
}

export interface RedisEventOptions extends RedisOptions, EventLimits {}

/**
 * An `EventStore` in Redis, so that a client goes on with its stream at any process (2025-11-25 basic/transports,
 * "Resumability and Redelivery"). A session is one hash and one sorted set, which Redis lets expire. A Redis that does not
 * answer in time is a defect, a `RedisError`. Throws a DefinitionError for a client, options or limits that cannot be.
 */
export const redisEventStore = (options: RedisEventOptions): Layer.Layer<EventStore> => {
  const settings = settingsOf(options)
  const limits = limitsOf(options)
  return Layer.effect(
    EventStore,
    Effect.map(connect(settings), (connection) => eventStore(connection, limits))
  )
}

interface Limits {
  readonly maxEvents: number
  readonly maxSessionBytes: number
  readonly ttl: number
}

/** The limits, checked and with defaults. */
export const limitsOf = ({ maxEvents, maxSessionBytes, ttl }: EventLimits = {}): Limits => ({
  maxEvents: integer("maxEvents", maxEvents ?? 10_000, 1),
  maxSessionBytes: integer("maxSessionBytes", maxSessionBytes ?? 4 * 2 ** 20, 1024),
  ttl: integer("ttl", ttl ?? 1_800_000, 1)
})

export const eventStore = (
  { prefix, command, script }: Connection,
  { maxEvents, maxSessionBytes, ttl }: Limits
): EventStoreShape => {
  const keysOf = (session: string): readonly [string, string] => {
    const key = `${prefix}events:${hashTag(session)}`
    return [key, `${key}:written`]
  }
  const limits = [String(ttl), String(maxEvents), String(maxSessionBytes)]
  return {
    shared: true,
    append: (session, stream, { number, text, last }) =>
      Effect.orDie(
        Effect.asVoid(script(append, keysOf(session), [stream, String(number), (last ? "1" : "0") + text, ...limits]))
      ),
    after: (session, stream, number) =>
      Effect.orDie(Effect.map(script(read, keysOf(session), [stream, String(number), String(ttl)]), eventsOf)),
    remove: (session) => Effect.orDie(Effect.asVoid(command("UNLINK", ...keysOf(session))))
  }
}

/** Numbers and events by turns, as the script gives them. */
const eventsOf = (reply: unknown): ReadonlyArray<StoredEvent> | undefined => {
  if (!Array.isArray(reply)) return undefined
  const events: Array<StoredEvent> = []
  for (let at = 0; at < reply.length; at += 2) {
    const event: string = reply[at + 1]
    events.push({ number: Number(reply[at]), text: event.slice(1), last: event.startsWith("1") })
  }
  return events
}
