import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { toolErrorResult } from "../builder/tool-result.ts"
import { type Called, callOf } from "../services/current-call.ts"
import { type Answer, aroundRequest } from "./around-request.ts"
import type { Entry } from "./entry.ts"
import { requestHooksInside } from "./entry-base.ts"
import { classify } from "./failure.ts"
import { asCallOf } from "./inner-call.ts"
import { isUninterruptible } from "./asking.ts"
import { liveCallOf } from "./live-call.ts"
import { Parted } from "./parted.ts"
import type { Node } from "./node.ts"
import { NodeContexts } from "./node-contexts.ts"

/**
 * Runs what another component calls as a call of its own, and puts the `request` hooks inside of `outer` around it: limits and audits count what
 * is called, by whatever way.
 */
export const aroundInner = <A>(
  run: Effect.Effect<A, unknown, any>,
  entry: Entry,
  outer: Node,
  method: string,
  params: Readonly<Record<string, unknown>>,
  called: Called
): Effect.Effect<A, unknown, any> => {
  const hooks = requestHooksInside(entry.place, outer)
  if (hooks.length === 0) return asCallOf(run, entry, called)
  const behindHooks: Effect.Effect<A, unknown, any> = Effect.withFiber((fiber) => {
    const context = fiber.context as Context.Context<any>
    // nobody is to hear of a rehearsal
    if (callOf(context)?.rehearsal === true) return run
    let failure: { readonly answer: Answer; readonly cause: Cause.Cause<unknown> } | undefined
    const failed = (cause: Cause.Cause<unknown>): Answer => {
      const answer = answerTo(cause, entry)
      failure = { answer, cause }
      return answer
    }
    const contextOf = (node: Node) => Context.getUnsafe(context, NodeContexts).own[node.index]!
    const call = liveCallOf(context)
    // what cannot be interrupted cannot ask either, and has to find that out
    const parted = call === undefined || isUninterruptible(fiber) ? undefined : new Parted(run, call)
    const answered = aroundRequest(parted?.run ?? run, hooks, { method, params }, entry, outer, contextOf, {
      innerSucceeded: () => {},
      innerFailed: failed,
      wasInterrupted: () => true
    })
    return Effect.flatMap(parted === undefined ? answered : parted.within(answered), (answer) => {
      // the call that made this one is stopped now
      if (answer.type === "paused") return Effect.never
      if (failure !== undefined && failure.answer === answer) return Effect.failCause(failure.cause)
      return answer.type === "value"
        ? Effect.succeed(answer.value as A)
        : Effect.die(
            new TypeError(`A request hook gave an outcome of another call than ${JSON.stringify(entry.name)}.`)
          )
    })
  })
  return asCallOf(behindHooks, entry, called)
}

/** What hooks are shown of a failure; the failure itself goes on as it is. */
const answerTo = (cause: Cause.Cause<unknown>, entry: Entry): Answer => {
  const failure = classify(cause, entry.component["~mcpipe/Component"].errors, false, false)
  if (entry.type !== "tool" || failure.type === "interrupted") return { type: "failure", failure }
  return { type: "value", value: toolErrorResult(failure.message, failure) }
}
