import type { Running } from "../runtime/app.ts"
import { anonymous, type PrincipalShape } from "../services/principal.ts"
import { receiveBatch } from "./batch.ts"
import type { Connection, InFlight, Peer, Sink } from "./exchange.ts"
import { readInitialize } from "./handshake.ts"
import { handshakePeer } from "./handshake-peer.ts"
import { readHooked } from "./hooked-message.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { pinging } from "./pinging.ts"
import type { Places } from "./places.ts"
import { refusal } from "./reasons.ts"
import { metaKeys } from "./revisions.ts"
import { type Caller, findMethod, refuse, serveRequest } from "./serve-request.ts"
import { checkRevision, claimsSessionless, levelOf, readEnvelope, sessionless } from "./sessionless.ts"

/**
 * Serves a duplex peer. Requests that carry the sessionless envelope stand for themselves; all others belong to the
 * handshake that `initialize` began. One does not exclude the other: a probe never decides the era of a connection.
 * Whoever is at the other end is `principal`, anonymous by default.
 */
export const connectionOf = (running: Running, peer: Peer, principal: PrincipalShape = anonymous): Connection => {
  const listeners: Array<() => void> = []
  const push = (notification: JsonRpcNotification) => peer.send(notification)
  const onIdle = () => {
    for (const listener of listeners) listener()
  }
  const shaken = handshakePeer(running, globalThis.crypto.randomUUID(), push, onIdle)
  const { inFlight, requests, subscriptions } = shaken

  const direct: Sink = {
    notify: (notification) => peer.send(notification),
    ask: (message) => {
      peer.send(message)
      return undefined
    },
    reply: ({ message, tailBytes }) => {
      if (message !== undefined) peer.send(message, tailBytes)
    }
  }

  let stopPinging: (() => void) | undefined

  const serveHandshake = (request: JsonRpcRequest, sink: Sink): InFlight | undefined => {
    const { id, method, params } = request
    if (method === "initialize") {
      const read = readInitialize(params ?? {})
      if (!("reason" in read)) shaken.agree(read)
    } else if (shaken.agreed() === undefined && method !== "ping") {
      const message = `Send initialize before ${quoted(method)}, or the ${metaKeys.protocolVersion} envelope of 2026-07-28 with it.`
      return refuse(sink, refusal("not-initialized", message), "handshake", id)
    }
    return shaken.serve(request, principal, undefined, sink)
  }

  const start = (request: JsonRpcRequest, sink: Sink): InFlight | undefined =>
    claimsSessionless(request.params)
      ? serveSessionless(running, request, principal, shaken.places, sink)
      : serveHandshake(request, sink)

  // a subscription of 2026-07-28 would keep the answers of all its batch until it ends
  const startInBatch = (request: JsonRpcRequest, sink: Sink): InFlight | undefined =>
    claimsSessionless(request.params)
      ? refuse(sink, notInBatch, "sessionless", request.id)
      : serveHandshake(request, sink)

  const receiveOne = (message: unknown, sink: Sink, begin = start): InFlight | undefined => {
    const read = readHooked(running, message)
    switch (read.type) {
      case "refused":
        return refuse(sink, read.refusal, "handshake", read.id)
      case "response":
        // one that answers nothing asked is ignored; the batch it came in hears that it is done with, not the peer
        requests.receive(read.message)
        sink.reply({ status: 202 })
        return undefined
      case "notification":
        shaken.notified(read.message)
        if (read.message.method === "notifications/initialized" && shaken.agreed() !== undefined) {
          stopPinging ??= pinging(running, requests, direct.ask)
        }
        sink.reply({ status: 202 })
        return undefined
      case "request":
        return inFlight.begin(read.message, sink, begin)
    }
  }

  const receiveInBatch = (message: unknown, sink: Sink) => receiveOne(message, sink, startInBatch)

  return {
    receive: (message) => {
      if (Array.isArray(message)) receiveBatch(message, shaken.agreed()?.revision ?? "none", direct, receiveInBatch)
      else receiveOne(message, direct)
    },
    pending: () => inFlight.size(),
    onIdle: (listener) => void listeners.push(listener),
    interrupt: (why) => {
      // first, so that no call goes on without its answer before it is interrupted
      inFlight.interrupt(why)
      subscriptions.close()
      stopPinging?.()
      if (why === "disconnected") requests.close()
    },
    end: () => {
      inFlight.end()
      subscriptions.close()
      stopPinging?.()
    },
    ended: () => {
      stopPinging?.()
      requests.close()
    }
  }
}

/** 2025-03-26 basic/index, "Batching"; 2026-07-28 has none. */
const notInBatch = refusal(
  "batch-unsupported",
  "A request of 2026-07-28 cannot be part of a batch, which is of revision 2025-03-26; send it alone."
)

const serveSessionless = (
  running: Running,
  request: JsonRpcRequest,
  principal: PrincipalShape,
  places: Places,
  sink: Sink
): InFlight | undefined => {
  const { id, method, params } = request
  const envelope = readEnvelope(params)
  if ("reason" in envelope) return refuse(sink, envelope, "sessionless", id)
  const refused = checkRevision(envelope.revision)
  if (refused !== undefined) return refuse(sink, refused, "sessionless", id)
  const row = findMethod(sessionless, running, method)
  if ("reason" in row) return refuse(sink, row, "sessionless", id)
  const caller: Caller = {
    revision: envelope.revision,
    capabilities: envelope.capabilities,
    clientInfo: envelope.clientInfo,
    meta: envelope.meta,
    principal,
    http: undefined,
    logLevel: levelOf(envelope.meta),
    setLogLevel: undefined,
    asking: replayed,
    sessionId: undefined,
    places
  }
  return serveRequest(sessionless, running, row, request, caller, sink)
}

const replayed: Caller["asking"] = { type: "replay" }
