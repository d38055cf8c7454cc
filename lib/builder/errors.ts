/**
 * Thrown while a tool, resource, prompt, middleware or server is being defined: the definition itself is wrong.
 * The message names the component, the place in it and the fix.
 */
export class DefinitionError extends Error {
  override readonly name: string = "DefinitionError"
}

export interface PublicErrorOptions extends ErrorOptions {
  /** JSON-RPC error code where the error ends a resource or prompt request; outside -32768…-32000. Default -32603. */
  readonly code?: number | undefined
  /** JSON value sent as the error's `data`. */
  readonly data?: unknown
}

/**
 * An error whose message clients may see, thrown, rejected or failed by a handler or middleware.
 * Everything else that goes wrong reaches clients as a masked message with a correlation id.
 */
export class PublicError extends Error {
  override readonly name: string = "PublicError"
  /** Says what it is where `instanceof` cannot: between two copies of this package. */
  readonly "~mcpipe/PublicError" = true
  readonly code: number | undefined
  readonly data: unknown
  constructor(message: string, options?: PublicErrorOptions) {
    super(message, options)
    const code = options?.code
    if (code !== undefined && (!Number.isInteger(code) || (code >= -32768 && code <= -32000))) {
      throw new DefinitionError(
        `PublicError code ${code}: use an integer outside -32768…-32000, which JSON-RPC and MCP reserve.`
      )
    }
    this.code = code
    this.data = options?.data
  }
}

/** A failure of a tool that the model should read and act on; becomes a result with `isError: true` (MCP server/tools, "Error Handling"). */
export class ToolError extends PublicError {
  override readonly name: string = "ToolError"
  readonly "~mcpipe/ToolError" = true
}

/**
 * Says that a resource template matched but there is nothing behind this URI; thrown, rejected or failed by a handler.
 * Clients get the protocol's own not-found error (-32602 on 2026-07-28, -32002 before), with `why` in its message.
 */
export class ResourceNotFound extends PublicError {
  override readonly name: string = "ResourceNotFound"
  readonly "~mcpipe/ResourceNotFound" = true
  readonly why: string
  constructor(why = "", options?: ErrorOptions) {
    super(why === "" ? "Not found." : why, options)
    this.why = why
  }
}

export interface TryAgainLaterOptions extends Omit<PublicErrorOptions, "data"> {
  /** Further members of the error's `data`. */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /**
   * `"client"`: this caller has had its share (HTTP 429, RFC 6585 §4). `"server"`: nobody is served now (HTTP 503,
   * RFC 9110 §15.6.4). Default `"server"`.
   */
  readonly because?: "client" | "server" | undefined
  /** Seconds after which another try has a chance, an integer from 1; sent in `data` and as `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfter: number
}

/**
 * Refuses a request for the moment; failed by `request` hooks. Over HTTP the answer has a status and header that say so too,
 * where nothing was sent before it.
 */
export class TryAgainLater extends PublicError {
  override readonly name: string = "TryAgainLater"
  readonly "~mcpipe/TryAgainLater" = true
  readonly because: "client" | "server"
  readonly retryAfter: number
  constructor(message: string, { because = "server", retryAfter, data, ...options }: TryAgainLaterOptions) {
    if (!Number.isSafeInteger(retryAfter) || retryAfter < 1) {
      throw new DefinitionError(`TryAgainLater: retryAfter is ${retryAfter}; use whole seconds, 1 or more.`)
    }
    super(message, { ...options, data: { retryAfter, ...data } })
    this.because = because
    this.retryAfter = retryAfter
  }
}

export const isTryAgainLater = (u: unknown): u is TryAgainLater => u instanceof Error && "~mcpipe/TryAgainLater" in u

export const isResourceNotFound = (u: unknown): u is ResourceNotFound =>
  u instanceof Error && "~mcpipe/ResourceNotFound" in u

export const isPublicError = (u: unknown): u is PublicError => u instanceof Error && "~mcpipe/PublicError" in u

export const isToolError = (u: unknown): u is ToolError => u instanceof Error && "~mcpipe/ToolError" in u
