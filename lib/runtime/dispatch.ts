import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { isToolError, ToolError } from "../builder/errors.ts"
import { type Timeout, timedOut } from "../builder/timeout.ts"
import { toolErrorResult } from "../builder/tool-result.ts"
import { ClientUnsupported } from "../services/ask-errors.ts"
import { isUrlElicitationRequired } from "../services/elicitation-url.ts"
import type { Running } from "./app.ts"
import { askPlan, cutShort, endAsks } from "./asks-for.ts"
import { type Answer, aroundRequest } from "./around-request.ts"
import { classify, type Failure, logMasked } from "./failure.ts"
import { effectOf, entryOf, knownOf, type Operation } from "./operation.ts"
import { LiveCall } from "./live-call.ts"
import { type Facts, LiveRequest, requestContext } from "./request.ts"
import { askable } from "./suspending.ts"
import { timed } from "./timed.ts"

/** A call that did not finish at once. */
export interface CallInFlight {
  /** Interrupts the call; `done` still hears of it, once its finalizers have run. */
  readonly interrupt: () => void
}

/**
 * Runs one operation in one fiber and one scope, and calls `done` exactly once: at once where nothing waits, and then it
 * returns undefined. The scope is closed before `done` hears of the answer. `timeout` is for all of it, hooks included.
 */
export const dispatch = (
  running: Running,
  operation: Operation,
  factsOf: () => Facts,
  done: (answer: Answer) => void,
  timeout?: Timeout
): CallInFlight | undefined => {
  const entry = entryOf(operation)
  const hooks = entry === undefined ? running.requestHooks : entry.requestHooks
  const inner = running.ending() ? Effect.interrupt : prepared(operation)
  if (inner === undefined && hooks.length === 0) {
    done({ type: "value", value: knownOf(operation) })
    return undefined
  }
  const facts = factsOf()
  const start = entry === undefined ? running.assembly.root : entry.start
  const scope = Scope.makeUnsafe()
  const request = new LiveRequest(facts, entry)
  const plan = askPlan(running, operation, facts, request)
  const hooked = hooks.length > 0
  // hooks are outside of the logical call: they cannot ask, and see how each round ends
  const call = new LiveCall(facts, entry, scope, hooked ? undefined : plan)
  const context = requestContext(running.context(start), facts, request, call)
  let interrupted = false
  const wasInterrupted = () => interrupted || running.ending()
  let innerCause: Cause.Cause<unknown> | undefined
  const decided = (cause: Cause.Cause<unknown>) => decide(running, operation, facts, context, cause, wasInterrupted())
  // a hook may have tried again
  const innerSucceeded = () => {
    innerCause = undefined
  }
  const innerFailed = (cause: Cause.Cause<unknown>) => {
    innerCause = cause
    return answerInner(operation, facts, decided(cause))
  }
  const known = inner ?? Effect.succeed(knownOf(operation))
  const whole = hooked
    ? aroundRequest(
        plan === undefined ? known : askable(known, plan),
        hooks,
        facts,
        entry,
        start,
        running.context,
        innerSucceeded,
        innerFailed,
        wasInterrupted
      )
    : known
  const late = () => new ToolError(timedOut(facts.method, timeout!))
  const cut = () => call.cut()
  const limited =
    timeout === undefined ? whole : timed(whole, timeout, late, { pauses: plan, onProgress: call.onProgress, cut })
  const fiber: Fiber.Fiber<any, unknown> = Effect.runForkWith(context as Context.Context<any>)(limited)
  call.runs(fiber)
  const answer = (exit: Exit.Exit<any, unknown>): Answer => {
    if (hooked) return Exit.isSuccess(exit) ? exit.value : answerHook(operation, decided(exit.cause))
    const cut = cutShort(call.asked)
    if (cut instanceof Error) return innerFailed(Cause.die(cut))
    if (cut !== undefined) return { type: "paused", suspension: cut }
    return Exit.isSuccess(exit) ? { type: "value", value: exit.value } : innerFailed(exit.cause)
  }
  let finished = false
  const finish = (exit: Exit.Exit<any, unknown>) => {
    finished = true
    done(answer(exit))
  }
  follow(running, fiber, (exit) => {
    const { asked } = call
    if (asked !== undefined) {
      endAsks(asked, Exit.isSuccess(exit))
      plan?.rehearse(known, context as Context.Context<any>, asked, exit)
    }
    // request hooks see a failed call as an outcome; for the scope it has failed all the same
    const closing = Scope.closeUnsafe(scope, innerCause === undefined ? exit : Exit.failCause(innerCause))
    if (closing === undefined) finish(exit)
    else {
      // the end of the app interrupts what is in flight, never what cleans up after it
      follow(running, Effect.runForkWith(context)(Effect.uninterruptible(closing)), (closed) => {
        if (Exit.isFailure(closed)) {
          const message = `A finalizer of ${subjectOf(operation, facts)} failed`
          Effect.runForkWith(context)(Effect.logError(message, closed.cause))
        }
        finish(exit)
      })
    }
  })
  if (finished) return undefined
  return {
    interrupt: () => {
      interrupted = true
      call.cut()
      fiber.interruptUnsafe()
    }
  }
}

/** Validation runs right here, and an author's transform may throw: that is the call's defect, not the connection's. */
const prepared = (operation: Operation): Effect.Effect<any, unknown, any> | undefined => {
  try {
    return effectOf(operation)
  } catch (defect) {
    return Effect.die(defect)
  }
}

/** Follows a fiber to its end, so that the app's disposal can wait for it. */
const follow = <A, E>(running: Running, fiber: Fiber.Fiber<A, E>, ended: (exit: Exit.Exit<A, E>) => void): void => {
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) {
    ended(exit)
    return
  }
  running.fibers.add(fiber)
  fiber.addObserver((exit) => {
    running.fibers.delete(fiber)
    ended(exit)
    if (running.fibers.size === 0) running.idle.notify()
  })
}

const decide = (
  running: Running,
  operation: Operation,
  facts: Facts,
  context: Context.Context<never>,
  cause: Cause.Cause<unknown>,
  interrupted: boolean
): Failure => {
  const entry = entryOf(operation)
  const declared = entry === undefined ? [] : entry.component["~mcpipe/Component"].errors
  const failure = classify(cause, declared, running.assembly.dev, interrupted)
  if (failure.type === "masked") {
    Effect.runForkWith(context)(logMasked(failure, subjectOf(operation, facts)))
  }
  return failure
}

const subjectOf = (operation: Operation, { method }: Facts): string => {
  const entry = entryOf(operation)
  return entry === undefined ? method : `${entry.type} ${JSON.stringify(entry.name)}`
}

/** Whatever goes wrong inside a tool call is a result that the model can read. */
const answerInner = (operation: Operation, { era }: Facts, failure: Failure): Answer =>
  operation.type === "tool" && failure.type !== "interrupted" && !endsRequest(failure, era)
    ? { type: "value", value: toolErrorResult(failure.message, failure) }
    : { type: "failure", failure }

/** What the protocol has an error of its own for, beside results that say `isError`. */
const endsRequest = (failure: Failure, era: Facts["era"]): boolean =>
  failure.type === "public" &&
  ((era === "sessionless" && failure.error instanceof ClientUnsupported) || isUrlElicitationRequired(failure.error))

/** A `request` hook refuses the request itself, unless it speaks to the model with a `ToolError`. */
const answerHook = (operation: Operation, failure: Failure): Answer =>
  operation.type === "tool" && failure.type === "public" && isToolError(failure.error)
    ? { type: "value", value: toolErrorResult(failure.message, failure) }
    : { type: "failure", failure }
