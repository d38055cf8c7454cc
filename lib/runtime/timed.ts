import * as Effect from "effect/Effect"

/** Interrupts an effect after `millis` and fails with `error` instead. */
export const timed = <A>(
  effect: Effect.Effect<A, unknown, any>,
  millis: number,
  error: () => Error
): Effect.Effect<A, unknown, any> =>
  Effect.timeoutOrElse(effect, { duration: millis, orElse: () => Effect.fail(error()) })
