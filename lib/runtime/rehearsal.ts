import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { CurrentCall } from "../services/current-call.ts"
import type { Running } from "./app.ts"
import type { Facing } from "./asking.ts"
import { Replay } from "./replay.ts"

/**
 * Runs a call that has asked and ended once more, against all it was answered and has recorded, and logs where it then asks
 * or does something else. Nothing of this run reaches the client, and a step that is not recorded is not run.
 */
export const rehearse = (
  running: Running,
  subject: string,
  facing: Facing,
  inner: Effect.Effect<unknown, unknown, any>,
  context: Context.Context<any>,
  asks: Replay,
  exit: Exit.Exit<unknown, unknown>
): void => {
  if (asks.suspended()) return
  const journal = asks.finished()
  if (journal === undefined || (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))) return
  let stop = () => {}
  const again = new Replay({ ...facing, changed: () => {} }, { journal, responses: {} }, () => stop(), true)
  const scope = Scope.makeUnsafe()
  const call = Context.getUnsafe(context, CurrentCall)
  const own = context.pipe(
    Context.add(CurrentCall, {
      scope,
      uriOf: call.uriOf,
      progress: undefined,
      log: undefined,
      logLevel: call.logLevel,
      visibility: call.visibility,
      at: call.at,
      asks: again,
      suspended: () => again.suspended(),
      rehearsal: true,
      errors: call.errors
    }),
    Context.add(Scope.Scope, scope)
  )
  const fiber = Effect.runForkWith(own)(inner)
  stop = () => fiber.interruptUnsafe()
  if (again.suspended()) stop()
  const check = Effect.gen(function* () {
    const second = yield* Effect.onInterrupt(
      Effect.callback<Exit.Exit<unknown, unknown>>((resume) => {
        fiber.addObserver((ended) => resume(Effect.succeed(ended)))
      }),
      () => Effect.sync(stop)
    )
    again.end(Exit.isSuccess(second))
    yield* Scope.close(scope, second)
    const difference = differenceOf(again, exit, second)
    if (difference !== undefined) yield* Effect.logWarning(`${subject} is not deterministic: ${difference}`)
  })
  running.follow(Effect.runForkWith(context)(check))
}

const differenceOf = (
  again: Replay,
  first: Exit.Exit<unknown, unknown>,
  second: Exit.Exit<unknown, unknown>
): string | undefined => {
  const { defect, suspension } = again
  if (defect !== undefined) return defect.message
  if (suspension !== undefined) {
    const asked = suspension.journal.open.map(([, , label]) => label).join(", ")
    return `run again with the same answers, it also asked ${asked}.`
  }
  const left = again.unasked()
  if (left.length > 0) return `run again with the same answers, it did not ask ${left.join(", ")}.`
  const one = outcomeOf(first)
  const other = outcomeOf(second)
  return one === other ? undefined : `run again with the same answers, it came to ${other} instead of ${one}.`
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return shortText(exit.value)
  const error = Cause.squash(exit.cause)
  return `the failure ${error instanceof Error ? shortText(error.message) : shortText(error)}`
}

const shortText = (value: unknown): string => {
  let text: string
  try {
    text = JSON.stringify(value) ?? "nothing"
  } catch {
    text = "a value that is not JSON"
  }
  return text
}
