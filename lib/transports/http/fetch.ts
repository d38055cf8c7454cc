import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { encodeMessage, encodeReply } from "../../protocol/encode.ts"
import type { InFlight, Ports, Reply, Sink } from "../../protocol/exchange.ts"
import { notUtf8 } from "../../protocol/json.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { drained, idleListeners } from "../drain.ts"
import { integerOption, maxTimer } from "../options.ts"
import type { AppLike } from "../running.ts"
import { type ServeError, toServeError } from "../serve-error.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import { type HttpCore, type HttpCoreOptions, httpCore, internalError, receiveBody, refusedReply } from "./core.ts"
import { readBody } from "./fetch-body.ts"
import { acceptsEvents, acceptsJson, shuttingDown } from "./gate.ts"
import { fetchHead } from "./head.ts"
import { maxUnreadBytes, sseEvent, sseHeaders } from "./sse.ts"

/** Options of a fetch handler. */
export interface FetchOptions extends HttpCoreOptions {
  /** Milliseconds that requests in flight may take once `dispose` is called. Default 10,000. */
  readonly gracePeriod?: number | undefined
}

/** Serves MCP from a fetch `Request`; never rejects. */
export interface FetchHandler extends AsyncDisposable {
  (request: Request): Promise<Response>
  /** Answers 503 from now on, finishes what is in flight, then closes the app where this handler owns it. */
  readonly dispose: () => Promise<void>
}

/**
 * A fetch handler for an app. The app starts at the first request, which concurrent ones share; a start that fails answers
 * 500 and is tried again by the next request. `owned`: `dispose` closes the app too. Throws a `ServeError` on a bad option.
 */
export const fetchHandler = (app: AppLike, options: FetchOptions = {}, owned = true): FetchHandler => {
  const core = httpCore(options, undefined)
  const gracePeriod = integerOption("gracePeriod", options.gracePeriod, 10_000, 0, maxTimer)
  const listeners = idleListeners()
  const open = new Set<InFlight>()
  let ports: Ports | undefined
  let starting: Promise<Ports> | undefined
  let disposing: Promise<void> | undefined
  const start = (): Promise<Ports> =>
    (starting ??= app.start().then(
      (running) => (ports = running.ports),
      (error) => {
        starting = undefined
        throw error
      }
    ))
  const leave = (work: InFlight) => {
    if (open.delete(work) && open.size === 0) {
      listeners.notify()
    }
  }
  const state: FetchState = { core, enter: (work) => open.add(work), leave }
  const handle = (request: Request): Promise<Response> => {
    const head = fetchHead(request, core.trustProxy)
    const accepted = core.gate(head, disposing !== undefined)
    if (typeof accepted !== "number") {
      return Promise.resolve(toResponse(refusedReply(accepted)))
    }
    return ports !== undefined
      ? exchange(state, ports, request, head, accepted)
      : start().then(
          (started) => exchange(state, started, request, head, accepted),
          (error) => toResponse(refusedReply(internalError("the app did not start", error)))
        )
  }
  const end = async () => {
    const interrupt = () => {
      for (const work of [...open]) {
        work.interrupt("drained")
      }
    }
    await drained({ pending: () => open.size, onIdle: listeners.add, interrupt }, gracePeriod)
    if (owned) {
      await app.dispose()
    }
  }
  const dispose = () => (disposing ??= end())
  return Object.assign(handle, { dispose, [Symbol.asyncDispose]: dispose })
}

/** `fetchHandler` as a scoped Effect: closing the scope disposes it. */
export const fetchHandlerScoped = (
  app: AppLike,
  options: FetchOptions = {},
  owned = true
): Effect.Effect<FetchHandler, ServeError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => fetchHandler(app, options, owned),
      catch: (error) => toServeError("The fetch handler could not be made", error)
    }),
    (handler) => Effect.promise(handler.dispose)
  )

interface FetchState {
  readonly core: HttpCore
  readonly enter: (work: InFlight) => void
  readonly leave: (work: InFlight) => void
}

const exchange = (
  { core, enter, leave }: FetchState,
  ports: Ports,
  request: Request,
  head: ReturnType<typeof fetchHead>,
  accepted: number
): Promise<Response> =>
  new Promise((resolve) => {
    let inFlight: InFlight | undefined
    let stopAuthenticate: (() => void) | undefined
    let ended = false
    let listening = false
    let events: ReadableStreamDefaultController<Uint8Array> | undefined
    const end = () => {
      ended = true
      if (listening) {
        request.signal.removeEventListener("abort", disconnected)
      }
      leave(work)
    }
    const disconnected = () => {
      if (!ended) {
        end()
        stopAuthenticate?.()
        inFlight?.interrupt("disconnected")
        if (events === undefined) {
          // Nobody reads this answer; the promise must settle all the same.
          resolve(new Response(null, { status: 499 }))
        } else {
          close(events)
        }
      }
    }
    const open = (): ReadableStreamDefaultController<Uint8Array> => {
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
      resolve(new Response(stream, { status: 200, headers: sseHeaders }))
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
      notify: (notification) => {
        if (ended || (accepted & acceptsEvents) === 0) {
          return
        }
        events ??= open()
        if (events.desiredSize! > 0) {
          events.enqueue(encoder.encode(sseEvent(encodeMessage(notification))))
        }
      },
      reply: (reply) => {
        if (ended) {
          return
        }
        if (
          events === undefined &&
          ((accepted & acceptsJson) !== 0 || reply.status !== 200 || reply.message === undefined)
        ) {
          resolve(toResponse(reply))
        } else {
          events ??= open()
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
        inFlight = receiveBody(ports, text, core.maxDepth, head, decision, sink)
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

const toResponse = (reply: Reply): Response => {
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
