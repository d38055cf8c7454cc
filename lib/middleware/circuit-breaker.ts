import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { TryAgainLater } from "../builder/errors.ts"
import type { Needs } from "../builder/handler.ts"
import { type Middleware, middleware, type Outcome, type RequestInfo } from "../builder/middleware.ts"
import { OptionReader, upToAYear } from "../builder/options.ts"
import type { ByLayerOf } from "../builder/server-types.ts"
import { calledIn } from "./called.ts"
import { type CallFailure, failureIn, isUnexpected } from "./call-failure.ts"
import type { CircuitSettings, Entered, Verdict } from "./circuit.ts"
import { type CircuitChange, circuits } from "./circuits.ts"
import { RequestContext } from "../services/request-context.ts"
import { perApp } from "./per-app.ts"
import { secondsOf, secondsText } from "./rate.ts"
import { eachComponent, keyReader, type RequestKey } from "./request-key.ts"
import { requestScope, type RequestScope, selectionOptions } from "./selection.ts"
import { changeTeller } from "./tell-change.ts"

export interface CircuitBreakerOptions<R = never> extends RequestScope {
  /** Failures within the window that open a circuit, an integer from 1 to 10,000. */
  readonly failures: number
  /** Milliseconds, an integer from 1 to a year. */
  readonly window: number
  /** Milliseconds for which an open circuit refuses calls, an integer from 1 to a year. */
  readonly openFor: number
  /**
   * Calls that are let through after that to find out, an integer from 1 to 10,000: if all go well the circuit closes, if one
   * fails it opens again. Default 1.
   */
  readonly halfOpen?: number | undefined
  /** Which calls share a circuit. Default `"tool"`: each tool, prompt, resource and resource template has its own. */
  readonly key?: RequestKey<R> | undefined
  /**
   * Whether a failed call counts as a failure of what is behind it. Default: unexpected errors, which clients get masked, and
   * timeouts; no `ToolError`, other public error or result that only says `isError`, such as that of wrong arguments.
   */
  readonly isFailure?: ((failure: CallFailure) => boolean) | undefined
  /** Hears of each change of a circuit, which is logged too; what it throws or fails with is logged and harms no call. */
  readonly onChange?: ((change: CircuitChange) => void | Effect.Effect<void, unknown>) | undefined
}

const thing = "circuitBreaker"

const known = [
  "failures",
  "window",
  "openFor",
  "halfOpen",
  "key",
  "isFailure",
  "onChange",
  ...selectionOptions
] as const

/**
 * Stops calling what keeps failing: after so many failures calls are refused at once for a while, with a `TryAgainLater`
 * (error -32603, over HTTP 503 with `Retry-After`) that says in how many seconds to try again; then a few are let through to
 * find out. Calls that are cancelled, wait for their client or end by the app's `requestTimeout` count neither way. Each
 * process has its own circuits, one for each key in trouble, 10,000 at most. Throws a DefinitionError for options that
 * cannot be.
 * @example server(info).use(circuitBreaker({ failures: 5, window: 10_000, openFor: 30_000 }))
 */
export const circuitBreaker = <R = never>(
  options: CircuitBreakerOptions<R>
): Middleware<never, ByLayerOf<Needs<R>>> => {
  const read = new OptionReader(thing, options, known)
  const settings: CircuitSettings = {
    failures: read.integer("failures", { min: 1, max: 10_000 }),
    window: read.integer("window", upToAYear),
    openFor: read.integer("openFor", upToAYear),
    halfOpen: read.integer("halfOpen", { min: 1, max: 10_000 }, 1)
  }
  const isFailure = read.fn<typeof isUnexpected>("isFailure") ?? isUnexpected
  const onChange = read.fn<NonNullable<typeof options.onChange>>("onChange")
  const inScope = requestScope(read)
  const keyOf = keyReader(read, eachComponent)
  const circuitsOf = perApp(() => circuits(settings))
  const tell = changeTeller(settings, onChange)

  const verdictOf = (exit: Exit.Exit<Outcome, unknown>, request: RequestInfo): Verdict => {
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return "neither"
    if (Exit.isSuccess(exit)) {
      const { outcome } = exit.value
      if (outcome !== "error") return outcome === "complete" ? "success" : "neither"
    }
    const failure = failureIn(exit, request)
    if (failure === undefined) return "neither"
    if (isFailure(failure)) return "failure"
    // a result that only says so may never have got to what is behind the call
    return failure.kind === "result" ? "neither" : "success"
  }

  const inside = (
    next: Effect.Effect<Outcome, unknown>,
    request: RequestInfo,
    key: string,
    fiber: Fiber.Fiber<any, any>
  ): Effect.Effect<Outcome, unknown> => {
    const clock = fiber.getRef(Clock.Clock)
    const changes: Array<CircuitChange> = []
    const heard = (change: CircuitChange) => void changes.push(change)
    const told = () => (changes.length === 0 ? Effect.void : tell(changes.splice(0)))
    let entered: Entered | undefined
    const enter = Effect.suspend(() => {
      entered = circuitsOf(fiber.context).enter(key, clock.currentTimeMillisUnsafe(), heard)
      if (entered.type === "refused") return refused(entered.wait, fiber.context)
      return changes.length === 0 ? next : Effect.andThen(told(), next)
    })
    // registered before the circuit is entered, so that no interruption comes between
    return Effect.onExit(enter, (exit) => {
      if (entered?.type !== "passed") return Effect.void
      let verdict: Verdict = "neither"
      try {
        verdict = verdictOf(exit, request)
      } finally {
        entered.leave(verdict, clock.currentTimeMillisUnsafe())
      }
      return told()
    })
  }

  return middleware({
    request: (next, request) => {
      if (!inScope(request)) return next
      return Effect.withFiber((fiber) => {
        const key = keyOf(request, fiber.context)
        if (key === undefined) return next
        if (typeof key === "string") return inside(next, request, key, fiber)
        return Effect.flatMap(key, (found) => (found === undefined ? next : inside(next, request, found, fiber)))
      })
    }
  }) as Middleware<never, any>
}

const refused = (wait: number, around: Context.Context<never>): Effect.Effect<never, TryAgainLater> => {
  const component = calledIn(around)
  const what =
    component === undefined
      ? Context.getUnsafe(around as Context.Context<any>, RequestContext).method
      : `The ${component.type} ${JSON.stringify(component.name)}`
  const retryAfter = secondsOf(wait)
  const message = `${what} has failed too often and is left alone for now: try again in ${secondsText(retryAfter)}.`
  return Effect.fail(new TryAgainLater(message, { retryAfter }))
}
