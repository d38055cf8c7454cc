import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** Who is calling. */
export interface PrincipalShape {
  /** Stable id, unique within the server; `"anonymous"` for the anonymous principal. */
  readonly id: string
  readonly anonymous: boolean
  /** Granted scopes; empty by default. */
  readonly scopes: ReadonlyArray<string>
  /** Whatever else `authenticate` learnt, such as token claims. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** The caller's identity, as the transport's `authenticate` decided it; anonymous by default. */
export class Principal extends Context.Service<Principal, PrincipalShape>()("mcpipe/Principal") {
  declare readonly "~mcpipe/supplied": "request"

  /** A fixed principal, for testing a handler without a server. Default: anonymous. */
  static layerTest(principal: Partial<PrincipalShape> = {}): Layer.Layer<Principal> {
    const known = principal.id !== undefined
    return Layer.succeed(Principal, { ...anonymous, anonymous: !known, ...principal })
  }
}

/** The principal of a request that `authenticate` did not see. */
export const anonymous: PrincipalShape = Object.freeze({
  id: "anonymous",
  anonymous: true,
  scopes: Object.freeze([]),
  claims: Object.freeze({})
})
