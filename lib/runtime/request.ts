import * as Context from "effect/Context"
import * as Scope from "effect/Scope"
import type { LogLevel } from "../services/client-log.ts"
import { type Call, CurrentCall } from "../services/current-call.ts"
import { Principal, type PrincipalShape } from "../services/principal.ts"
import { type HttpInfo, RequestContext, type RequestContextShape } from "../services/request-context.ts"
import type { Entry } from "./entry.ts"

/** What the protocol room knows of a wire request; neutral of any revision. */
export interface Facts {
  readonly requestId: string | number
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly client: RequestContextShape["client"]
  readonly era: RequestContextShape["era"]
  readonly revision: string
  readonly sessionId: string | undefined
  readonly http: HttpInfo | undefined
  readonly principal: PrincipalShape
  readonly progress: Call["progress"]
  readonly log: Call["log"]
  readonly logLevel: LogLevel
}

/** Adds the services of one wire request to a prepared context; few, because each costs time on every call. */
export const requestContext = (
  base: Context.Context<never>,
  facts: Facts,
  entry: Entry | undefined,
  scope: Scope.Closeable
): Context.Context<never> => {
  const call: Call = { scope, uriOf: entry?.uriOf, progress: facts.progress, log: facts.log, logLevel: facts.logLevel }
  const withCall = Context.add(base, CurrentCall, call)
  const withRequest = Context.add(withCall, RequestContext, new LiveRequest(facts, entry))
  return Context.add(Context.add(withRequest, Principal, facts.principal), Scope.Scope, scope) as Context.Context<never>
}

/** Reads its fields from the facts when asked; most handlers ask for none. */
class LiveRequest implements RequestContextShape {
  readonly #facts: Facts
  readonly #entry: Entry | undefined
  #callId: string | undefined

  constructor(facts: Facts, entry: Entry | undefined) {
    this.#facts = facts
    this.#entry = entry
  }

  get callId(): string {
    this.#callId ??= globalThis.crypto.randomUUID()
    return this.#callId
  }
  get round(): number {
    return 0
  }
  get requestId(): string | number {
    return this.#facts.requestId
  }
  get method(): string {
    return this.#facts.method
  }
  get component(): RequestContextShape["component"] {
    const entry = this.#entry
    return entry === undefined ? undefined : { type: entry.type, name: entry.name, version: entry.component.version }
  }
  get client(): RequestContextShape["client"] {
    return this.#facts.client
  }
  get era(): RequestContextShape["era"] {
    return this.#facts.era
  }
  get revision(): string {
    return this.#facts.revision
  }
  get sessionId(): string | undefined {
    return this.#facts.sessionId
  }
  get http(): HttpInfo | undefined {
    return this.#facts.http
  }
  get meta(): Readonly<Record<string, unknown>> {
    return this.#facts.meta
  }
}
