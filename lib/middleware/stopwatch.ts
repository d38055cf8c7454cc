import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"

/** Starts to measure; gives what tells the milliseconds since. */
export const stopwatch = (fiber: Fiber.Fiber<any, any>): (() => number) => {
  const clock = fiber.getRef(Clock.Clock)
  const start = clock.monotonicTimeNanosUnsafe()
  return () => Number(clock.monotonicTimeNanosUnsafe() - start) / 1e6
}
