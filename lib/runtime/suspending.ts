import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CurrentCall } from "../services/current-call.ts"
import { Paused } from "./around-request.ts"
import type { Asking } from "./asking.ts"
import { cutShort, endAsks, type AskPlan } from "./asks-for.ts"
import type { LiveCall } from "./live-call.ts"

/**
 * Runs an effect so that it can ask, and be suspended without what surrounds it: in a fiber of its own, which starts at once
 * and costs no turn where nothing waits. Gives `Paused` where it was suspended, and dies where it took another path.
 */
export const askable = (
  inner: Effect.Effect<unknown, unknown, any>,
  plan: AskPlan
): Effect.Effect<unknown, unknown, any> =>
  Effect.withFiber((outer) => {
    const around = outer.context as Context.Context<any>
    const call = (Context.getUnsafe(around, CurrentCall) as LiveCall).within(plan)
    const context = Context.add(around, CurrentCall, call)
    const fiber = Effect.runForkWith(context)(inner)
    call.runs(fiber)
    const settle = (exit: Exit.Exit<unknown, unknown>) => {
      endAsks(call.asked, Exit.isSuccess(exit))
      plan.rehearse(inner, context, call.asked, exit)
      return settled(call.asked, exit)
    }
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return settle(exit)
    return Effect.callback((resume) => {
      fiber.addObserver((exit) => resume(settle(exit)))
      return Effect.callback<void>((stopped) => {
        fiber.addObserver(() => stopped(Effect.void))
        call.cut()
        fiber.interruptUnsafe()
      })
    })
  })

/** What a run came to that may have been cut short. */
const settled = (asks: Asking | undefined, exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown, unknown> => {
  const cut = cutShort(asks)
  if (cut === undefined) return exit
  return cut instanceof Error ? Effect.die(cut) : Effect.succeed(new Paused(cut))
}
