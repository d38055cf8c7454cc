import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { LogLevel } from "../services/client-log.ts"
import { type Call, CurrentCall } from "../services/current-call.ts"
import { Principal, type PrincipalShape } from "../services/principal.ts"
import { type HttpInfo, RequestContext, type RequestContextShape } from "../services/request-context.ts"
import type { DirectChannel } from "./direct-asks.ts"
import type { Entry } from "./entry.ts"
import type { Journal } from "./journal.ts"

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
  readonly logLevel: () => LogLevel
  readonly visibility?: Call["visibility"]
  readonly channel: AskChannel
  /** Closes the connection of the request's stream, for its client to come back after so many milliseconds; undefined where it could not. */
  readonly closeStream?: ((retryMillis: number) => void) | undefined
}

/** How questions travel to the client of a wire request. */
export type AskChannel =
  /** Requests of the server's own. */
  | ({ readonly type: "direct" } & DirectChannel)
  /** The end of this wire request, and a later one that goes on with the call. */
  | {
      readonly type: "replay"
      readonly journal: Journal | undefined
      readonly responses: Readonly<Record<string, unknown>>
    }

/** Adds the services of one wire request to a prepared context; few, because each costs time on every call. */
export const requestContext = (
  base: Context.Context<never>,
  facts: Facts,
  request: RequestContextShape,
  call: Call
): Context.Context<never> => {
  const withCall = Context.add(base, CurrentCall, call)
  const withRequest = Context.add(withCall, RequestContext, request)
  const withPrincipal = Context.add(withRequest, Principal, facts.principal)
  return Context.add(withPrincipal, Scope.Scope, call.scope) as Context.Context<never>
}

/** Reads its fields from the facts when asked; most handlers ask for none. */
export class LiveRequest implements RequestContextShape {
  readonly #facts: Facts
  readonly #entry: Entry | undefined
  #callId: string | undefined

  constructor(facts: Facts, entry: Entry | undefined) {
    this.#facts = facts
    this.#entry = entry
  }

  get callId(): string {
    this.#callId ??= this.#journal?.callId ?? globalThis.crypto.randomUUID()
    return this.#callId
  }
  get round(): number {
    return this.#journal?.round ?? 0
  }
  get #journal(): Journal | undefined {
    const { channel } = this.#facts
    return channel.type === "replay" ? channel.journal : undefined
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
  get closeStream(): RequestContextShape["closeStream"] {
    const { closeStream } = this.#facts
    return (retryMillis = 1_000) =>
      Effect.sync(() => {
        checkRetry(retryMillis)
        closeStream?.(retryMillis)
      })
  }
}

const checkRetry = (millis: number): void => {
  if (Number.isInteger(millis) && millis >= 0 && millis <= 3_600_000) return
  throw new RangeError(`RequestContext.closeStream: ${millis} is no time to come back after; use 0 to 3,600,000 ms.`)
}
