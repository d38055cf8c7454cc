import type { IncomingMessage, ServerResponse } from "node:http"
import type * as Context from "effect/Context"
import { encodeMessage, encodeReply } from "../../protocol/encode.ts"
import type { HttpPort, HttpSink, InFlight, Reply, Room } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import { shuttingDown } from "../drain.ts"
import { maxUnreadAsking, maxUnreadBytes } from "../unread.ts"
import { isUtf8 } from "../utf8.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { type HttpCore, receiveBody, refusedReply } from "./core.ts"
import { acceptsEvents, acceptsJson } from "./gate.ts"
import { nodeHead } from "./head.ts"
import type { LegacySse } from "./legacy-sse.ts"
import { readBody } from "./node-body.ts"
import { isLast, isOver } from "./node-pipeline.ts"
import { closing, headerList, refuseUnread, send } from "./node-response.ts"
import { exchangeRoute } from "./node-route.ts"
import { cannotAsk, sseComment, sseHeaderList, sseText } from "./sse.ts"
import { atTurnEnd } from "./turn-end.ts"

/** What the exchanges of one listening server share. */
export interface NodeState {
  readonly core: HttpCore
  readonly port: HttpPort
  /** What Effects of routes run in. Default: nothing. */
  readonly context?: Context.Context<never> | undefined
  /** The endpoint of the 2024-11-05 transport. Default: none. */
  readonly legacy?: LegacySse | undefined
  draining: boolean
  /** GET streams; nobody waits for them to end. */
  readonly streams: Set<InFlight>
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
  if (state.legacy?.exchange(request, response, head) === true) return
  const routed = core.router?.find(head, state.draining)
  if (routed !== undefined) {
    exchangeRoute(state, request, response, head, routed)
    return
  }
  const accepted = core.gate(head, state.draining)
  if (typeof accepted !== "number") {
    refuseUnread(request, response, accepted, state.draining)
    return
  }
  const events = (accepted & acceptsEvents) !== 0
  let inFlight: InFlight | undefined
  let stopAuthenticate: (() => void) | undefined
  let stopReading: (() => void) | undefined
  let stopBeating: (() => void) | undefined
  let ended = false
  let goesOn = false
  let streaming = false
  let drained: Room
  let resume: (() => void) | undefined

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
    },
    end: () => inFlight?.end?.()
  }
  const begin = (headers?: Reply["headers"]) => {
    streaming = true
    response.writeHead(200, headerList(headers, sseHeaderList))
  }
  const full = (): Promise<void> => {
    drained ??= new Promise((resolve) => {
      resume = () => {
        drained = undefined
        resume = undefined
        resolve()
      }
      response.once("drain", resume)
    })
    return drained
  }
  const beat = () => {
    if (ended) {
      return
    }
    if (streaming) {
      // what waits to be read says as much
      if (core.keepAlive > 0 && response.writableLength === 0) {
        response.write(sseComment)
      }
    } else if (inFlight?.begin !== undefined) {
      inFlight.begin()
    } else if (core.keepAlive > 0) {
      begin()
      response.write(sseComment)
    }
  }
  const sink: HttpSink = {
    events,
    begin: (headers) => {
      if (!ended && !streaming && events) {
        begin(headers)
        response.flushHeaders()
      }
    },
    event: (event, headers) => {
      if (ended || !events) {
        return undefined
      }
      if (!streaming) {
        begin(headers)
      }
      response.write(sseText(event))
      return response.writableLength > maxUnreadBytes ? full() : undefined
    },
    notify: (notification, headers) => sink.event({ data: encodeMessage(notification) }, headers),
    ask: (message) => {
      if (ended) {
        return cannotAsk.gone
      }
      if (!events) {
        return cannotAsk.acceptsNoEvents
      }
      if (response.writableLength > maxUnreadAsking) {
        return cannotAsk.readsNothing
      }
      sink.event({ data: encodeMessage(message) })
      return undefined
    },
    close: () => {
      if (!ended) {
        ended = true
        goesOn = true
        // a reader that is gone for good may never let go of what it was sent
        resume?.()
        stopBeating?.()
        // its head promised to keep the connection, which a server that closes would wait for
        if (state.draining && isLast(response)) response.end(() => request.socket.end())
        else response.end()
      }
    },
    reply: (reply) => {
      if (ended) {
        if (goesOn) {
          goesOn = false
          state.leave(work)
        }
        return
      }
      ended = true
      if (streaming || ((accepted & acceptsJson) === 0 && reply.status === 200 && reply.message !== undefined)) {
        if (!streaming) {
          response.writeHead(200, closing(response, headerList(reply.headers, sseHeaderList), state.draining))
        }
        response.end(reply.message === undefined ? "" : sseText({ data: encodeReply(reply) }))
      } else {
        send(response, reply, state.draining)
      }
    }
  }
  const listens = head.method === "GET"
  const closed = () => {
    if (!ended) {
      ended = true
      stopAuthenticate?.()
      stopReading?.()
      goesOn = inFlight?.interrupt("disconnected") === true
    }
    resume?.()
    stopBeating?.()
    if (listens) {
      state.streams.delete(work)
    } else if (!goesOn) {
      // What goes on without its client is still waited for when the server drains.
      state.leave(work)
    }
  }
  const follow = () => {
    const over = isOver(response)
    if (ended && !goesOn && over) {
      return
    }
    if (listens) {
      state.streams.add(work)
    } else {
      state.enter(work)
    }
    if (over) {
      closed()
    } else {
      response.on("close", closed)
    }
  }
  if (state.draining) {
    follow()
  } else {
    // Following what is over by the end of its turn would cost a list a tenth of its time.
    atTurnEnd(follow)
  }
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
      inFlight = receiveBody(state.port, text, core, accepted, head, decision, sink)
      if (state.draining) {
        inFlight?.end?.()
      }
      if (inFlight !== undefined && !ended && events) {
        const after = inFlight.begin === undefined ? core.keepAlive : core.silence
        if (after > 0) stopBeating = core.pulse.join(beat, after)
      }
    })
  })
}
