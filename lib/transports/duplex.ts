import type { Connection } from "../protocol/exchange.ts"
import type { JsonRpcError, RequestId } from "../protocol/json-rpc.ts"
import { errorOf } from "../protocol/reasons.ts"
import { type Drainable, idleListeners, shuttingDown } from "./drain.ts"

/** One peer being served on a duplex transport. */
export interface DuplexServing {
  /** Refuses new requests, finishes or after `graceMillis` interrupts what is in flight, then lets go of the transport. Never rejects. */
  readonly drain: (graceMillis: number) => Promise<void>
  /** Settles once the transport is let go of, also where the peer went away by itself. */
  readonly closed: Promise<void>
}

/** A connection as work that can be waited for. */
export const drainable = (connection: Connection): Drainable => {
  const listeners = idleListeners()
  connection.onIdle(listeners.notify)
  return {
    pending: connection.pending,
    onIdle: listeners.add,
    interrupt: () => connection.interrupt("drained")
  }
}

/**
 * The refusal of a request that comes after shutdown began; undefined for anything else: notifications may cancel what is
 * still running, and responses answer it.
 */
export const refusedWhileDraining = (message: unknown): JsonRpcError | undefined => {
  if (Array.isArray(message)) {
    return message.some(isRequest) ? errorOf(shuttingDown, "handshake", undefined) : undefined
  }
  if (!isRequest(message)) return undefined
  const { id } = message
  const known: RequestId | undefined = typeof id === "string" || typeof id === "number" ? id : undefined
  return errorOf(shuttingDown, "handshake", known)
}

const isRequest = (message: unknown): message is { readonly id: unknown } =>
  typeof message === "object" && message !== null && "method" in message && "id" in message
