import type { Reply } from "./exchange.ts"
import type { JsonRpcError, JsonRpcMessage, JsonRpcResponse, RequestId } from "./json-rpc.ts"
import { errorOf, refusal } from "./reasons.ts"

/** A message ready for the wire: text, or UTF-8 bytes where the result was prepared as bytes. */
export type Encoded = string | Uint8Array

/** The body of a reply; the empty string where it has no message. Never throws. */
export const encodeReply = (reply: Reply): Encoded =>
  reply.message === undefined ? "" : encodeMessage(reply.message, reply.tailBytes)

/**
 * One message, or one batch of responses, as JSON without line breaks. `tailBytes` stands for its `result`, as in `Reply`.
 * A message that JSON cannot hold (a cycle, a BigInt, a throwing `toJSON`, more than the longest string) becomes an `internal-error` response. Never throws.
 */
export const encodeMessage = (
  message: JsonRpcMessage | ReadonlyArray<JsonRpcResponse>,
  tailBytes?: Uint8Array | undefined
): Encoded => {
  if (tailBytes !== undefined && "id" in message && message.id !== undefined) {
    return splice(message.id, tailBytes)
  }
  try {
    return JSON.stringify(message)
  } catch {
    return Array.isArray(message)
      ? `[${message.map((one: JsonRpcResponse) => encodeMessage(one)).join(",")}]`
      : JSON.stringify(unencodable(message as JsonRpcMessage))
  }
}

/** The response that takes the place of a message which is not JSON. */
export const unencodable = (message: JsonRpcMessage): JsonRpcError =>
  errorOf(
    refusal(
      "internal-error",
      "The answer is not JSON: it holds a cycle, a BigInt or a value whose toJSON fails, or is longer than any string can be."
    ),
    "sessionless",
    "id" in message ? message.id : undefined
  )

/** What comes before a prepared result. */
export const preparedHead = (id: RequestId): string =>
  `{"jsonrpc":"2.0","id":${typeof id === "number" ? id : JSON.stringify(id)},"result":`

const encoder = new TextEncoder()

const splice = (id: RequestId, result: Uint8Array): Uint8Array => {
  const head = encoder.encode(preparedHead(id))
  const whole = new Uint8Array(head.length + result.length)
  whole.set(head, 0)
  whole.set(result, head.length)
  return whole
}
