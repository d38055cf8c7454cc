import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ChangeRelay } from "../services/change-relay.ts"
import { EventStore } from "../services/event-store.ts"
import { JournalStore } from "../services/journal-store.ts"
import { RateLimitStore } from "../services/rate-limit-store.ts"
import { SessionStore } from "../services/session-store.ts"
import { StateStore } from "../services/state-store.ts"
import { changeRelay } from "./change-relay.ts"
import { connect } from "./connection.ts"
import { type EventLimits, eventStore, limitsOf } from "./event-store.ts"
import { journalStore } from "./journal-store.ts"
import { type RedisOptions, settingsOf } from "./options.ts"
import { rateLimitStore } from "./rate-limit-store.ts"
import { sessionStore } from "./session-store.ts"
import { stateStore } from "./state-store.ts"

export interface RedisLayerOptions extends RedisOptions {
  /** How much is kept for clients that lost their connection. */
  readonly events?: EventLimits | undefined
}

/**
 * All that processes behind one balancer share, in Redis: sessions, their events and state, journals, rate limits and changes. They use
 * the client and, between them, one more connection. Throws a DefinitionError for a client or options that cannot be.
 * @example serve(main.provide(redisLayer({ client })), { http: { port: 3000 } })
 */
export const redisLayer = (
  options: RedisLayerOptions
): Layer.Layer<SessionStore | EventStore | StateStore | JournalStore | RateLimitStore | ChangeRelay> => {
  const settings = settingsOf(options)
  const limits = limitsOf(options.events)
  return Layer.effectContext(
    Effect.map(connect(settings), (connection) =>
      Context.make(SessionStore, sessionStore(connection)).pipe(
        Context.add(EventStore, eventStore(connection, limits)),
        Context.add(StateStore, stateStore(connection)),
        Context.add(JournalStore, journalStore(connection)),
        Context.add(RateLimitStore, rateLimitStore(connection)),
        Context.add(ChangeRelay, changeRelay(connection))
      )
    )
  )
}
