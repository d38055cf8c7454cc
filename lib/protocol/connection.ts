import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import { anonymous } from "../services/principal.ts"
import { receiveBatch } from "./batch.ts"
import type { Connection, InFlight, Peer, Reply, Sink } from "./exchange.ts"
import { type Handshaken, handshake, readInitialize } from "./handshake.ts"
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { readMessage } from "./read-message.ts"
import { refusal } from "./reasons.ts"
import { metaKeys } from "./revisions.ts"
import { type Caller, findMethod, metaOf, refuse, serveRequest } from "./serve-request.ts"
import { checkRevision, claimsSessionless, readEnvelope, sessionless } from "./sessionless.ts"

/**
 * Serves a duplex peer. Requests that carry the sessionless envelope stand for themselves; all others belong to the
 * handshake that `initialize` began. One does not exclude the other: a probe never decides the era of a connection.
 */
export const connectionOf = (running: Running, peer: Peer): Connection => {
  const inFlight = new Map<RequestId, InFlight>()
  const listeners: Array<() => void> = []
  let agreed: Handshaken | undefined
  let logLevel: LogLevel = "info"
  const setLogLevel = (level: LogLevel) => {
    logLevel = level
  }

  const direct: Sink = {
    notify: (notification) => peer.send(notification),
    reply: ({ message, resultBytes }) => {
      if (message !== undefined) peer.send(message, resultBytes)
    }
  }

  const release = (id: RequestId) => {
    if (inFlight.delete(id) && inFlight.size === 0) for (const listener of listeners) listener()
  }

  const receiveRequest = (request: JsonRpcRequest, sink: Sink): InFlight | undefined => {
    const { id } = request
    if (inFlight.has(id)) {
      const message = `Request id ${quoted(id)} is in use by a request in flight; use a new id for each request.`
      return refuse(sink, refusal("duplicate-id", message), "handshake", id)
    }
    let replied = false
    const releasing: Sink = {
      notify: sink.notify,
      reply: (reply: Reply) => {
        replied = true
        release(id)
        sink.reply(reply)
      }
    }
    const started = claimsSessionless(request.params)
      ? serveSessionless(running, request, releasing)
      : serveHandshake(request, releasing)
    if (started === undefined || replied) return undefined
    const mine: InFlight = {
      interrupt: (why) => {
        started.interrupt(why)
        if (why !== "disconnected") return undefined
        // nobody will hear of it: the place is free at once, and a batch waits for it no longer
        release(id)
        sink.reply({ status: 202 })
        return undefined
      }
    }
    inFlight.set(id, mine)
    return mine
  }

  const serveHandshake = (request: JsonRpcRequest, sink: Sink): InFlight | undefined => {
    const { id, method, params } = request
    if (agreed === undefined && method !== "initialize" && method !== "ping") {
      const message = `Send initialize before ${quoted(method)}, or the ${metaKeys.protocolVersion} envelope of 2026-07-28 with it.`
      return refuse(sink, refusal("not-initialized", message), "handshake", id)
    }
    const row = findMethod(handshake, running, method)
    if ("reason" in row) return refuse(sink, row, "handshake", id)
    if (method === "initialize") {
      const read = readInitialize(params ?? {})
      if (!("reason" in read)) agreed = read
    }
    const caller: Caller = {
      revision: agreed?.revision ?? "2025-11-25",
      capabilities: agreed?.capabilities ?? {},
      clientInfo: agreed?.clientInfo,
      meta: metaOf(params),
      principal: anonymous,
      http: undefined,
      logLevel,
      setLogLevel
    }
    return serveRequest(handshake, running, row, request, caller, sink)
  }

  const receiveOne = (message: unknown, sink: Sink): InFlight | undefined => {
    const read = readMessage(message)
    switch (read.type) {
      case "refused":
        return refuse(sink, read.refusal, "handshake", read.id)
      case "response":
        // this server has sent no request that a response could belong to; it is answered to the batch it came in, not to the peer
        sink.reply({ status: 202 })
        return undefined
      case "notification":
        cancelled(read.message, inFlight)
        sink.reply({ status: 202 })
        return undefined
      case "request":
        return receiveRequest(read.message, sink)
    }
  }

  return {
    receive: (message) => {
      if (Array.isArray(message)) receiveBatch(message, agreed?.revision ?? "none", direct, receiveOne)
      else receiveOne(message, direct)
    },
    pending: () => inFlight.size,
    onIdle: (listener) => void listeners.push(listener),
    interrupt: (why) => {
      for (const one of [...inFlight.values()]) one.interrupt(why)
    }
  }
}

const serveSessionless = (running: Running, request: JsonRpcRequest, sink: Sink): InFlight | undefined => {
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
    principal: anonymous,
    http: undefined,
    logLevel: envelope.meta[metaKeys.logLevel] as LogLevel | undefined,
    setLogLevel: undefined
  }
  return serveRequest(sessionless, running, row, request, caller, sink)
}

/** basic/utilities/cancellation: unknown and finished ids are ignored, and a cancelled request gets no answer. */
const cancelled = ({ method, params }: JsonRpcNotification, inFlight: ReadonlyMap<RequestId, InFlight>): void => {
  if (method !== "notifications/cancelled") return
  inFlight.get(params?.["requestId"] as RequestId)?.interrupt("disconnected")
}
