/** A server could not be served: a wrong option, an address in use, a layer that failed. The message names the fix. */
export class ServeError extends Error {
  override readonly name: string = "ServeError"
  readonly "~mcpipe/ServeError" = true
}

/** `error` itself where it is a `ServeError`; else one that carries it as `cause`. */
export const toServeError = (what: string, error: unknown): ServeError =>
  error instanceof ServeError
    ? error
    : new ServeError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
