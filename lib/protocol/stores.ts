import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Running } from "../runtime/app.ts"
import { maskedDefect } from "../runtime/failure.ts"
import { EventStore, type EventStoreShape } from "../services/event-store.ts"
import { SessionStore, type SessionStoreShape } from "../services/session-store.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** The stores of a running app, and how the protocol uses them. */
export interface Stores {
  readonly events: EventStoreShape
  readonly sessions: SessionStoreShape
  /** What an effect gives, at once where it can: stores in memory never wait. Throws, or rejects, with what it dies of. */
  readonly now: <A>(effect: Effect.Effect<A>) => A | Promise<A>
  /** Runs an effect for which nobody waits; `what` goes wrong where it dies, and is logged. Gives a promise where it takes time, which never rejects. */
  readonly fork: (what: string, effect: Effect.Effect<unknown>) => Promise<void> | undefined
  /** Logs that a store failed, and makes the refusal (500) that stands for it. */
  readonly failed: (error: unknown) => Refusal
}

export const storesOf = (running: Running): Stores => {
  const context = running.context(running.assembly.root) as Context.Context<any>
  return {
    events: Context.getUnsafe(context, EventStore),
    sessions: Context.getUnsafe(context, SessionStore),
    now: (effect) => {
      const fiber = Effect.runForkWith(context)(effect)
      const exit = fiber.pollUnsafe()
      if (exit === undefined) {
        return new Promise((resolve, reject) => {
          fiber.addObserver((exit) => {
            if (Exit.isSuccess(exit)) resolve(exit.value)
            else reject(Cause.squash(exit.cause))
          })
        })
      }
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    },
    fork: (what, effect) => {
      const fiber = Effect.runForkWith(context)(Effect.catchCause(effect, (cause) => Effect.logError(what, cause)))
      if (fiber.pollUnsafe() !== undefined) return undefined
      return new Promise((resolve) => {
        fiber.addObserver(() => resolve())
      })
    },
    failed: (error) => {
      const { message } = maskedDefect(context, error, "A store of sessions or events", running.assembly.dev)
      return refusal("internal-error", message, { status: 500 })
    }
  }
}
