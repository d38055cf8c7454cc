import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type Handled, invokerOf } from "../builder/handler.ts"

/**
 * Makes a user's function, in any of the four forms, an Effect that fails where the function does or takes more than `millis`.
 * It can be given up also where nothing can be interrupted, such as after a call was cancelled.
 */
export const callback = <Args extends ReadonlyArray<any>>(
  f: (...args: Args) => Handled<unknown>,
  millis: number,
  name: string
): ((...args: Args) => Effect.Effect<void, unknown, any>) => {
  const invoke = invokerOf(f as (...args: ReadonlyArray<any>) => unknown)
  return (...args) =>
    Effect.suspend(() => {
      const late = Effect.suspend(() => Effect.fail(new Error(`${name} took more than ${millis} ms.`)))
      return Effect.asVoid(Effect.timeoutOrElse(invoke(...args), { duration: millis, orElse: () => late }))
    })
}

/** Logs how a callback failed to the server's log; the call it was for goes on. */
export const logFailure =
  (message: string) =>
  (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
    Effect.logError(message, cause)
