import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { markTimedOut, millisOf, resetsOnProgress, type Timeout } from "../builder/timeout.ts"
import { asksBehind } from "../services/asks.ts"
import { callOf } from "../services/current-call.ts"
import { Asking } from "./asking.ts"

/** Questions for which time stands still: how long people think is no fault of the handler. */
export interface Pauses {
  /** Whether one is open. */
  readonly waiting: () => boolean
  /** Calls a listener whenever that may have changed; gives how to stop. */
  readonly watch: (look: () => void) => () => void
}

/** What is timed, beside the effect itself. */
export interface TimedCall {
  /** Undefined where nothing can be asked. */
  readonly pauses: Pauses | undefined
  /** Calls a listener with each report of progress. */
  readonly onProgress: ((listener: () => void) => void) | undefined
  /** Time is up: steps, which nothing else cuts, end as well. */
  readonly cut: () => void
}

/**
 * Interrupts an effect once its time is up and fails with `error` instead. By default it is a part of the call that its
 * fiber runs in.
 */
export const timed = <A>(
  effect: Effect.Effect<A, unknown, any>,
  timeout: Timeout,
  error: () => Error,
  of?: TimedCall
): Effect.Effect<A, unknown, any> => {
  const late = Effect.suspend(() => Effect.fail(markTimedOut(error())))
  return Effect.withFiber((fiber) => {
    const { pauses, onProgress, cut } = of ?? surrounding(callOf(fiber.context))
    const millis = millisOf(timeout)
    const resets = resetsOnProgress(timeout) && onProgress !== undefined
    if (pauses === undefined && !resets) {
      return Effect.timeoutOrElse(effect, { duration: millis, orElse: () => late })
    }
    let progressed = Number.NEGATIVE_INFINITY
    if (resets) {
      const clock = fiber.getRef(Clock.Clock)
      onProgress(() => {
        progressed = clock.currentTimeMillisUnsafe()
      })
    }
    let over = false
    const up = Effect.map(
      elapsed(millis, pauses, () => progressed),
      () => {
        over = true
        cut()
      }
    )
    // a step that is cut may end the effect before the race is decided
    return Effect.catchCause(Effect.raceFirst(effect, Effect.andThen(up, late)), (cause) =>
      over && Cause.hasInterruptsOnly(cause) ? late : Effect.failCause(cause)
    )
  })
}

const surrounding = (call: ReturnType<typeof callOf>): TimedCall => {
  const asks = asksBehind(call?.asks)
  const own = asks instanceof Asking ? asks : undefined
  return { pauses: own, onProgress: call?.onProgress, cut: () => own?.cut() }
}

/** Ends once so many milliseconds have passed in which nothing was asked, since progress was last made. */
const elapsed = Effect.fnUntraced(function* (millis: number, pauses: Pauses | undefined, lastProgress: () => number) {
  let spent = 0
  let seen = yield* Clock.currentTimeMillis
  while (spent < millis) {
    if (pauses !== undefined) yield* whenWaiting(pauses, false)
    const start = yield* Clock.currentTimeMillis
    if (lastProgress() > seen) spent = 0
    const rest = Effect.sleep(millis - spent)
    yield* pauses === undefined ? rest : Effect.raceFirst(rest, whenWaiting(pauses, true))
    seen = yield* Clock.currentTimeMillis
    const progressed = lastProgress()
    spent = progressed >= start ? seen - progressed : spent + seen - start
  }
})

/** Ends as soon as a question is open (`true`), or none is (`false`). */
const whenWaiting = (pauses: Pauses, expected: boolean): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const look = () => {
      if (pauses.waiting() !== expected) return
      stop()
      resume(Effect.void)
    }
    const stop = pauses.watch(look)
    look()
    return Effect.sync(stop)
  })
