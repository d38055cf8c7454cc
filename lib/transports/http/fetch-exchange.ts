import { encodeMessage, encodeReply } from "../../protocol/encode.ts"
import type { InFlight, Ports, Reply, Sink } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { shuttingDown } from "../drain.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { type HttpCore, receiveBody, refusedReply } from "./core.ts"
import { readBody } from "./fetch-body.ts"
import { acceptsEvents, acceptsJson, type GateHead } from "./gate.ts"
import { cannotAsk, maxUnreadBytes, sseEvent, sseHeaders } from "./sse.ts"

/** What the exchanges of one handler share. */
export interface FetchState {
  readonly core: HttpCore
  readonly enter: (work: InFlight) => void
  readonly leave: (work: InFlight) => void
}

/** Serves one fetch request. Callbacks, as in node-exchange.ts, and no stream unless there is something to stream. */
export const exchange = (
  { core, enter, leave }: FetchState,
  ports: Ports,
  request: Request,
  head: GateHead,
  accepted: number
): Promise<Response> =>
  new Promise((resolve) => {
    let inFlight: InFlight | undefined
    let stopAuthenticate: (() => void) | undefined
    let ended = false
    let goesOn = false
    let listening = false
    let events: ReadableStreamDefaultController<Uint8Array> | undefined
    const end = () => {
      ended = true
      if (listening) {
        request.signal.removeEventListener("abort", disconnected)
      }
      // What goes on without its client is still waited for when the handler drains.
      if (!goesOn) {
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
    const work: InFlight = {
      interrupt: (why) => {
        if (inFlight !== undefined) {
          inFlight.interrupt(why)
        } else {
          stopAuthenticate?.()
          sink.reply(refusedReply(shuttingDown))
        }
      }
    }
    const sink: Sink = {
      notify: (notification, headers) => {
        if (ended || (accepted & acceptsEvents) === 0) {
          return
        }
        events ??= open(headers)
        if (events.desiredSize! > 0) {
          events.enqueue(encoder.encode(sseEvent(encodeMessage(notification))))
        }
      },
      ask: (message) => {
        if (ended) {
          return cannotAsk.gone
        }
        if ((accepted & acceptsEvents) === 0) {
          return cannotAsk.acceptsNoEvents
        }
        events ??= open()
        if (events.desiredSize! <= 0) {
          return cannotAsk.readsNothing
        }
        events.enqueue(encoder.encode(sseEvent(encodeMessage(message))))
        return undefined
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
            events.enqueue(encoder.encode(sseEvent(encodeReply(reply))))
          }
          close(events)
        }
        end()
      }
    }
    const refuse = (refused: Refusal) => sink.reply(refusedReply(refused))
    // Listening costs 4 % of a request, so only what outlives this turn does. A body that breaks off says so itself.
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
    enter(work)
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
        inFlight = receiveBody(ports, text, core, accepted, head, decision, sink)
        listen()
      })
    })
    if (stopAuthenticate !== undefined) {
      listen()
    }
  })

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decode = (body: Uint8Array): string | undefined => {
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
