import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { callOf } from "../services/current-call.ts"
import { Asking } from "./asking.ts"

/**
 * Interrupts an effect after `millis` and fails with `error` instead. The time stands still while a question of the call
 * is open: how long people think is no fault of the handler.
 */
export const timed = <A>(
  effect: Effect.Effect<A, unknown, any>,
  millis: number,
  error: () => Error
): Effect.Effect<A, unknown, any> => {
  const late = Effect.suspend(() => Effect.fail(error()))
  return Effect.withFiber((fiber) => {
    const asks = callOf(fiber.context)?.asks
    return asks instanceof Asking
      ? Effect.raceFirst(
          effect,
          Effect.andThen(
            Effect.map(elapsed(asks, millis), () => asks.cut()),
            late
          )
        )
      : Effect.timeoutOrElse(effect, { duration: millis, orElse: () => late })
  })
}

/** Ends once `millis` have passed in which nothing was asked. */
const elapsed = Effect.fnUntraced(function* (asks: Asking, millis: number) {
  let left = millis
  while (left > 0) {
    yield* asks.whenWaiting(false)
    const start = yield* Clock.currentTimeMillis
    yield* Effect.raceFirst(Effect.sleep(left), asks.whenWaiting(true))
    left -= (yield* Clock.currentTimeMillis) - start
  }
})
