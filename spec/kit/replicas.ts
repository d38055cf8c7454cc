import { Effect, Layer } from "mcpipe"
import { EventStore, type EventStoreShape } from "../../lib/services/event-store.ts"
import { SessionStore, type SessionRelay, type SessionStoreShape } from "../../lib/services/session-store.ts"

export interface ReplicaOptions {
  /** Whether processes hear of each other. Default true. */
  readonly relays?: boolean | undefined
  /** Runs before each access to a store, such as a wait or a failure. */
  readonly before?: (() => Effect.Effect<void>) | undefined
}

/** Stores that several apps of this process share, as processes behind a balancer share Redis. */
export interface Replicas {
  readonly layer: Layer.Layer<SessionStore | EventStore>
  readonly sessions: SessionStoreShape
  readonly events: EventStoreShape
}

const memory = <S>(tag: any, layer: Layer.Layer<any>): S =>
  Effect.runSync(
    Effect.provide(
      Effect.map(tag as Effect.Effect<S>, (store) => store),
      layer
    ) as Effect.Effect<S>
  )

export const replicas = ({ relays = true, before = () => Effect.void }: ReplicaOptions = {}): Replicas => {
  const after = <F extends (...args: ReadonlyArray<any>) => Effect.Effect<any>>(access: F): F =>
    ((...args: Parameters<F>) => Effect.andThen(Effect.suspend(before), access(...args))) as unknown as F
  const keptSessions = memory<SessionStoreShape>(SessionStore, SessionStore.layerMemory())
  const keptEvents = memory<EventStoreShape>(EventStore, EventStore.layerMemory())
  const sessions: SessionStoreShape = {
    shared: true,
    create: after(keptSessions.create),
    get: after(keptSessions.get),
    update: after(keptSessions.update),
    touch: after(keptSessions.touch),
    remove: after(keptSessions.remove),
    relay: relays ? relay() : undefined
  }
  const events: EventStoreShape = {
    shared: true,
    append: after(keptEvents.append),
    after: after(keptEvents.after),
    remove: after(keptEvents.remove)
  }
  return {
    sessions,
    events,
    layer: Layer.merge(Layer.succeed(SessionStore, sessions), Layer.succeed(EventStore, events))
  }
}

/** Hands texts on in a later turn, as a network does. */
export const relay = (): SessionRelay => {
  const channels = new Map<string, Set<(text: string) => void>>()
  return {
    publish: (id, text) =>
      Effect.sync(() => {
        queueMicrotask(() => {
          for (const listener of [...(channels.get(id) ?? [])]) listener(text)
        })
      }),
    subscribe: (id, listener) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            const channel = channels.get(id) ?? new Set()
            channels.set(id, channel.add(listener))
          }),
          () => Effect.sync(() => void channels.get(id)?.delete(listener))
        )
      )
  }
}
