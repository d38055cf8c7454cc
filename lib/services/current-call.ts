import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ComponentType, ErrorClass } from "../builder/component.ts"
import type { Asks } from "./asks.ts"
import type { LogLevel } from "./client-log.ts"
import type { SessionVisibility } from "./visibility.ts"

/** What a client is told waits for a slow one: a promise that settles once it has read enough, or is gone. Never rejects. */
export type Told = Promise<void> | void

/** A component that another one calls. */
export interface Called {
  /** Told apart by it from all others of the app. */
  readonly key: string
  readonly type: ComponentType
  /** As clients would know it, were nothing but namespaces between them. */
  readonly name: string
  readonly version: string | undefined
  /** The URI that is read, as clients would know it. */
  readonly uri: string | undefined
}

/**
 * The wire request a handler runs in, as the runtime sees it. It is the one service added for each request beside
 * `RequestContext`, `Principal` and `Scope`: the constant services (`Progress`, `ClientLog`, `Elicitation` …) find their
 * request through it, because every further addition to a context costs time on every call. Internal to the library.
 */
export interface Call {
  /** What is called, where a component of the app calls it; undefined where a client does. */
  readonly called?: Called | undefined
  /** The call that this one speaks for, in other words: what one of them has told, both have. */
  readonly behind?: Call | undefined
  readonly scope: Scope.Closeable
  /** What clients call a URI of the server whose component is called; undefined where they call it the same. */
  readonly uriOf: ((uri: string) => string) | undefined
  /** Undefined where the client gave no progress token and nobody else listens. */
  readonly progress: ((progress: number, total: number | undefined, message: string | undefined) => Told) | undefined
  /** Calls a listener with each report of progress from now on, also where the client wants to hear of none. */
  readonly onProgress?: ((listener: () => void) => void) | undefined
  /** Undefined where the client wants no log messages. */
  readonly log: ((level: LogLevel, data: unknown, logger: string | undefined) => Told) | undefined
  /** The least severe level that `log` sends. */
  readonly logLevel: LogLevel
  /** How the client can be asked; undefined outside of tools, resources, prompts and the middleware inside of them. */
  readonly asks: Asks | undefined
  /** What the session of the call has switched; or why nothing can be switched. */
  readonly visibility?: SessionVisibility | "sessionless" | "no-session" | "server" | undefined
  /** The mount path of the server whose component is called. */
  readonly at?: string | undefined
  /** Whether nothing of this round may go on, because its client has to answer first. */
  readonly suspended: () => boolean
  /** True where a finished call runs once more to see whether it is deterministic: nobody is to hear of it. */
  readonly rehearsal?: boolean | undefined
  /** To be called whenever the state of a session is looked at. */
  readonly usesState?: (() => void) | undefined
  /** The error classes whose messages clients may see. */
  readonly errors: ReadonlyArray<ErrorClass>
}

export class CurrentCall extends Context.Service<CurrentCall, Call>()("mcpipe/CurrentCall") {
  declare readonly "~mcpipe/supplied": "request"
}

/** The call of a fiber, or undefined outside of any. */
export const callOf = (context: Context.Context<never>): Call | undefined =>
  Context.getOrUndefined(context as Context.Context<any>, CurrentCall)

/** Waits until a client has read enough of what it was told; nothing is told twice where that is interrupted. */
export const read = (told: Told): Effect.Effect<void> =>
  told === undefined
    ? Effect.void
    : Effect.callback((resume) => {
        const done = () => resume(Effect.void)
        told.then(done, done)
      })
