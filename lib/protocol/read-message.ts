import type { ClientResponse } from "./client-requests.ts"
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from "./json-rpc.ts"
import { isRecord, quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** A message from the wire, sorted; a refusal carries the id where it could be read. */
export type ReadMessage =
  | { readonly type: "request"; readonly message: JsonRpcRequest }
  | { readonly type: "notification"; readonly message: JsonRpcNotification }
  | { readonly type: "response"; readonly message: ClientResponse }
  | { readonly type: "refused"; readonly refusal: Refusal; readonly id: RequestId | undefined }

/** Sorts one JSON value that is not an array (JSON-RPC 2.0 §4; MCP basic/index, "Messages"). */
export const readMessage = (value: unknown): ReadMessage => {
  if (!isRecord(value)) return refused(`A message must be a JSON-RPC object, not ${quoted(value)}.`, undefined)
  const { jsonrpc, id, method, params } = value
  const readable = typeof id === "string" || Number.isSafeInteger(id) ? (id as RequestId) : undefined
  if (jsonrpc !== "2.0") return refused(`jsonrpc must be "2.0"; it is ${quoted(jsonrpc)}.`, readable)
  if (method === undefined && ("result" in value || "error" in value)) {
    return readable === undefined
      ? refused("A response must have the id of a request: a string or an integer.", undefined)
      : { type: "response", message: value as unknown as ClientResponse }
  }
  if (typeof method !== "string") return refused(`method must be a string; it is ${quoted(method)}.`, readable)
  if (params !== undefined && !isRecord(params))
    return refused(`params must be an object, not ${quoted(params)}.`, readable)
  if (!("id" in value)) return { type: "notification", message: value as unknown as JsonRpcNotification }
  if (readable === undefined)
    return refused(`id must be a string or an integer of at most 53 bits; it is ${quoted(id)}.`, undefined)
  return { type: "request", message: value as unknown as JsonRpcRequest }
}

const refused = (message: string, id: RequestId | undefined): ReadMessage => ({
  type: "refused",
  refusal: refusal("invalid-request", message),
  id
})
