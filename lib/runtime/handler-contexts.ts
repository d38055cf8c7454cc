import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import {
  type HandlerContext,
  type HandlerContexts,
  type LogShorthand,
  type StepOptions,
  settle,
  type Uses
} from "../builder/handler.ts"
import { ClientLog, type LogLevel } from "../services/client-log.ts"
import { callOf } from "../services/current-call.ts"
import { type Frame, InStep } from "./asking.ts"
import { Durable } from "../services/durable.ts"
import { Elicitation } from "../services/elicitation.ts"
import { Sampling } from "../services/sampling.ts"
import { Progress } from "../services/progress.ts"

/**
 * Makes the second parameter of handlers. Everything on it is a lazy getter, so that a handler pays only for what it
 * takes; classes are made once per set of `uses`.
 */
export const handlerContexts = (): HandlerContexts["Service"] => {
  const classes = new WeakMap<Uses, new (context: Context.Context<never>) => object>()
  return {
    make: (context, uses) => {
      if (uses === undefined) return new Shorthands(context)
      let Class = classes.get(uses)
      if (Class === undefined) {
        Class = withUses(uses)
        classes.set(uses, Class)
      }
      return new Class(context)
    },
    ofHook: (context, isPart) => new Shorthands(context, isPart),
    interrupted: (context) => (context as Shorthands).interrupted()
  }
}

class Shorthands implements HandlerContext<any> {
  readonly #context: Context.Context<never>
  #controller: AbortController | undefined
  #cleanups: Array<() => unknown> | undefined
  /** What the handler has run and has not ended. */
  #fibers: Set<Fiber.Fiber<unknown, unknown>> | undefined
  #ended = false
  /** Whether cleanups are running, which may go on where the call itself may not. */
  #cleaning = false
  /** The step whose work is being called right now. */
  #frame: Frame | undefined

  /** Whether nothing goes on after what it runs where the call is suspended. */
  readonly #isPart: boolean

  constructor(context: Context.Context<never>, isPart = true) {
    this.#context = context
    this.#isPart = isPart
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      this.#watchEnd()
    }
    return this.#controller.signal
  }

  get defer(): HandlerContext["defer"] {
    return (cleanup) => {
      this.#watchEnd()
      if (this.#ended) Effect.runFork(tidy(cleanup))
      else this.#cleanups!.push(cleanup)
    }
  }

  get run(): HandlerContext<any>["run"] {
    return (effect) => {
      const context = this.#context as Context.Context<any>
      if (this.#cleaning) {
        // the scope has closed already: a cleanup is waited for, and nothing interrupts it
        const fiber = Effect.runForkWith(context)(Effect.uninterruptible(effect))
        return settlingUnless(() => false, fiber)
      }
      const call = this.#isPart ? callOf(this.#context) : undefined
      if (call?.suspended() === true) return forever
      const own = this.#frame === undefined ? context : Context.add(context, InStep, this.#frame)
      const fiber = Effect.runForkWith(own)(effect)
      if (fiber.pollUnsafe() === undefined) this.#track(fiber)
      return settlingUnless(() => call?.suspended() === true, fiber)
    }
  }

  get elicit(): HandlerContext["elicit"] {
    const { form, confirm, choose, text, number, url } = Context.getUnsafe(this.#context, Elicitation)
    const run = this.run
    return Object.assign((...given: Parameters<typeof form>) => run(form(...given)), {
      confirm: (...given: Parameters<typeof confirm>) => run(confirm(...given)),
      choose: (...given: Parameters<typeof choose>) => run(choose(...given)),
      text: (...given: Parameters<typeof text>) => run(text(...given)),
      number: (...given: Parameters<typeof number>) => run(number(...given)),
      url: (...given: Parameters<typeof url>) =>
        run(
          Effect.map(url(...given), ({ elicitationId, complete }) => ({ elicitationId, complete: () => run(complete) }))
        )
    }) as HandlerContext["elicit"]
  }

  get sample(): HandlerContext["sample"] {
    const { text, message, object, run: useTools } = Context.getUnsafe(this.#context, Sampling)
    const run = this.run
    return Object.assign((...given: Parameters<typeof text>) => run(text(...given)), {
      message: (...given: Parameters<typeof message>) => run(message(...given)),
      object: (...given: Parameters<typeof object>) => run(object(...given)),
      run: (...given: Parameters<typeof useTools>) => run(useTools(...given))
    }) as HandlerContext["sample"]
  }

  get step(): HandlerContext["step"] {
    const durable = Context.getUnsafe(this.#context, Durable)
    const run = this.run
    const step = (name: string, work: () => unknown, options?: StepOptions<any>) =>
      run(durable.step(name, this.#work(work), options))
    return Object.assign(step, {
      now: () => run(durable.now),
      uuid: () => run(durable.uuid),
      random: () => run(durable.random),
      idempotencyKey: (step: string) => run(durable.idempotencyKey(step))
    }) as HandlerContext["step"]
  }

  get progress(): HandlerContext["progress"] {
    const service = Context.getUnsafe(this.#context, Progress)
    return (progress, total, message) => this.#promise(service.report(progress, total, message))
  }

  get log(): HandlerContext["log"] {
    const service = Context.getUnsafe(this.#context, ClientLog)
    const at =
      (level: LogLevel): LogShorthand =>
      (data, logger) =>
        this.#promise(service.log(level, data, logger))
    return {
      debug: at("debug"),
      info: at("info"),
      notice: at("notice"),
      warning: at("warning"),
      error: at("error"),
      critical: at("critical"),
      alert: at("alert"),
      emergency: at("emergency")
    }
  }

  /** What a step runs; whatever its work asks right away is asked inside of the step. */
  #work(work: () => unknown): Effect.Effect<any, unknown, any> {
    return Effect.withFiber(({ context }) => {
      this.#frame = Context.getOrUndefined(context as Context.Context<any>, InStep)
      try {
        return settle(work)
      } finally {
        this.#frame = undefined
      }
    })
  }

  /** For the runtime alone: nobody waits for the handler any more. */
  interrupted(): Effect.Effect<void> {
    this.#abort()
    return this.#stopRunning()
  }

  /** Aborts `signal`, where a handler has asked for it. */
  #abort(): void {
    this.#controller?.abort(new Error("The call has ended."))
  }

  #stopRunning(): Effect.Effect<void> {
    const fibers = this.#fibers
    return fibers === undefined || fibers.size === 0 ? Effect.void : Fiber.interruptAll([...fibers])
  }

  #promise(effect: Effect.Effect<void>): Promise<void> {
    return this.run(effect)
  }

  #scope(): Scope.Scope | undefined {
    return callOf(this.#context)?.scope ?? Context.getOrUndefined(this.#context as Context.Context<any>, Scope.Scope)
  }

  /** A fiber of the handler's ends with the call. */
  #track(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.#watchEnd()
    if (this.#ended) {
      fiber.interruptUnsafe()
      return
    }
    this.#fibers ??= new Set()
    const fibers = this.#fibers
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
  }

  /** One finalizer for all: what still runs hears of the end before what it uses is cleaned up. */
  #watchEnd(): void {
    if (this.#cleanups !== undefined) return
    const cleanups: Array<() => unknown> = []
    this.#cleanups = cleanups
    const scope = this.#scope()
    if (scope === undefined) return
    const end = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.suspend(() => {
        this.#ended = true
        if (Exit.isFailure(exit)) this.#abort()
        this.#cleaning = true
        const all = Effect.andThen(this.#stopRunning(), Effect.forEach(cleanups.reverse(), tidy, { discard: true }))
        return Effect.ensuring(
          all,
          Effect.sync(() => {
            this.#cleaning = false
          })
        )
      })
    // in a scope that is closed already it runs at once
    Effect.runFork(Scope.addFinalizerExit(scope, end))
  }
}

/** A promise that nothing comes after. */
const forever: Promise<never> = new Promise(() => {})

/**
 * What a fiber comes to, as a promise. Of a call that was suspended meanwhile nothing may go on, `catch` and `finally`
 * included, so its promises never settle. Nobody has to await them: a rejection without a listener would end the process.
 */
const settlingUnless = <A>(suspended: () => boolean, fiber: Fiber.Fiber<A, unknown>): Promise<A> => {
  const promise = new Promise<A>((resolve, reject) => {
    fiber.addObserver((exit) => {
      if (suspended()) return
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(Cause.squash(exit.cause))
    })
  })
  promise.catch(() => {})
  return promise
}

/** A cleanup that fails is logged, and the others still run. */
const tidy = (cleanup: () => unknown): Effect.Effect<void> =>
  Effect.catch(Effect.tryPromise({ try: async () => void (await cleanup()), catch: (error) => error }), (error) =>
    Effect.logError("A cleanup given to defer failed", error)
  )

const withUses = (uses: Uses): (new (context: Context.Context<never>) => object) => {
  class WithUses extends Shorthands {
    readonly services: Context.Context<never>
    constructor(context: Context.Context<never>) {
      super(context)
      this.services = context
    }
  }
  for (const [name, key] of Object.entries(uses)) {
    Object.defineProperty(WithUses.prototype, name, {
      enumerable: true,
      get(this: WithUses) {
        return Context.getUnsafe(this.services as Context.Context<any>, key)
      }
    })
  }
  return WithUses
}
