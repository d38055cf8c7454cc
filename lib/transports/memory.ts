import { unencodable } from "../protocol/encode.ts"
import type { Peer, Ports, Room } from "../protocol/exchange.ts"
import { tooDeep } from "../protocol/json.ts"
import type { JsonRpcMessage } from "../protocol/json-rpc.ts"
import { errorOf, refusal } from "../protocol/reasons.ts"
import type { PrincipalShape } from "../services/principal.ts"
import { copyJson } from "./copy-json.ts"
import { drainable, type DuplexServing, refusedWhileDraining } from "./duplex.ts"
import { drained } from "./drain.ts"

/** What both SDK generations call a transport, by shape: an in-memory pair, a socket of your own. */
export interface MessageTransport {
  start(): Promise<void>
  // Method syntax: transports that type their messages more narrowly match too.
  send(message: any, options?: any): Promise<void>
  close(): Promise<void>
  onmessage?: ((message: any, extra?: any) => void) | undefined
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  sessionId?: string | undefined
}

/** Deepest nesting of a message, as on stdio and HTTP. */
const maxDepth = 64

/** Messages that may wait for a transport that is slow to send them; whoever sends more waits too. */
const maxUnsent = 64

/** Answers may nest as deep as their handlers like; this only ends cycles, which JSON could not hold either. */
const maxResultDepth = 10_000

/**
 * Serves one peer over message objects. Messages are copied in both directions, so that neither side can change an object of
 * the other and a handler sees and gives exactly what it would over bytes. The peer is `principal`, anonymous by default.
 * Rejects where the transport does not start.
 */
export const serveTransport = async (
  ports: Ports,
  transport: MessageTransport,
  gracePeriod: number,
  principal?: PrincipalShape
): Promise<DuplexServing> => {
  let draining = false
  let gone = false
  let resolveClosed: () => void
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })
  const { put, flushed } = sendInOrder(transport, () => gone)
  const one = (message: JsonRpcMessage, tailBytes?: Uint8Array): unknown => {
    try {
      return tailBytes !== undefined && "id" in message
        ? { jsonrpc: "2.0", id: message.id, result: JSON.parse(decoder.decode(tailBytes.subarray(0, -1))) }
        : copyJson(message, maxResultDepth)
    } catch {
      return unencodable(message)
    }
  }
  const peer: Peer = {
    send: (message, tailBytes) => {
      if (!Array.isArray(message)) {
        return put(one(message as JsonRpcMessage, tailBytes))
      }
      let room: Room
      for (const response of message) {
        room = put(one(response))
      }
      return room
    }
  }
  const connection = ports.connect(peer, principal)
  const work = drainable(connection)
  let ending: Promise<void> | undefined
  const drain = (graceMillis: number) => (ending ??= end(graceMillis))
  const end = async (graceMillis: number) => {
    draining = true
    if (!gone) {
      connection.end()
      await drained(work, graceMillis)
      await flushed()
      gone = true
      await transport.close().catch(() => {})
    }
    resolveClosed()
  }
  transport.onmessage = (message) => {
    let copied: unknown
    try {
      copied = copyJson(message, maxDepth)
    } catch (error) {
      put(errorOf(error instanceof RangeError ? tooDeep(maxDepth) : notJson, "sessionless", undefined))
      return
    }
    const refused = draining ? refusedWhileDraining(copied) : undefined
    if (refused === undefined) {
      connection.receive(copied)
    } else {
      put(refused)
    }
  }
  transport.onclose = () => {
    if (!gone) {
      gone = true
      connection.interrupt("disconnected")
    }
    void drain(gracePeriod)
  }
  await transport.start()
  return { drain, closed }
}

/**
 * Each message once the one before is through: a client that hears an answer in the same turn as the progress before it
 * drops the progress. A peer that is gone has no message coming; `onclose` interrupts what it asked for.
 */
const sendInOrder = (transport: MessageTransport, isGone: () => boolean) => {
  let last = Promise.resolve()
  let sending = 0
  const send = async (message: unknown) => {
    try {
      if (!isGone()) await transport.send(message)
    } catch {
    } finally {
      sending--
    }
  }
  return {
    put: (message: unknown): Room => {
      const first = sending === 0
      sending++
      // nothing to wait for: in the same turn, as most answers are
      last = first ? send(message) : last.then(() => send(message))
      return sending > maxUnsent ? last : undefined
    },
    flushed: (): Promise<void> => last
  }
}

const decoder = new TextDecoder()

const notJson = refusal("parse-error", "The message is not JSON: it holds a BigInt or a value whose toJSON fails.")
