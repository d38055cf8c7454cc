import { shortJson } from "../builder/issues.ts"
import type { Caller as Asker } from "../builder/visibility.ts"
import type { Running } from "../runtime/app.ts"
import type { Catalogue } from "../runtime/catalogue.ts"
import type { Operation, ValueOf } from "../runtime/operation.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { VisibilityRule } from "../services/visibility.ts"
import type { Sink } from "./exchange.ts"
import type { RequestId } from "./json-rpc.ts"
import type { Era, Refusal } from "./reasons.ts"
import type { Subscriptions } from "./subscriptions.ts"

export type Params = Readonly<Record<string, unknown>>

/** A wire request that passed its envelope checks, ready to be resolved. */
export interface WireRequest {
  readonly id: RequestId
  readonly sink: Sink
  readonly running: Running
  /** The snapshot this request keeps, whatever changes meanwhile. */
  readonly catalogue: Catalogue
  readonly revision: string
  readonly capabilities: Readonly<Record<string, unknown>>
  /** Who asks, as predicates of visibility see it. */
  readonly asker: Asker
  /** What the session of the request has switched. */
  readonly rules: ReadonlyArray<VisibilityRule>
  /** Remembers a log level for the connection; undefined where there is no connection. */
  readonly setLogLevel: ((level: LogLevel) => void) | undefined
  /** What the client is told of unasked; undefined where there is no connection or session of the handshake. */
  readonly subscriptions: Subscriptions | undefined
}

/** One row of the method table. Extensions add rows of their own. */
export interface MethodRow {
  readonly method: string
  /** Whether this app serves the method at all; what is not served is not advertised either. */
  readonly served: (running: Running, catalogue: Catalogue) => boolean
  /** The parameter that `Mcp-Name` must repeat (SEP-2243). */
  readonly name?: ((params: Params) => unknown) | undefined
  /** Message to operation, before anything runs; a refusal still chooses the HTTP status. */
  readonly resolve: (params: Params, request: WireRequest) => Operation | Refusal
}

type Result = Readonly<Record<string, unknown>>

/** How an era writes what an operation gave. */
export type Encoders = {
  readonly [T in Operation["type"]]: (
    value: ValueOf[T],
    operation: Extract<Operation, { readonly type: T }>,
    request: WireRequest
  ) => Result
}

/** An era as a record: its methods and its way of writing results. */
export interface Profile {
  readonly era: Era
  readonly methods: ReadonlyMap<string, MethodRow>
  readonly encode: Encoders
}

export const isRefusal = (u: Operation | Refusal): u is Refusal => "reason" in u

export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** A value from the wire, short enough to repeat in a message. */
export const quoted = (u: unknown): string => (u === undefined ? "missing" : shortJson(u, 120))
