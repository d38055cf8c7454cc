import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type * as Fiber from "effect/Fiber"
import { HandlerContexts, isGenerator, isPromiseLike, settle } from "./handler.ts"

/** What authors write: what comes further in and what it is told in, and what async functions need; see `HookReturn`. */
type Written = (next: any, call: any, context?: any) => unknown

/** A hook of middleware: what its author wrote, and what is made of what that gives. */
export class UniformHook {
  readonly #name: string
  readonly #written: Written
  readonly #takesContext: boolean
  /** Whether it is a part of the call that it stands around. */
  readonly #isPart: boolean
  readonly #check: ((result: unknown) => void) | undefined

  /** `check` throws where the hook's result is not one. */
  constructor(name: string, written: Written, check?: (result: unknown) => void) {
    this.#name = name
    this.#written = written
    this.#takesContext = written.length > 2
    this.#isPart = name !== "request"
    this.#check = check
  }

  /** Calls what its author wrote, in the fiber that it runs in; `settle` takes what that gives. */
  begin(next: unknown, call: unknown, fiber: Fiber.Fiber<unknown, unknown>): unknown {
    const written = this.#written
    if (!this.#takesContext) return written(next, call)
    const services = fiber.context as Context.Context<any>
    const contexts = Context.getUnsafe(services, HandlerContexts)
    const context = contexts.ofHook(services, this.#isPart)
    const given = written(next, call, context)
    return isPromise(given) ? this.#awaited(given, () => contexts.interrupted(context)) : given
  }

  /** The same for a hook that runs in another fiber, or with other services, than the one that it is made in. */
  whole(next: unknown, call: unknown): Effect.Effect<any, unknown, any> {
    return Effect.withFiber((fiber) => this.settle(this.begin(next, call, fiber)))
  }

  /** Generators and promises become Effects, and what hooks give is checked before anything is made of it. */
  settle(given: unknown): Effect.Effect<any, unknown, any> {
    if (Effect.isEffect(given)) return this.#checked(given as Effect.Effect<any, unknown, any>)
    if (isPromise(given)) return this.#checked(this.#awaited(given))
    if (typeof given === "object" && given !== null && isGenerator(given)) return this.#checked(settle(() => given))
    return Effect.die(
      new TypeError(`The middleware hook ${this.#name} must return an Effect, or be a generator or async function.`)
    )
  }

  #awaited(
    promise: PromiseLike<unknown>,
    interrupted?: () => Effect.Effect<void>
  ): Effect.Effect<unknown, unknown, any> {
    return Effect.map(
      settle(() => promise, interrupted),
      (result) => {
        if (!Effect.isEffect(result)) return result
        throw new TypeError(
          `The middleware hook ${this.#name} gives an Effect out of an async function, which nobody runs: give what \`await run(…)\` makes of it, with \`run\` from the hook's third parameter.`
        )
      }
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

const isPromise = (u: unknown): u is PromiseLike<unknown> => typeof u === "object" && u !== null && isPromiseLike(u)

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
  evaluate(fiber): Effect.Effect<any, unknown, any> {
    let step: StepShape = this
    for (;;) {
      const { hook, next, call } = step
      const given = hook.begin(next, call, fiber)
      if (!(given instanceof Step)) return hook.settle(given)
      // a hook that only goes on gives the next step, which was checked already where it came from: no need to go
      // through the fiber's loop for each
      step = given as unknown as StepShape
    }
  }
})
