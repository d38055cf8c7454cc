import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface ClientInfo {
  readonly name: string
  readonly version: string
  readonly title?: string | undefined
}

/** The HTTP request that carried this call. */
export interface HttpInfo {
  readonly method: string
  readonly url: string
  /** Looks a header up, whatever its case; undefined where it is missing. */
  readonly header: (name: string) => string | undefined
  readonly remoteAddress: string | undefined
}

export interface RequestContextShape {
  /** Unguessable; the same in every round of one logical call. */
  readonly callId: string
  /** 0 for the first wire request of a call. */
  readonly round: number
  /** The JSON-RPC id of this wire request. */
  readonly requestId: string | number
  /** The MCP method, such as `"tools/call"`. */
  readonly method: string
  /** What is being called, under the name the client used. */
  readonly component:
    | { readonly type: "tool" | "resource" | "prompt"; readonly name: string; readonly version: string | undefined }
    | undefined
  readonly client: { readonly info: ClientInfo | undefined; readonly capabilities: Readonly<Record<string, unknown>> }
  /** `"handshake"` up to revision 2025-11-25, `"sessionless"` from 2026-07-28. */
  readonly era: "handshake" | "sessionless"
  /** The protocol revision in use, such as `"2025-11-25"`. */
  readonly revision: string
  readonly sessionId: string | undefined
  /** Present when the call came over HTTP. */
  readonly http: HttpInfo | undefined
  /** The request's `_meta`. */
  readonly meta: Readonly<Record<string, unknown>>
  /**
   * Closes the HTTP connection on which this call is answered, so that nobody holds it open while nothing happens: the client
   * comes back after so many milliseconds, 0 to 3,600,000, by default 1,000, and is told what it missed. Does nothing where it
   * could not come back: without a session, before revision 2025-11-25, on 2026-07-28 and where HTTP is not spoken
   * (2025-11-25 basic/transports, "Sending Messages to the Server").
   */
  readonly closeStream: (retryMillis?: number) => Effect.Effect<void>
}

/** The request being served: its ids, client, protocol revision and transport. Read its fields by name; they are computed when asked for. */
export class RequestContext extends Context.Service<RequestContext, RequestContextShape>()("mcpipe/RequestContext") {
  declare readonly "~mcpipe/supplied": "request"

  /** Closes the connection of this call for a while; see `RequestContextShape.closeStream`. */
  static closeStream(retryMillis?: number): Effect.Effect<void, never, RequestContext> {
    return RequestContext.use((request) => request.closeStream(retryMillis))
  }

  /** A request context for testing a handler without a server; unnamed fields have plain defaults. */
  static layerTest(fields: Partial<RequestContextShape> = {}): Layer.Layer<RequestContext> {
    return Layer.succeed(RequestContext, {
      callId: "test-call",
      round: 0,
      requestId: 1,
      method: "tools/call",
      component: undefined,
      client: { info: undefined, capabilities: {} },
      era: "sessionless",
      revision: "2026-07-28",
      sessionId: undefined,
      http: undefined,
      meta: {},
      closeStream: () => Effect.void,
      ...fields
    })
  }
}
