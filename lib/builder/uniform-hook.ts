import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"

/** A hook of middleware: what its author wrote, and what is made of what that gives. */
export class UniformHook {
  readonly #name: string
  /** What its author wrote: what comes further in and what it is told in, an Effect or a generator out. */
  readonly run: (next: any, call: any) => unknown
  readonly #check: ((result: unknown) => void) | undefined

  /** `check` throws where the hook's result is not one. */
  constructor(name: string, run: (next: any, call: any) => unknown, check?: (result: unknown) => void) {
    this.#name = name
    this.run = run
    this.#check = check
  }

  /** Generators become Effects, and what hooks give is checked before anything is made of it. */
  settle(given: unknown): Effect.Effect<any, unknown, any> {
    if (Effect.isEffect(given)) return this.#checked(given as Effect.Effect<any, unknown, any>)
    if (Object.prototype.toString.call(given) === "[object Generator]") {
      return this.#checked(Effect.gen(() => given as any))
    }
    // nobody waits for it, and one that rejects unheard ends the process
    if (isPromiseLike(given)) void Promise.resolve(given).catch(() => {})
    return Effect.die(
      new TypeError(`The middleware hook ${this.#name} must return an Effect or be a generator function.`)
    )
  }

  #checked(effect: Effect.Effect<any, unknown, any>): Effect.Effect<any, unknown, any> {
    const check = this.#check
    if (check === undefined) return effect
    return Effect.map(effect, (result) => {
      check(result)
      return result
    })
  }
}

/** Calls a hook once it runs, as `Effect.suspend` would, which takes three objects where this is one. */
export const hookStep = (hook: UniformHook, next: any, call: any): Effect.Effect<any, unknown, any> =>
  new (Step as any)(hook, next, call)

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
    let step: StepShape = this
    for (;;) {
      const { hook, next, call } = step
      const { run } = hook
      const given = run(next, call)
      if (!(given instanceof Step)) return hook.settle(given)
      // a hook that only goes on gives the next step, which was checked already where it came from: no need to go
      // through the fiber's loop for each
      step = given as unknown as StepShape
    }
  }
})

const isPromiseLike = (u: unknown): u is PromiseLike<unknown> =>
  typeof u === "object" && u !== null && typeof (u as { then?: unknown }).then === "function"
