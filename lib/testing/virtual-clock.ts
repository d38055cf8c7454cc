import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { macrotask } from "../runtime/turns.ts"

/** The time of an app that a spec moves by hand. */
export interface VirtualClock {
  /** Milliseconds since 1970, as the app sees them; 0 at first. */
  readonly now: () => number
  /**
   * Lets this much time pass: whatever is due meanwhile wakes in its order, and goes on as far as it gets before the next
   * does. Promises that need the event loop, such as I/O, are not waited for.
   * @example await client.clock.adjust("3 seconds")
   */
  readonly adjust: (duration: Duration.Input) => Promise<void>
  /** Sets the time, in milliseconds since 1970; forward, whatever is due meanwhile wakes as in `adjust`. */
  readonly setTime: (millis: number) => Promise<void>
}

/** A virtual clock as its client runs it. */
export interface VirtualTime {
  readonly clock: VirtualClock
  /** What the app runs in. */
  readonly context: Context.Context<never>
  /** To be called when something happens that time has to wait for. */
  readonly moved: () => void
  /** Time waits, for a second of ours at most, while this says that something is at work that does not sleep. */
  readonly watch: (busy: () => boolean) => void
  /** Waits for work during which nobody moves the time: it passes by itself whenever all that is left to do is sleep. */
  readonly during: <A>(work: Promise<A>) => Promise<A>
  readonly close: () => Promise<void>
}

/** Macrotasks in which nothing moves, after which everything that was awake has got as far as it gets. */
const idleTurns = 10

/** Milliseconds of real time that are waited for work nobody sees the end of. */
const patience = 1000

/** Makes a clock that stands still at 1970. */
export const virtualTime = async (): Promise<VirtualTime> => {
  const scope = Scope.makeUnsafe()
  const given = await Effect.runPromise(Layer.buildWithScope(TestClock.layer(), scope))
  const testClock = Context.get(given as Context.Context<any>, Clock.Clock) as TestClock.TestClock
  /** When each sleeper is due. */
  const sleepers = new Set<{ readonly due: number }>()
  let moves = 0
  let wake: (() => void) | undefined
  let busy = () => false
  const moved = () => {
    moves++
  }
  const now = () => testClock.currentTimeMillisUnsafe()

  const sleep = (duration: Duration.Duration): Effect.Effect<void> => {
    const millis = Duration.toMillis(duration)
    if (millis === Number.POSITIVE_INFINITY) return Effect.never
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const sleeper = { due: now() + millis }
        sleepers.add(sleeper)
        moved()
        wake?.()
        return sleeper
      }),
      () => testClock.sleep(duration),
      (sleeper) =>
        Effect.sync(() => {
          sleepers.delete(sleeper)
          moved()
        })
    )
  }

  const quiet = async () => {
    let seen = moves
    let since = performance.now()
    for (let idle = 0; idle < idleTurns; ) {
      await macrotask()
      if (seen !== moves) {
        seen = moves
        since = performance.now()
        idle = 0
      } else if (!busy() || performance.now() - since > patience) idle++
    }
  }

  const next = (): number => Math.min(...Array.from(sleepers, ({ due }) => due))

  /** Step by step: what wakes at one time may go to sleep again until another, by way of promises Effect knows nothing of. */
  const advance = async (target: number) => {
    await quiet()
    for (let due = next(); due <= target; due = next()) {
      // a time and no duration: now + (due - now) may fall short of due, and nobody would ever wake
      await Effect.runPromise(testClock.setTime(Math.max(due, now())))
      await quiet()
    }
    if (target > now()) await Effect.runPromise(testClock.setTime(target))
  }

  let turn: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  const during = async <A>(work: Promise<A>): Promise<A> => {
    let over = false
    const end = () => {
      over = true
    }
    const ended = work.then(end, end)
    const asleep = () => (sleepers.size > 0 ? undefined : new Promise<void>((resolve) => (wake = resolve)))
    while (!over) {
      await Promise.race([ended, asleep()])
      await quiet()
      if (!over && sleepers.size > 0) await inTurn(() => advance(next()))
    }
    return work
  }

  return {
    clock: {
      now,
      adjust: async (duration) => {
        const millis = Duration.toMillis(Duration.fromInputUnsafe(duration))
        if (!Number.isFinite(millis)) throw new RangeError("clock.adjust: time cannot pass for ever; give a duration.")
        await inTurn(() => advance(now() + millis))
      },
      setTime: async (millis) => {
        if (!Number.isFinite(millis)) throw new RangeError(`clock.setTime: ${millis} is no time; give milliseconds.`)
        await inTurn(async () => {
          await advance(millis)
          if (millis < now()) await Effect.runPromise(testClock.setTime(millis))
        })
      }
    },
    context: Context.add(given as Context.Context<any>, Clock.Clock, { ...testClock, sleep }) as Context.Context<never>,
    moved,
    watch: (working) => {
      busy = working
    },
    during,
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
