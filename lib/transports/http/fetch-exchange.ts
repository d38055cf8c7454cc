import { encodeMessage, encodeReply } from "../../protocol/encode.ts"
import type { HttpPort, HttpSink, InFlight, Reply, Room } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { shuttingDown } from "../drain.ts"
import { maxUnreadAsking, maxUnreadBytes } from "../unread.ts"
import { isUtf8 } from "../utf8.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { type HttpCore, receiveBody, refusedReply } from "./core.ts"
import { readBody } from "./fetch-body.ts"
import { acceptsEvents, acceptsJson, type GateHead } from "./gate.ts"
import { cannotAsk, sseComment, sseHeaders, sseText } from "./sse.ts"
import { atTurnEnd, notAtTurnEnd, type Waiting } from "./turn-end.ts"

/** What the exchanges of one handler share. */
export interface FetchState {
  readonly core: HttpCore
  /** GET streams; nobody waits for them to end. */
  readonly streams: Set<InFlight>
  readonly isDraining: () => boolean
  readonly enter: (work: InFlight) => void
  readonly leave: (work: InFlight) => void
}

/** Serves one fetch request. Callbacks, as in node-exchange.ts, and no stream unless there is something to stream. */
export const exchange = (
  { core, streams, isDraining, enter, leave }: FetchState,
  port: HttpPort,
  request: Request,
  head: GateHead,
  accepted: number
): Promise<Response> =>
  new Promise((resolve) => {
    const takesEvents = (accepted & acceptsEvents) !== 0
    const listens = head.method === "GET"
    let inFlight: InFlight | undefined
    let stopAuthenticate: (() => void) | undefined
    let stopBeating: (() => void) | undefined
    let ended = false
    let goesOn = false
    let listening = false
    let toListen: Waiting | undefined
    let events: ReadableStreamDefaultController<Uint8Array> | undefined
    let drained: Room
    let resume: (() => void) | undefined
    const end = () => {
      ended = true
      stopBeating?.()
      resume?.()
      if (listening) {
        request.signal.removeEventListener("abort", disconnected)
      } else if (toListen !== undefined) {
        notAtTurnEnd(toListen)
      }
      if (listens) {
        streams.delete(work)
      } else if (!goesOn) {
        // What goes on without its client is still waited for when the handler drains.
        leave(work)
      }
    }
    const disconnected = () => {
      if (!ended) {
        stopAuthenticate?.()
        // a call that fails to ask may end, and reply, right here
        ended = true
        goesOn = inFlight?.interrupt("disconnected") === true
        end()
        if (events === undefined) {
          // Nobody reads this answer; the promise must settle all the same.
          resolve(new Response(null, { status: 499 }))
        } else {
          close(events)
        }
      }
    }
    const open = (headers?: Reply["headers"]): ReadableStreamDefaultController<Uint8Array> => {
      let controller: ReadableStreamDefaultController<Uint8Array>
      const stream = new ReadableStream<Uint8Array>(
        {
          start: (made) => {
            controller = made
          },
          // called whenever there is room, and does nothing where nobody waits for it
          pull: () => resume?.(),
          cancel: disconnected
        },
        { highWaterMark: maxUnreadBytes, size: (chunk) => chunk!.length }
      )
      resolve(
        new Response(stream, {
          status: 200,
          headers: headers === undefined ? sseHeaders : { ...headers, ...sseHeaders }
        })
      )
      return controller!
    }
    const full = (): Promise<void> => {
      drained ??= new Promise((resolve) => {
        resume = () => {
          drained = undefined
          resume = undefined
          resolve()
        }
      })
      return drained
    }
    const beat = () => {
      if (ended) {
        return
      }
      if (events === undefined && inFlight?.begin !== undefined) {
        inFlight.begin()
      } else if (core.keepAlive > 0) {
        events ??= open()
        // what waits to be read says as much
        if (events.desiredSize! >= maxUnreadBytes) {
          events.enqueue(comment)
        }
      }
    }
    const work: InFlight = {
      interrupt: (why) => {
        if (inFlight !== undefined) {
          inFlight.interrupt(why)
        } else {
          stopAuthenticate?.()
          sink.reply(refusedReply(shuttingDown))
        }
      },
      end: () => inFlight?.end?.()
    }
    const sink: HttpSink = {
      events: takesEvents,
      begin: (headers) => {
        if (!ended && takesEvents) {
          events ??= open(headers)
        }
      },
      event: (event, headers) => {
        if (ended || !takesEvents) {
          return undefined
        }
        events ??= open(headers)
        events.enqueue(encoder.encode(sseText(event)))
        return events.desiredSize! < 0 ? full() : undefined
      },
      notify: (notification, headers) => sink.event({ data: encodeMessage(notification) }, headers),
      ask: (message) => {
        if (ended) {
          return cannotAsk.gone
        }
        if (!takesEvents) {
          return cannotAsk.acceptsNoEvents
        }
        if (events !== undefined && maxUnreadBytes - events.desiredSize! > maxUnreadAsking) {
          return cannotAsk.readsNothing
        }
        sink.event({ data: encodeMessage(message) })
        return undefined
      },
      close: () => {
        if (!ended) {
          goesOn = true
          events ??= open()
          close(events)
          end()
        }
      },
      reply: (reply) => {
        if (ended) {
          if (goesOn) {
            leave(work)
          }
          return
        }
        if (
          events === undefined &&
          ((accepted & acceptsJson) !== 0 || reply.status !== 200 || reply.message === undefined)
        ) {
          resolve(toResponse(reply))
        } else {
          events ??= open(reply.headers)
          if (reply.message !== undefined) {
            events.enqueue(encoder.encode(sseText({ data: encodeReply(reply) })))
          }
          close(events)
        }
        end()
      }
    }
    const refuse = (refused: Refusal) => sink.reply(refusedReply(refused))
    // Listening costs 4 % of a request, so only what outlives this turn does.
    const listen = () => {
      if (ended || listening) {
        return
      }
      listening = true
      if (request.signal.aborted) {
        disconnected()
      } else {
        request.signal.addEventListener("abort", disconnected)
      }
    }
    if (listens) {
      streams.add(work)
    } else {
      enter(work)
    }
    stopAuthenticate = runAuthenticate(core.authenticate, head, (decision) => {
      if (ended) {
        return
      }
      if (isRefusal(decision)) {
        refuse(decision)
        return
      }
      readBody(request, core, (body) => {
        if (ended) {
          return
        }
        if (!(body instanceof Uint8Array)) {
          refuse(body)
          return
        }
        const text = decode(body)
        if (text === undefined) {
          refuse(notUtf8)
          return
        }
        inFlight = receiveBody(port, text, core, accepted, head, decision, sink)
        if (isDraining()) {
          inFlight?.end?.()
        }
        if (inFlight !== undefined && !ended && takesEvents) {
          const after = inFlight.begin === undefined ? core.keepAlive : core.silence
          if (after > 0) stopBeating = core.pulse.join(beat, after)
        }
      })
    })
    if (!ended) {
      toListen = atTurnEnd(listen)
    }
  })

const encoder = new TextEncoder()
const comment = encoder.encode(sseComment)
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decode = (body: Uint8Array): string | undefined => {
  if (typeof Buffer === "function") {
    // decoding leaves U+FFFD where bytes were not UTF-8; a decoder that throws costs four times as much
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    return text.includes("\ufffd") && !isUtf8(body) ? undefined : text
  }
  try {
    return decoder.decode(body)
  } catch {
    return undefined
  }
}

/** Closing a stream its reader has cancelled throws. */
const close = (events: ReadableStreamDefaultController<Uint8Array>) => {
  try {
    events.close()
  } catch {
    // Nothing is left to close.
  }
}

const jsonHeaders = { "content-type": "application/json" }

/** A reply as a fetch `Response`. */
export const toResponse = (reply: Reply): Response => {
  const body = encodeReply(reply)
  return new Response(body.length === 0 ? null : (body as BodyInit), {
    status: reply.status,
    headers:
      body.length === 0
        ? (reply.headers ?? {})
        : reply.headers === undefined
          ? jsonHeaders
          : { ...jsonHeaders, ...reply.headers }
  })
}
