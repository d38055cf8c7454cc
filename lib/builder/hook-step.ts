import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"

/** A hook made uniform: what comes further in and what it is told in, an Effect out. */
export type UniformHook = (next: any, call: any) => Effect.Effect<any, unknown, any>

/** Calls a hook once it runs, as `Effect.suspend` would, which takes three objects where this is one. */
export const hookStep = (hook: UniformHook, next: any, call: any): Effect.Effect<any, unknown, any> =>
  new (Step as any)(hook, next, call)

/** Whether an Effect is what such a step gives, which was checked already where it came from. */
export const isHookStep = (u: unknown): boolean => u instanceof Step

interface StepShape extends Effect.Effect<any, unknown, any> {
  readonly hook: UniformHook
  readonly next: any
  readonly call: any
}

/** A function: the prototype of a class cannot be replaced. */
const Step = function (this: any, hook: UniformHook, next: any, call: any): void {
  this.hook = hook
  this.next = next
  this.call = call
}

Step.prototype = Effectable.Prototype<StepShape>({
  label: "Hook",
  evaluate(): Effect.Effect<any, unknown, any> {
    let given: Effect.Effect<any, unknown, any> = this.hook(this.next, this.call)
    // one that only goes on gives the next step: no need to go through the fiber's loop for each
    while (given instanceof Step) {
      const { hook, next, call } = given as unknown as StepShape
      given = hook(next, call)
    }
    return given
  }
})
