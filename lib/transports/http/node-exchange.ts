import type { IncomingMessage, ServerResponse } from "node:http"
import { encodeMessage, encodeReply, preparedHead } from "../../protocol/encode.ts"
import type { InFlight, Ports, Reply, Sink } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { isUtf8 } from "../utf8.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { bodyTimer } from "./body-timer.ts"
import { type HttpCore, receiveBody, refusedReply } from "./core.ts"
import { acceptsEvents, acceptsJson, bodyTimeout, bodyTooLarge } from "./gate.ts"
import { nodeHead } from "./head.ts"
import { shuttingDown } from "../drain.ts"
import { cannotAsk, maxUnreadBytes, sseEvent, sseHeaderList } from "./sse.ts"

/** What the exchanges of one listening server share. */
export interface NodeState {
  readonly core: HttpCore
  readonly ports: Ports
  draining: boolean
  readonly enter: (work: InFlight) => void
  readonly leave: (work: InFlight) => void
}

/**
 * Serves one HTTP request. Callbacks instead of promises, one closure for each event, one write: with 16 keep-alive
 * connections async functions and web streams here would cost more than the protocol.
 */
export const exchange = (state: NodeState, request: IncomingMessage, response: ServerResponse): void => {
  const { core } = state
  const head = nodeHead(request, core.trustProxy)
  const accepted = core.gate(head, state.draining)
  if (typeof accepted !== "number") {
    refuseUnread(request, response, accepted, state.draining)
    return
  }
  let inFlight: InFlight | undefined
  let stopAuthenticate: (() => void) | undefined
  let stopReading: (() => void) | undefined
  let ended = false
  let goesOn = false
  let streaming = false
  const work: InFlight = {
    interrupt: (why) => {
      if (inFlight !== undefined) {
        inFlight.interrupt(why)
      } else if (!ended) {
        // Not yet with the protocol: nothing else would answer.
        ended = true
        stopAuthenticate?.()
        stopReading?.()
        refuseUnread(request, response, shuttingDown, true)
      }
    }
  }
  const sink: Sink = {
    notify: (notification, headers) => {
      if (ended || (accepted & acceptsEvents) === 0 || response.writableLength > maxUnreadBytes) {
        return
      }
      if (!streaming) {
        streaming = true
        response.writeHead(200, headerList(headers, sseHeaderList, false))
      }
      response.write(sseEvent(encodeMessage(notification)))
    },
    ask: (message) => {
      if (ended) {
        return cannotAsk.gone
      }
      if ((accepted & acceptsEvents) === 0) {
        return cannotAsk.acceptsNoEvents
      }
      if (response.writableLength > maxUnreadBytes) {
        return cannotAsk.readsNothing
      }
      if (!streaming) {
        streaming = true
        response.writeHead(200, sseHeaderList as Array<string>)
      }
      response.write(sseEvent(encodeMessage(message)))
      return undefined
    },
    reply: (reply) => {
      if (ended) {
        if (goesOn) {
          state.leave(work)
        }
        return
      }
      ended = true
      if (streaming || ((accepted & acceptsJson) === 0 && reply.status === 200 && reply.message !== undefined)) {
        if (!streaming) {
          response.writeHead(200, headerList(reply.headers, sseHeaderList, state.draining))
        }
        response.end(reply.message === undefined ? "" : sseEvent(encodeReply(reply)))
      } else {
        send(response, reply, state.draining)
      }
    }
  }
  state.enter(work)
  response.on("close", () => {
    if (!ended) {
      ended = true
      stopAuthenticate?.()
      stopReading?.()
      goesOn = inFlight?.interrupt("disconnected") === true
    }
    // What goes on without its client is still waited for when the server drains.
    if (!goesOn) {
      state.leave(work)
    }
  })
  stopAuthenticate = runAuthenticate(core.authenticate, head, (decision) => {
    if (ended) {
      return
    }
    if (isRefusal(decision)) {
      ended = true
      refuseUnread(request, response, decision, state.draining)
      return
    }
    stopReading = readBody(request, response, core, (body) => {
      if (ended) {
        return
      }
      if (!Buffer.isBuffer(body)) {
        ended = true
        refuseUnread(request, response, body, true)
        return
      }
      const text = body.toString()
      // Decoding leaves U+FFFD where bytes were not UTF-8; looking for it costs nothing in text that is all ASCII.
      if (text.includes("\ufffd") && !isUtf8(body)) {
        sink.reply(refusedReply(notUtf8))
        return
      }
      inFlight = receiveBody(state.ports, text, core, accepted, head, decision, sink)
    })
  })
}

const noBytes = Buffer.alloc(0)

/** Reads a body within the limits on size and time and calls `done` once, unless the returned function stops it before. */
const readBody = (
  request: IncomingMessage,
  response: ServerResponse,
  { maxBodyBytes, bodyTimeout: millis }: HttpCore,
  done: (body: Buffer | Refusal) => void
): (() => void) => {
  let first: Buffer | undefined
  let chunks: Array<Buffer> | undefined
  let size = 0
  const stop = () => {
    disarm()
    request.off("data", take)
    request.off("end", end)
  }
  const take = (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBodyBytes) {
      stop()
      done(bodyTooLarge(maxBodyBytes))
    } else if (first === undefined) {
      first = chunk
    } else {
      chunks ??= [first]
      chunks.push(chunk)
    }
  }
  const end = () => {
    disarm()
    done(chunks === undefined ? (first ?? noBytes) : Buffer.concat(chunks, size))
  }
  const disarm = bodyTimer(millis, () => {
    stop()
    done(bodyTimeout(millis))
  })
  request.on("data", take)
  request.on("end", end)
  if (request.headers.expect !== undefined) {
    response.writeContinue()
  }
  return stop
}

const send = (response: ServerResponse, reply: Reply, closing: boolean): void => {
  const { message, resultBytes } = reply
  if (resultBytes !== undefined && message !== undefined && "id" in message && message.id !== undefined) {
    sendPrepared(response, reply, preparedHead(message.id), resultBytes, closing)
    return
  }
  const body = encodeReply(reply)
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  const headers = ["content-length", `${length}`]
  if (length > 0) {
    headers.push("content-type", "application/json")
  }
  response.writeHead(reply.status, headerList(reply.headers, headers, closing))
  response.end(body)
}

/** Prepared results with the brace that ends their message, so that it takes two writes and not three. */
const ended = new WeakMap<Uint8Array, Buffer>()

const endedBytes = (resultBytes: Uint8Array): Buffer => {
  let bytes = ended.get(resultBytes)
  if (bytes === undefined) {
    bytes = Buffer.concat([resultBytes, Buffer.from("}")])
    ended.set(resultBytes, bytes)
  }
  return bytes
}

/** Node gathers the parts into one write; copying 50 kB together would cost more than all the rest of a list. */
const sendPrepared = (
  response: ServerResponse,
  reply: Reply,
  head: string,
  resultBytes: Uint8Array,
  closing: boolean
): void => {
  const rest = endedBytes(resultBytes)
  const length = Buffer.byteLength(head) + rest.length
  const headers = ["content-length", `${length}`, "content-type", "application/json"]
  response.writeHead(reply.status, headerList(reply.headers, headers, closing))
  response.write(head)
  response.end(rest)
}

const headerList = (headers: Reply["headers"], own: ReadonlyArray<string>, closing: boolean): Array<string> => {
  if (headers === undefined && !closing) {
    return own as Array<string>
  }
  const list = [...own]
  for (const name in headers) {
    list.push(name, headers[name]!)
  }
  if (closing) {
    list.push("connection", "close")
  }
  return list
}

/** An unread body of at most this many bytes is read to its end so that the connection can be kept. */
const maxDiscarded = 65_536

/** A client that goes on sending after its refusal is listened to this long, in milliseconds. */
const lingerMillis = 2_000

/** Answers without reading the body. */
const refuseUnread = (request: IncomingMessage, response: ServerResponse, refused: Refusal, closing: boolean): void => {
  const reply = refusedReply(refused)
  const declared = request.headers["content-length"]
  const hasBody = request.headers["transfer-encoding"] !== undefined || (declared !== undefined && declared !== "0")
  if (!hasBody || request.complete) {
    send(response, reply, closing)
    return
  }
  // Whoever was too slow with a body, or waits for our "100 Continue" to send it, is not sending now.
  if (refused.reason === "body-timeout" || request.headers.expect !== undefined) {
    send(response, reply, true)
    return
  }
  const body = encodeReply(reply)
  const small = declared !== undefined && Number(declared) <= maxDiscarded
  const headers = ["content-type", "application/json", "content-length", `${Buffer.byteLength(body)}`]
  response.writeHead(reply.status, headerList(reply.headers, headers, closing || !small))
  response.write(body)
  // Closing a socket with unread bytes resets it, and the client could lose the answer: so discard for a moment first.
  const linger = setTimeout(() => response.destroy(), lingerMillis)
  request.on("end", () => response.end())
  response.on("close", () => clearTimeout(linger))
  request.resume()
}
