import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { Paused } from "./around-request.ts"
import { cutShort } from "./asks-for.ts"
import type { LiveCall } from "./live-call.ts"
import { Stop } from "./stop.ts"

/** A call that another one makes, in fibers of its own: where it waits for its client, what surrounds it sees a pause and goes on. */
export class Parted {
  /** Gives `Paused` where the call waits for its client, in every run of it. */
  readonly run: Effect.Effect<unknown, unknown, any>
  readonly #call: LiveCall
  readonly #fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  readonly #stop: Stop

  constructor(run: Effect.Effect<unknown, unknown, any>, call: LiveCall) {
    this.#call = call
    this.#stop = new Stop(() => {
      for (const fiber of this.#fibers) fiber.interruptUnsafe()
    })
    this.run = Effect.withFiber(({ context }) => {
      if (this.#call.suspended()) return this.#pause ?? Effect.interrupt
      return this.#begin(run, context as Context.Context<any>)
    })
  }

  /** Runs what surrounds it: what made the call is not stopped before that has ended, where the call has begun. */
  within<A, E>(surroundings: Effect.Effect<A, E, any>): Effect.Effect<A, E, any> {
    return Effect.onExit(surroundings, () => Effect.sync(() => this.#call.hasStopped(this.#stop)))
  }

  #begin(run: Effect.Effect<unknown, unknown, any>, context: Context.Context<any>): Effect.Effect<unknown, unknown> {
    this.#call.stopsFirst(this.#stop)
    const fiber = Effect.runForkWith(context)(run)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.#settled(exit)
    this.#fibers.add(fiber)
    // it was suspended before anybody knew its fiber
    if (this.#call.suspended()) fiber.interruptUnsafe()
    return Effect.callback((resume) => {
      fiber.addObserver((exit) => {
        this.#fibers.delete(fiber)
        resume(this.#settled(exit))
      })
      return Effect.asVoid(Fiber.interrupt(fiber))
    })
  }

  #settled(exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown, unknown> {
    return (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? this.#pause : undefined) ?? exit
  }

  get #pause(): Effect.Effect<Paused> | undefined {
    const cut = cutShort(this.#call.asked)
    return cut === undefined || cut instanceof Error ? undefined : Effect.succeed(new Paused(cut))
  }
}
