import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { isToolError } from "../builder/errors.ts"
import { toolErrorResult } from "../builder/tool-result.ts"
import type { Running } from "./app.ts"
import { type Answer, aroundRequest } from "./around-request.ts"
import { classify, type Failure, logMasked } from "./failure.ts"
import { effectOf, entryOf, knownOf, type Operation } from "./operation.ts"
import { type Facts, requestContext } from "./request.ts"

/** A call that did not finish at once. */
export interface CallInFlight {
  /** Interrupts the call; `done` still hears of it, once its finalizers have run. */
  readonly interrupt: () => void
}

/**
 * Runs one operation in one fiber and one scope, and calls `done` exactly once: at once where nothing waits, and then it
 * returns undefined. The scope is closed before `done` hears of the answer.
 */
export const dispatch = (
  running: Running,
  operation: Operation,
  factsOf: () => Facts,
  done: (answer: Answer) => void
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
  const context = requestContext(running.context(start), facts, entry, scope)
  let interrupted = false
  const wasInterrupted = () => interrupted || running.ending()
  const decided = (cause: Cause.Cause<unknown>) => decide(running, operation, facts, context, cause, wasInterrupted())
  let innerCause: Cause.Cause<unknown> | undefined
  // a hook may have tried again
  const innerSucceeded = () => {
    innerCause = undefined
  }
  const innerFailed = (cause: Cause.Cause<unknown>) => {
    innerCause = cause
    return answerInner(operation, decided(cause))
  }
  let fiber: Fiber.Fiber<unknown, unknown>
  let answer: (exit: Exit.Exit<any, unknown>) => Answer
  if (hooks.length === 0) {
    fiber = Effect.runForkWith(context as Context.Context<any>)(inner!)
    answer = (exit) => (Exit.isSuccess(exit) ? { type: "value", value: exit.value } : innerFailed(exit.cause))
  } else {
    const known = inner ?? Effect.succeed(knownOf(operation))
    const hooked = aroundRequest(
      known,
      hooks,
      facts,
      entry,
      start,
      running.context,
      innerSucceeded,
      innerFailed,
      wasInterrupted
    )
    fiber = Effect.runForkWith(context as Context.Context<any>)(hooked)
    answer = (exit) => (Exit.isSuccess(exit) ? exit.value : answerHook(operation, decided(exit.cause)))
  }
  let finished = false
  const finish = (exit: Exit.Exit<any, unknown>) => {
    finished = true
    done(answer(exit))
  }
  follow(running, fiber, (exit) => {
    // request hooks see a failed call as an outcome; for the scope it has failed all the same
    const closing = Scope.closeUnsafe(scope, innerCause === undefined ? exit : Exit.failCause(innerCause))
    if (closing === undefined) finish(exit)
    else {
      follow(running, Effect.runForkWith(context)(closing), (closed) => {
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
const answerInner = (operation: Operation, failure: Failure): Answer =>
  operation.type === "tool" && failure.type !== "interrupted"
    ? { type: "value", value: toolErrorResult(failure.message) }
    : { type: "failure", failure }

/** A `request` hook refuses the request itself, unless it speaks to the model with a `ToolError`. */
const answerHook = (operation: Operation, failure: Failure): Answer =>
  operation.type === "tool" && failure.type === "public" && isToolError(failure.error)
    ? { type: "value", value: toolErrorResult(failure.message) }
    : { type: "failure", failure }
