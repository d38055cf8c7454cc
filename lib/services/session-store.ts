import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { DefinitionError } from "../builder/errors.ts"
import type { LogLevel } from "./client-log.ts"
import type { ClientInfo } from "./request-context.ts"
import type { VisibilityRule } from "./visibility.ts"

/** What a process needs of an HTTP session that began at another one. All of it is JSON. */
export interface StoredSession {
  /** The revision that `initialize` agreed on, such as `"2025-11-25"`. */
  readonly revision: string
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly clientInfo: ClientInfo
  /** The principal that began it; nobody else may reach it. */
  readonly owner: { readonly id: string; readonly anonymous: boolean }
  /** The level of `logging/setLevel`; undefined where it was not set. */
  readonly logLevel: LogLevel | undefined
  /** The URIs of `resources/subscribe`, each once, in any order. */
  readonly subscriptions: ReadonlyArray<string>
  /** What handlers have switched for it; undefined for nothing. */
  readonly visibility?: ReadonlyArray<VisibilityRule> | undefined
}

/** What may change about a session after it began. */
export type SessionChange =
  | { readonly type: "log-level"; readonly level: LogLevel }
  | { readonly type: "subscribed"; readonly uri: string }
  | { readonly type: "unsubscribed"; readonly uri: string }
  | { readonly type: "visibility"; readonly rules: ReadonlyArray<VisibilityRule> }

/** Carries texts between the processes that know a session. What is published while nobody subscribes is lost. */
export interface SessionRelay {
  /** Hands a text to all that subscribe to the session, whoever published it included, in the order of one publisher's texts. */
  readonly publish: (id: string, text: string) => Effect.Effect<void>
  /** Calls `listener`, which never throws, with every text published from now on until the scope closes. */
  readonly subscribe: (id: string, listener: (text: string) => void) => Effect.Effect<void, never, Scope.Scope>
}

/** Sessions by id, each with an end. Ids are at most 100 characters of visible ASCII. A store that cannot be reached dies, it never pretends to be empty. */
export interface SessionStoreShape {
  /** Whether other processes see what this one stores. Where they do not, the store is never asked: each process remembers its own sessions. */
  readonly shared: boolean
  /** Stores a new session for so many milliseconds, more than 0. */
  readonly create: (id: string, session: StoredSession, ttlMillis: number) => Effect.Effect<void>
  /** The session of an id; undefined where there is none, or none any more. */
  readonly get: (id: string) => Effect.Effect<StoredSession | undefined>
  /** Changes one thing about a session, and nothing else that others change at the same time; false where there is no such session. */
  readonly update: (id: string, change: SessionChange) => Effect.Effect<boolean>
  /** Lets a session live for so many milliseconds from now; false where there is no such session. */
  readonly touch: (id: string, ttlMillis: number) => Effect.Effect<boolean>
  /** Forgets a session; false where there is none. */
  readonly remove: (id: string) => Effect.Effect<boolean>
  /**
   * How processes tell each other of a session; without it, answers to what a server asked must arrive at the process that
   * asked, and streams can be gone on with at the process that began them only.
   */
  readonly relay?: SessionRelay | undefined
}

export interface MemorySessionsOptions {
  /** Sessions kept at a time, at least 1; those created or touched longest ago make room. Default 10,000. */
  readonly maxSessions?: number | undefined
}

/** Keeps what HTTP sessions agreed on, so that any process behind a balancer can serve them; in memory unless a layer on the root server says otherwise. */
export class SessionStore extends Context.Service<SessionStore, SessionStoreShape>()("mcpipe/SessionStore") {
  declare readonly "~mcpipe/supplied": "app"

  /** Sessions in the memory of this process. Throws a DefinitionError for limits out of range. */
  static layerMemory({ maxSessions = 10_000 }: MemorySessionsOptions = {}): Layer.Layer<SessionStore> {
    if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
      const message = `SessionStore.layerMemory: maxSessions is ${maxSessions}; use an integer of 1 or more.`
      throw new DefinitionError(message)
    }
    return Layer.sync(SessionStore, () => memorySessions(maxSessions))
  }
}

interface Entry {
  readonly text: string
  readonly logLevel: LogLevel | undefined
  readonly subscriptions: ReadonlySet<string>
  readonly visibility: ReadonlyArray<VisibilityRule> | undefined
  /** Milliseconds since 1970. */
  readonly end: number
}

const memorySessions = (maxSessions: number): SessionStoreShape => {
  /** Created or touched longest ago first. */
  const entries = new Map<string, Entry>()

  const current = (id: string, now: number): Entry | undefined => {
    const entry = entries.get(id)
    if (entry === undefined || entry.end > now) return entry
    entries.delete(id)
    return undefined
  }

  const keep = (id: string, entry: Entry): void => {
    entries.delete(id)
    entries.set(id, entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= maxSessions) break
      entries.delete(oldest)
    }
  }

  const atNow = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)

  return {
    shared: false,
    create: (id, { logLevel, subscriptions, visibility, ...agreed }, ttlMillis) =>
      atNow((now) => {
        const text = JSON.stringify(agreed)
        keep(id, { text, logLevel, subscriptions: new Set(subscriptions), visibility, end: now + ttlMillis })
      }),
    get: (id) =>
      atNow((now) => {
        const entry = current(id, now)
        if (entry === undefined) return undefined
        const { text, logLevel, subscriptions, visibility } = entry
        const known = { ...JSON.parse(text), logLevel, subscriptions: [...subscriptions] }
        return visibility === undefined ? known : { ...known, visibility }
      }),
    update: (id, change) =>
      atNow((now) => {
        const entry = current(id, now)
        if (entry === undefined) return false
        entries.set(id, changed(entry, change))
        return true
      }),
    touch: (id, ttlMillis) =>
      atNow((now) => {
        const entry = current(id, now)
        if (entry === undefined) return false
        keep(id, { ...entry, end: now + ttlMillis })
        return true
      }),
    remove: (id) => atNow((now) => current(id, now) !== undefined && entries.delete(id))
  }
}

const changed = (entry: Entry, change: SessionChange): Entry => {
  if (change.type === "log-level") return { ...entry, logLevel: change.level }
  if (change.type === "visibility") return { ...entry, visibility: change.rules }
  const subscriptions = new Set(entry.subscriptions)
  if (change.type === "subscribed") subscriptions.add(change.uri)
  else subscriptions.delete(change.uri)
  return { ...entry, subscriptions }
}
