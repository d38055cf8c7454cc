import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { toBase64 } from "../builder/base64.ts"
import type { InferOut, ValueInput } from "../builder/schema.ts"
import { callOf } from "./current-call.ts"
import { digest } from "./digest.ts"
import { Principal } from "./principal.ts"
import { RequestContext } from "./request-context.ts"
import { NoSession, UnknownSession } from "./session-errors.ts"
import { checkTtl, DAY, keyOfState, type OpenSession, type SessionRef } from "./session-ref.ts"
import { makeState, type Repeatable, type State, type StateOptionsFor } from "./session-state.ts"
import { memoryStore, StateStore, type StateStoreShape } from "./state-store.ts"

export interface SessionOptions {
  /** Whole milliseconds from 1 to 365 days that a handle is good for after it was last opened. Default 86,400,000, a day. */
  readonly ttl?: number | undefined
}

export interface SessionShape {
  /**
   * The session a call belongs to by itself: that of its principal, within its connection's session where there is one.
   * Neither an anonymous caller with a session id nor a principal without one shares with anybody else.
   */
  readonly current: Effect.Effect<SessionRef, NoSession>
  /**
   * Begins a session for whoever holds its handle and is the same principal, or anonymous as well. Along the rounds of one
   * call it gives the same handle.
   */
  readonly create: (options?: SessionOptions) => Effect.Effect<OpenSession>
  /** The session behind a handle, good for its `ttl` from now; fails alike for unknown, expired and foreign handles. */
  readonly open: (handle: string) => Effect.Effect<OpenSession, UnknownSession>
}

/** State that outlives a call, kept apart for each principal and session; the app's `StateStore` keeps it. */
export class Session extends Context.Service<Session, SessionShape>()("mcpipe/Session") {
  declare readonly "~mcpipe/supplied": "request"

  /**
   * Defines a typed value of every session: JSON of at most 256 KiB, decoded with the schema each time it is read.
   * @example const cart = Session.state("cart", v.array(v.string()), { initial: () => [] }) // then: yield* cart.get
   */
  static state<S extends ValueInput>(
    name: string,
    schema: S & Repeatable<S>,
    options: StateOptionsFor<S>
  ): State<InferOut<S>> {
    return makeState(Session.current, name, schema, options)
  }

  /** The session the call belongs to by itself; see `SessionShape.current`. */
  static readonly current: Effect.Effect<SessionRef, NoSession, Session> = Effect.suspend(() =>
    Session.use((service) => service.current)
  )

  /** Begins a session that its handle opens again; see `SessionShape.create`. */
  static create(options?: SessionOptions): Effect.Effect<OpenSession, never, Session> {
    return Session.use((service) => service.create(options))
  }

  /** The session behind a handle; see `SessionShape.open`. */
  static open(handle: string): Effect.Effect<OpenSession, UnknownSession, Session> {
    return Session.use((service) => service.open(handle))
  }

  /** One session in memory, for testing a handler without a server; `initial` holds values by the names of their states. */
  static layerTest(initial: Readonly<Record<string, unknown>> = {}): Layer.Layer<Session> {
    return Layer.effect(
      Session,
      Effect.suspend(() => {
        const store = memoryStore()
        const test: SessionRef = { "~mcpipe/Session": { owner: ["test"], store } }
        const put = Effect.forEach(Object.entries(initial), ([name, value]) =>
          store.put(keyOfState(test, name), JSON.stringify(value), undefined, DAY)
        )
        return Effect.as(
          put,
          shapeOf(() => store, Effect.succeed(test))
        )
      })
    )
  }

  /** What the runtime supplies: finds its caller and the app's `StateStore` through the running fiber. */
  static get live(): SessionShape {
    return live
  }
}

const shapeOf = (
  storeOf: (context: Context.Context<never>) => StateStoreShape,
  current: SessionShape["current"]
): SessionShape => ({
  current,
  create: ({ ttl = DAY } = {}) =>
    Effect.withFiber(({ context }) => {
      checkTtl(ttl, "Session.create")
      const store = storeOf(context)
      const make = Effect.suspend(() => {
        const handle = newHandle()
        const kept: Kept = { principal: principalOf(context), ttl }
        return Effect.as(store.put(keyOf(handle), JSON.stringify(kept), undefined, ttl), handle)
      })
      const asks = callOf(context)?.asks
      const once = asks === undefined ? make : asks.step(`Session.create:${asks.occurrence("Session.create")}`, make)
      return Effect.map(once, (handle) => openSession(handle, store))
    }),
  open: (handle) =>
    Effect.withFiber(({ context }) => {
      if (typeof handle !== "string" || !HANDLE.test(handle)) return Effect.fail(new UnknownSession())
      const store = storeOf(context)
      const key = keyOf(handle)
      return Effect.flatMap(store.get(key), (stored) => {
        const kept: Kept | undefined = stored && JSON.parse(stored.text)
        if (stored === undefined || kept?.principal !== principalOf(context)) return Effect.fail(new UnknownSession())
        // where this loses against another call, that one has prolonged it
        return Effect.as(store.put(key, stored.text, stored.version, kept.ttl), openSession(handle, store))
      })
    })
})

/** What is kept of a handle. */
interface Kept {
  /** Null for a session of anonymous callers, which nobody else may open: they could have been handed it by a stranger. */
  readonly principal: string | null
  readonly ttl: number
}

const openSession = (handle: string, store: StateStoreShape): OpenSession =>
  Object.freeze({ handle, "~mcpipe/Session": { owner: ["handle", digest(handle)], store } })

const HANDLE = /^[A-Za-z0-9_-]{32}$/

/** 192 random bits. */
const newHandle = (): string =>
  toBase64(globalThis.crypto.getRandomValues(new Uint8Array(24)), "Session.create")
    .replaceAll("+", "-")
    .replaceAll("/", "_")

/** Whoever can read the store still cannot open what is in it. */
const keyOf = (handle: string): string => JSON.stringify(["handle", digest(handle)])

const found = <I, S>(context: Context.Context<never>, key: Context.Key<I, S>): S | undefined =>
  Context.getOrUndefined(context as Context.Context<any>, key)

const principalOf = (context: Context.Context<never>): string | null => {
  const principal = found(context, Principal)
  return principal === undefined || principal.anonymous ? null : principal.id
}

const liveStore = (context: Context.Context<never>): StateStoreShape => {
  const store = found(context, StateStore)
  callOf(context)?.usesState?.()
  if (store !== undefined) return store
  throw new Error(
    "Session: there is no StateStore here; use it in a handler or middleware, or test with Session.layerTest."
  )
}

const live: SessionShape = shapeOf(
  liveStore,
  Effect.withFiber<SessionRef, NoSession>(({ context }) => {
    const principal = principalOf(context)
    const session = found(context, RequestContext)?.sessionId ?? null
    if (principal === null && session === null) return Effect.fail(new NoSession())
    const owner = ["caller", principal, session]
    return Effect.succeed({ "~mcpipe/Session": { owner, store: liveStore(context) } })
  })
)
