import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Outcome, RequestInfo } from "../builder/middleware.ts"
import { isTimedOut } from "../builder/timeout.ts"
import { failureOf } from "../runtime/around-request.ts"
import { classify } from "../runtime/failure.ts"
import { InvalidArguments } from "../runtime/invalid-arguments.ts"

/** How a call failed, as circuits look at it. */
export interface CallFailure {
  /**
   * `"unexpected"`: clients get it masked. `"timeout"`: time was up, by the component's own `timeout` or that of a middleware.
   * `"public"`: a `ToolError`, another `PublicError`, or an error of the component's `errors`. `"result"`: arguments were
   * wrong, or a handler returned a result that says `isError`.
   */
  readonly kind: "unexpected" | "timeout" | "public" | "result"
  /** What was raised; undefined where nothing was. */
  readonly error: unknown
  readonly message: string
  readonly request: RequestInfo
}

/** The kinds that tell of trouble behind a call. */
export const isUnexpected = ({ kind }: CallFailure): boolean => kind === "unexpected" || kind === "timeout"

/** What a request failed with that ended in an error; undefined where it was interrupted. */
export const failureIn = (exit: Exit.Exit<Outcome, unknown>, request: RequestInfo): CallFailure | undefined => {
  const errors = request.component?.["~mcpipe/Component"].errors ?? []
  const failure = Exit.isSuccess(exit) ? failureOf(exit.value) : classify(exit.cause, errors, false, true)
  if (failure === undefined) {
    const message = Exit.isSuccess(exit) ? (exit.value.message ?? "") : ""
    return { kind: "result", error: undefined, message, request }
  }
  if (failure.type === "interrupted") return undefined
  const error = failure.type === "public" ? failure.error : Cause.squash(failure.cause)
  const kind =
    error instanceof InvalidArguments
      ? "result"
      : isTimedOut(error)
        ? "timeout"
        : failure.type === "public"
          ? "public"
          : "unexpected"
  return { kind, error, message: error instanceof Error ? error.message : failure.message, request }
}
