import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ErrorClass } from "../builder/component.ts"
import { isPublicError } from "../builder/errors.ts"

/** How a call failed, decided once: what the client may know, and what only the log may. */
export type Failure =
  | {
      readonly type: "public"
      readonly message: string
      readonly code: number | undefined
      readonly data: unknown
      /** A `ToolError`, or raised where only a tool's own result can carry it. */
      readonly error: Error
    }
  | {
      readonly type: "masked"
      readonly reference: string
      readonly message: string
      readonly cause: Cause.Cause<unknown>
    }
  | { readonly type: "interrupted" }

/**
 * Sorts a cause: `ToolError`, `PublicError` and declared classes are public wherever they were thrown, rejected or
 * failed; anything else is masked behind a reference that also stands in the log. An interruption is one only where the
 * runtime asked for it: a handler that interrupts itself has failed.
 */
export const classify = (
  cause: Cause.Cause<unknown>,
  declared: ReadonlyArray<ErrorClass>,
  dev: boolean,
  interrupted: boolean
): Failure => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    if (isPublicError(error)) {
      return { type: "public", message: error.message, code: error.code, data: error.data, error }
    }
    if (error instanceof Error && declared.some((known) => error instanceof known)) {
      return { type: "public", message: messageOf(error), code: undefined, data: undefined, error }
    }
  }
  if (interrupted && Cause.hasInterruptsOnly(cause)) return { type: "interrupted" }
  return masked(cause, dev)
}

const masked = (cause: Cause.Cause<unknown>, dev: boolean): Extract<Failure, { type: "masked" }> => {
  const reference = globalThis.crypto.randomUUID().slice(0, 8)
  const message = dev ? `${Cause.pretty(cause)} (reference ${reference})` : `Internal error (reference ${reference})`
  return { type: "masked", reference, message, cause }
}

/** A defect outside of any call's fiber, masked and logged; `context` has the app's loggers. */
export const maskedDefect = (
  context: Context.Context<never>,
  defect: unknown,
  subject: string,
  dev: boolean
): Extract<Failure, { type: "masked" }> => {
  const failure = masked(Cause.die(defect), dev)
  Effect.runForkWith(context)(logMasked(failure, subject))
  return failure
}

/** Logs a masked failure to the server's log, so that its reference leads somewhere. */
export const logMasked = (failure: Extract<Failure, { type: "masked" }>, subject: string): Effect.Effect<void> =>
  Effect.logError(`${subject} failed (reference ${failure.reference})`, failure.cause)

/** Tagged errors often leave `message` empty; then their tag says more than nothing. */
export const messageOf = (error: Error): string => {
  if (error.message !== "") return error.message
  const tag = (error as { _tag?: unknown })._tag
  return typeof tag === "string" ? tag : error.name
}
