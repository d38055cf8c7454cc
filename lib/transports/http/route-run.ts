import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { anonymous, type PrincipalShape } from "../../services/principal.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import type { HttpCore } from "./core.ts"
import type { GateHead } from "./gate.ts"
import { responseOf } from "./route-response.ts"
import type { Routed } from "./router.ts"

/** One request to a route, as an adapter carries it. */
export interface RouteExchange {
  readonly core: HttpCore
  /** What Effects run in. */
  readonly context: Context.Context<never>
  readonly head: GateHead
  readonly routed: Extract<Routed, { readonly type: "route" }>
  readonly signal: AbortSignal
  /** Header names and values as they came. */
  readonly headers: () => Headers
  /** Reads the body within the limits; gives how to stop, where that can be. */
  readonly readBody: (done: (body: Uint8Array | Refusal) => void) => (() => void) | undefined
  /** Called once, unless it is stopped before. `unread`: the body was not read to its end. */
  readonly refuse: (refused: Refusal, unread: boolean) => void
  /** The same. `streams`: the handler may still be writing it. */
  readonly respond: (response: Response, streams: boolean) => void
}

/** Authenticates, reads the body, runs the handler. Gives how to stop, after which nothing is called any more. */
export const runRoute = (exchange: RouteExchange): (() => void) => {
  const { core, context, head, routed, signal } = exchange
  const { route, params } = routed
  let stopped = false
  let stopStage: (() => void) | undefined
  const stage = (stop: (() => void) | undefined) => {
    stopStage = stop
  }
  const run = (body: Uint8Array, principal: PrincipalShape) => {
    const made = requestOf(exchange, body)
    if ("reason" in made) return exchange.refuse(made, false)
    const { request, url } = made
    const told = { params, principal, url, ...servicesOf(route.uses, context) }
    const effect = Effect.scoped(Effect.suspend(() => route.invoke(request, told)))
    const fiber = Effect.runForkWith(context as Context.Context<any>)(effect)
    stage(() => fiber.interruptUnsafe())
    fiber.addObserver((exit) => {
      if (stopped) return
      const response = responseOf(exit, route.pattern.path)
      exchange.respond(response, response.body !== null && Exit.isSuccess(exit) && exit.value === response)
    })
  }
  const decided = (decision: PrincipalShape | Refusal) => {
    if (stopped) return
    if (isRefusal(decision)) return exchange.refuse(decision, true)
    let read = false
    const stop = exchange.readBody((body) => {
      read = true
      if (stopped) return
      if ("reason" in body) exchange.refuse(body, true)
      else run(body, decision)
    })
    if (!read) stage(stop)
  }
  if (signal.aborted) stopped = true
  else if (route.authenticate) {
    let known = false
    const stop = runAuthenticate(core.authenticate, head, (decision) => {
      known = true
      decided(decision)
    })
    if (!known) stage(stop)
  } else decided(anonymous)
  return () => {
    stopped = true
    stopStage?.()
  }
}

const servicesOf = (
  uses: RouteExchange["routed"]["route"]["uses"],
  context: Context.Context<never>
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(uses).map(([name, key]) => [name, Context.getUnsafe(context as Context.Context<any>, key)])
  )

const requestOf = (
  { head, headers, signal }: RouteExchange,
  body: Uint8Array
): { readonly request: Request; readonly url: URL } | Refusal => {
  const { method } = head
  if (body.length > 0 && (method === "GET" || method === "HEAD")) return bodyOfGet
  try {
    const url = new URL(head.url)
    const content = body.length === 0 ? null : (body as BodyInit)
    return { request: new Request(url, { method, headers: headers(), body: content, signal }), url }
  } catch {
    return unreadable
  }
}

/** RFC 9110 §9.3.1: it has no meaning there, and a `Request` cannot hold it. */
const bodyOfGet = refusal("invalid-request", "A GET or HEAD request must have no body.")

const unreadable = refusal("invalid-request", "The URL or the headers of the request cannot be read.")
