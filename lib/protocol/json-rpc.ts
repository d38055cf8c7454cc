/** A JSON-RPC request id: a string or an integer, never null (MCP basic/index, "Requests"). */
export type RequestId = string | number

export interface JsonRpcRequest {
  readonly jsonrpc: "2.0"
  readonly id: RequestId
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

export interface JsonRpcNotification {
  readonly jsonrpc: "2.0"
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

export interface JsonRpcResult {
  readonly jsonrpc: "2.0"
  readonly id: RequestId
  readonly result: Readonly<Record<string, unknown>>
}

export interface JsonRpcError {
  readonly jsonrpc: "2.0"
  /** Missing where the request's id could not be read. */
  readonly id?: RequestId | undefined
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export type JsonRpcResponse = JsonRpcResult | JsonRpcError
export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResponse
