import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isResourceNotFound } from "../builder/errors.ts"
import { HandlerContexts } from "../builder/handler.ts"
import { InvalidArguments } from "../runtime/invalid-arguments.ts"
import { RequestContext } from "../services/request-context.ts"

/** How far a wire request came on its way in. */
export interface Reached {
  /** It passed all hooks outside of this middleware. */
  inside: boolean
  handler: boolean
  /** What came back, where that was no handler's failure. */
  refusal: boolean
}

/** Follows calls through the hooks inside of a middleware, to tell what a hook refused from what a handler failed at. */
export class Following {
  readonly #requests = new WeakMap<RequestContext["Service"], Reached>()

  /** Begins in a `request` hook; undefined where the same middleware, used further out too, has begun already. */
  begin(request: RequestContext["Service"]): Reached | undefined {
    if (this.#requests.has(request)) return undefined
    const reached = { inside: false, handler: false, refusal: false }
    this.#requests.set(request, reached)
    return reached
  }

  end(request: RequestContext["Service"]): void {
    this.#requests.delete(request)
  }

  /** A hook around calls that changes nothing. */
  readonly hook = <Call, Result>(next: (call: Call) => Effect.Effect<Result, unknown>, call: Call) =>
    Effect.withFiber<Result, unknown>((fiber) => {
      const reached = this.#requests.get(Context.getUnsafe(fiber.context as Context.Context<any>, RequestContext))
      if (reached === undefined) return next(call)
      reached.inside = true
      const watched = Effect.updateContext(
        // a schema may throw as soon as it is called
        Effect.suspend(() => next(call)),
        watching(reached)
      ) as Effect.Effect<Result, unknown>
      return Effect.onExit(watched, (exit) =>
        Effect.sync(() => {
          reached.refusal = isRefusal(exit)
        })
      )
    })
}

/** What hooks do to refuse: they fail. A crash is no decision, and what does not fit a schema never was a call. */
export const isRefusal = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some(
    (reason) =>
      Cause.isFailReason(reason) && !(reason.error instanceof InvalidArguments) && !isResourceNotFound(reason.error)
  )

/** Every handler of a tool, resource or prompt gets its second parameter from this service as it starts. */
const watching =
  (reached: Reached) =>
  (context: Context.Context<any>): Context.Context<any> => {
    const contexts = Context.getUnsafe(context, HandlerContexts)
    return Context.add(context, HandlerContexts, {
      make: (inner, uses) => {
        reached.handler = true
        return contexts.make(inner, uses)
      },
      ofHook: (inner, isPart) => contexts.ofHook(inner, isPart),
      interrupted: (made) => contexts.interrupted(made)
    })
  }
