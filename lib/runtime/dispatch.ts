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
import { type AskPlan, askPlan, cutShort, endAsks } from "./asks-for.ts"
import { type Answer, aroundRequest, type Surrounded } from "./around-request.ts"
import type { Entry, RequestHook } from "./entry.ts"
import { classify, type Failure, logMasked } from "./failure.ts"
import { effectOf, entryOf, knownOf, type Operation } from "./operation.ts"
import { LiveCall } from "./live-call.ts"
import type { Node } from "./node.ts"
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
  const run = new Run(running, operation, factsOf(), done)
  run.start(inner, hooks, timeout)
  return run.finished ? undefined : run
}

/** One operation that runs. A class: the closures it would take cost a tenth of a call. */
class Run implements CallInFlight, Surrounded {
  finished = false
  readonly #running: Running
  readonly #operation: Operation
  readonly #facts: Facts
  readonly #done: (answer: Answer) => void
  readonly #entry: Entry | undefined
  readonly #start: Node
  readonly #scope = Scope.makeUnsafe()
  readonly #plan: AskPlan | undefined
  readonly #call: LiveCall
  readonly #context: Context.Context<never>
  readonly #hooked: boolean
  #known!: Effect.Effect<any, unknown, any>
  #fiber!: Fiber.Fiber<any, unknown>
  #interrupted = false
  #innerCause: Cause.Cause<unknown> | undefined

  constructor(running: Running, operation: Operation, facts: Facts, done: (answer: Answer) => void) {
    const entry = entryOf(operation)
    this.#running = running
    this.#operation = operation
    this.#facts = facts
    this.#done = done
    this.#entry = entry
    this.#start = entry === undefined ? running.assembly.root : entry.start
    this.#hooked = (entry === undefined ? running.requestHooks : entry.requestHooks).length > 0
    const request = new LiveRequest(facts, entry)
    this.#plan = askPlan(running, operation, facts, request)
    // hooks are outside of the logical call: they cannot ask, and see how each round ends
    this.#call = new LiveCall(facts, entry, this.#scope, this.#hooked ? undefined : this.#plan)
    this.#context = requestContext(running.context(this.#start), facts, request, this.#call)
  }

  start(
    inner: Effect.Effect<any, unknown, any> | undefined,
    hooks: ReadonlyArray<RequestHook>,
    timeout: Timeout | undefined
  ): void {
    const plan = this.#plan
    const known = inner ?? Effect.succeed(knownOf(this.#operation))
    this.#known = known
    const whole = this.#hooked
      ? aroundRequest(
          plan === undefined ? known : askable(known, plan),
          hooks,
          this.#facts,
          this.#entry,
          this.#start,
          this.#running.context,
          this
        )
      : known
    const limited = timeout === undefined ? whole : this.#timed(whole, timeout)
    const fiber = Effect.runForkWith(this.#context as Context.Context<any>)(limited)
    this.#fiber = fiber
    this.#call.runs(fiber)
    follow(this.#running, fiber, this)
  }

  interrupt(): void {
    this.#interrupted = true
    this.#call.cut()
    this.#fiber.interruptUnsafe()
  }

  wasInterrupted(): boolean {
    return this.#interrupted || this.#running.ending()
  }

  innerSucceeded(): void {
    // a hook may have tried again
    this.#innerCause = undefined
  }

  innerFailed(cause: Cause.Cause<unknown>): Answer {
    this.#innerCause = cause
    return answerInner(this.#operation, this.#facts, this.#decided(cause))
  }

  /** The run's fiber has ended. */
  ended(exit: Exit.Exit<any, unknown>): void {
    const { asked } = this.#call
    if (asked !== undefined) {
      endAsks(asked, Exit.isSuccess(exit))
      this.#plan?.rehearse(this.#known, this.#context as Context.Context<any>, asked, exit)
    }
    // request hooks see a failed call as an outcome; for the scope it has failed all the same
    const cause = this.#innerCause
    const closing = Scope.closeUnsafe(this.#scope, cause === undefined ? exit : Exit.failCause(cause))
    if (closing === undefined) {
      this.#finish(exit)
      return
    }
    // the end of the app interrupts what is in flight, never what cleans up after it
    follow(this.#running, Effect.runForkWith(this.#context)(Effect.uninterruptible(closing)), {
      ended: (closed) => {
        if (Exit.isFailure(closed)) {
          const message = `A finalizer of ${subjectOf(this.#operation, this.#facts)} failed`
          Effect.runForkWith(this.#context)(Effect.logError(message, closed.cause))
        }
        this.#finish(exit)
      }
    })
  }

  #finish(exit: Exit.Exit<any, unknown>): void {
    this.finished = true
    this.#done(this.#answer(exit))
  }

  #answer(exit: Exit.Exit<any, unknown>): Answer {
    if (this.#hooked) return Exit.isSuccess(exit) ? exit.value : answerHook(this.#operation, this.#decided(exit.cause))
    const cut = cutShort(this.#call.asked)
    if (cut instanceof Error) return this.innerFailed(Cause.die(cut))
    if (cut !== undefined) return { type: "paused", suspension: cut }
    return Exit.isSuccess(exit) ? { type: "value", value: exit.value } : this.innerFailed(exit.cause)
  }

  #timed(whole: Effect.Effect<any, unknown, any>, timeout: Timeout): Effect.Effect<any, unknown, any> {
    const call = this.#call
    const late = () => new ToolError(timedOut(this.#facts.method, timeout))
    return timed(whole, timeout, late, { pauses: this.#plan, onProgress: call.onProgress, cut: () => call.cut() })
  }

  #decided(cause: Cause.Cause<unknown>): Failure {
    return decide(this.#running, this.#operation, this.#facts, this.#context, cause, this.wasInterrupted())
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
const follow = <A, E>(
  running: Running,
  fiber: Fiber.Fiber<A, E>,
  listener: { readonly ended: (exit: Exit.Exit<A, E>) => void }
): void => {
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) {
    listener.ended(exit)
    return
  }
  running.fibers.add(fiber)
  fiber.addObserver((exit) => {
    running.fibers.delete(fiber)
    listener.ended(exit)
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
