/** The server answered a request with a JSON-RPC error (JSON-RPC 2.0 §5.1). */
export class RequestError extends Error {
  override readonly name = "RequestError"
  readonly code: number
  readonly data: unknown
  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** The client was closed before the server had answered. */
export class ClientClosed extends Error {
  override readonly name = "ClientClosed"
  constructor(method: string) {
    super(`${method} was not answered: the client has been closed.`)
  }
}
