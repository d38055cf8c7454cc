import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type RedisOptions,
  redisChangeRelay,
  redisEventStore,
  redisJournalStore,
  redisRateLimitStore,
  redisSessionStore,
  redisStateStore
} from "mcpipe/redis"
import { JournalStore } from "../../lib/services/journal-store.ts"
import { SessionStore } from "../../lib/services/session-store.ts"
import { StateStore } from "../../lib/services/state-store.ts"
import { changeRelayContract } from "../contract/change-relay.ts"
import { eventStoreContract } from "../contract/event-store.ts"
import { journalStoreContract } from "../contract/journal-store.ts"
import { rateLimitStoreContract } from "../contract/rate-limit-store.ts"
import { sessionStoreContract } from "../contract/session-store.ts"
import { stateStoreContract } from "../contract/state-store.ts"
import {
  clients,
  clusterClients,
  elapse,
  elapseLimits,
  freshPrefix,
  packages,
  useRedis,
  withRedis
} from "../kit/redis.ts"

/** Redis' clock does not stand still: with a thousand times the lifetimes, what a case takes is nothing to it. */
const stretch = 1000

const contracts = (name: string, { open }: ReturnType<typeof useRedis>): void => {
  /** A layer with nothing in it, once there is a client, and how its time passes. */
  const subject = <Id>(make: (options: RedisOptions) => Layer.Layer<Id>, factor = stretch) => {
    const prefix = freshPrefix()
    return {
      layer: Layer.suspend(() => make({ client: open().client, prefix })),
      elapse: (millis: number) => elapse(open(), prefix, millis * factor),
      run: <A>(program: Effect.Effect<A, unknown>) => Effect.runPromise(program)
    }
  }

  sessionStoreContract(`${name}: redisSessionStore`, () => ({
    ...subject((options) =>
      Layer.effect(
        SessionStore,
        Effect.map(Effect.service(SessionStore), (store) => ({
          ...store,
          create: (id, session, ttl) => store.create(id, session, ttl * stretch),
          touch: (id, ttl) => store.touch(id, ttl * stretch)
        }))
      ).pipe(Layer.provide(redisSessionStore(options)))
    ),
    relays: true
  }))

  eventStoreContract(`${name}: redisEventStore`, () => {
    const ttl = 1_000_000
    return { ...subject((options) => redisEventStore({ ...options, ttl, maxEvents: 1_500 }), 1), ttl, tooMany: 2_000 }
  })

  stateStoreContract(`${name}: redisStateStore`, () =>
    subject((options) =>
      Layer.effect(
        StateStore,
        Effect.map(Effect.service(StateStore), (store) => ({
          ...store,
          put: (key, text, expected, ttl) => store.put(key, text, expected, ttl * stretch)
        }))
      ).pipe(Layer.provide(redisStateStore(options)))
    )
  )

  journalStoreContract(`${name}: redisJournalStore`, () =>
    subject((options) =>
      Layer.effect(
        JournalStore,
        Effect.map(Effect.service(JournalStore), (store) => ({
          ...store,
          put: (id, text, ttl) => store.put(id, text, ttl * stretch)
        }))
      ).pipe(Layer.provide(redisJournalStore(options)))
    )
  )

  rateLimitStoreContract(`${name}: redisRateLimitStore`, () => {
    const prefix = freshPrefix()
    return {
      layer: Layer.suspend(() => redisRateLimitStore({ client: open().client, prefix })),
      elapse: (millis) => elapseLimits(open(), prefix, millis),
      run: (program) => Effect.runPromise(program),
      slack: 60_000
    }
  })

  changeRelayContract(`${name}: redisChangeRelay`, () => ({
    layer: subject(redisChangeRelay).layer,
    other: subject(redisChangeRelay).layer
  }))
}

for (const name of packages) {
  withRedis(`with a client of ${name}`, () => contracts(name, useRedis(clients[name])))
  withRedis(`with a cluster client of ${name}`, () =>
    contracts(`${name} cluster`, useRedis(clusterClients[name], "cluster"))
  )
}
