import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Outcome, RequestInfo } from "../builder/middleware.ts"
import { classify, type Failure } from "../runtime/failure.ts"

/** How a wire request ended, an interruption included: it was cancelled, ran out of time, or its client or the server went away. */
export type Ending = Outcome["outcome"] | "interrupted"

/** How a wire request ended, and what came of it. */
export interface Ended {
  readonly ending: Ending
  /** For an error, the message that the client will see, so far as it is decided. */
  readonly message: string | undefined
  readonly result: unknown
}

/** Reads how a request ended from the exit of `next` in a `request` hook. */
export const endedOf = (exit: Exit.Exit<Outcome, unknown>, request: Pick<RequestInfo, "component">): Ended => {
  if (Exit.isSuccess(exit)) {
    // an inner hook may have made this up; that is found once all hooks have run
    const { outcome, message, result } = (exit.value ?? {}) as Partial<Outcome>
    return outcome === undefined ? crashed : { ending: outcome, message, result }
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return { ending: "interrupted", message: undefined, result: undefined }
  const failure = failureOf(exit.cause, request)
  return failure.type === "public" ? { ending: "error", message: failure.message, result: undefined } : crashed
}

const crashed: Ended = { ending: "error", message: "Internal error", result: undefined }

/** What the runtime will make of a cause. */
export const failureOf = (cause: Cause.Cause<unknown>, { component }: Pick<RequestInfo, "component">): Failure =>
  classify(cause, component?.["~mcpipe/Component"].errors ?? [], false, false)
