import * as Effect from "effect/Effect"
import * as Context from "effect/Context"
import type * as Scope from "effect/Scope"
import type { HttpPort, InFlight } from "../../protocol/exchange.ts"
import { assembleOptions } from "../../runtime/app.ts"
import { drained, idleListeners, shuttingDown } from "../drain.ts"
import { integerOption, knownOptions, maxTimer } from "../options.ts"
import type { AppLike } from "../running.ts"
import { type ServeError, toServeError } from "../serve-error.ts"
import { type HttpCoreOptions, httpCore, internalError, refusedReply } from "./core.ts"
import { exchange, type FetchState, type FetchWork, toResponse } from "./fetch-exchange.ts"
import { fetchNames } from "./option-names.ts"
import { exchangeRoute } from "./fetch-route.ts"
import { fetchHead } from "./head.ts"
import { LinkedList } from "./linked-list.ts"
import { healthResponse, refusedResponse } from "./route-response.ts"

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

const names: ReadonlySet<string> = new Set([...fetchNames, ...assembleOptions])

/**
 * A fetch handler for an app. The app starts at the first request, which concurrent ones share; a start that fails answers
 * 500 and is tried again by the next request. `owned`: `dispose` closes the app too. Throws a `ServeError` on a bad option.
 */
export const fetchHandler = (app: AppLike, options: FetchOptions = {}, owned = true): FetchHandler => {
  knownOptions(options, names)
  const core = httpCore(options, undefined)
  const gracePeriod = integerOption("gracePeriod", options.gracePeriod, 10_000, 0, maxTimer)
  const listeners = idleListeners()
  const open = new LinkedList<FetchWork>()
  const streams = new Set<InFlight>()
  let port: HttpPort | undefined
  let context: Context.Context<never> = Context.empty()
  let starting: Promise<HttpPort> | undefined
  let disposing: Promise<void> | undefined
  const start = (): Promise<HttpPort> =>
    (starting ??= app.start().then(
      (running) => {
        context = running.context ?? context
        core.router?.check(context)
        port = running.ports.http(core.port)
        return port
      },
      (error) => {
        starting = undefined
        throw error
      }
    ))
  const leave = (work: FetchWork) => {
    if (open.delete(work) && open.first() === undefined) {
      listeners.notify()
    }
  }
  const state: FetchState = {
    core,
    streams,
    isDraining: () => disposing !== undefined,
    enter: (work) => open.add(work),
    leave
  }
  const notStarted = (error: unknown) => toResponse(refusedReply(internalError("the app did not start", error)))
  const handle = (request: Request): Promise<Response> => {
    const head = fetchHead(request, core.trustProxy)
    const draining = disposing !== undefined
    const routed = core.router?.find(head, draining)
    if (routed !== undefined) {
      if (routed.type === "refused") return Promise.resolve(refusedResponse(routed.refusal))
      if (routed.type === "route") {
        return start().then(() => exchangeRoute(state, context, request, head, routed), notStarted)
      }
      return draining ? Promise.resolve(healthResponse(true)) : start().then(() => healthResponse(false), notStarted)
    }
    // with nothing in flight there is nothing either that a message could still belong to
    const accepted = draining && open.first() === undefined ? shuttingDown : core.gate(head, draining)
    if (typeof accepted !== "number") {
      return Promise.resolve(toResponse(refusedReply(accepted)))
    }
    return port !== undefined
      ? exchange(state, port, request, head, accepted)
      : start().then((started) => exchange(state, started, request, head, accepted), notStarted)
  }
  const end = async () => {
    // Requests that wait for the app to start are in flight as soon as it has.
    await starting?.catch(() => {})
    for (const work of open.all()) {
      work.end?.()
    }
    const interrupt = () => {
      for (const work of open.all()) {
        work.interrupt("drained")
      }
    }
    await drained({ pending: () => open.all().length, onIdle: listeners.add, interrupt }, gracePeriod)
    // only now: what a call in flight asks may go to them
    for (const stream of [...streams]) {
      stream.interrupt("drained")
    }
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
