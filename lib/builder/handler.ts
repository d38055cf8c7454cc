import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Types from "effect/Types"
import type * as v from "valibot"
import type { ErrorClass } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"
import type { ElicitShorthand } from "./questions.ts"
import type { SampleShorthand } from "./sampling-types.ts"
import type { Schema } from "./schema.ts"

/** The four things a handler may give back: a value, a promise of it, an Effect, or a generator of Effects. */
export type Handled<A> =
  | A
  | PromiseLike<A>
  | Effect.Effect<A, any, any>
  | Generator<Effect.Effect<any, any, any>, A, any>

/** What a handler gives in the end. A union of plain values stays whole, which keeps its name in hovers. */
export type SuccessOf<Ret> = [Extract<Ret, Wrapped>] extends [never] ? Ret : Unwrapped<Ret>

type Wrapped = PromiseLike<any> | Effect.Effect<any, any, any> | Generator<any, any, any>

type Unwrapped<Ret> =
  Ret extends Effect.Effect<infer A, infer _E, infer _R>
    ? A
    : Ret extends Generator<infer _Y, infer A, infer _N>
      ? A
      : Awaited<Ret>

/** The Effects a handler runs; a handler that returns `any`, such as `JSON.parse(…)`, runs none that the compiler knows. */
type EffectsOf<Ret> = 0 extends 1 & Ret ? never : Ret extends Generator<infer Y, infer _A, infer _N> ? Known<Y> : Ret

type Known<Y> = 0 extends 1 & Y ? never : Y

export type ErrorOf<Ret> =
  EffectsOf<Ret> extends infer T ? (T extends Effect.Effect<any, infer E, any> ? E : never) : never

export type ServicesOf<Ret> =
  EffectsOf<Ret> extends infer T ? (T extends Effect.Effect<any, any, infer R> ? R : never) : never

/** The services a handler wants on its second parameter, by the name it wants them under. */
export type Uses = Readonly<Record<string, Context.Key<any, any>>>

export type UsesServices<U extends Uses> = Context.Service.Identifier<U[keyof U]>

/** The mark of a service that the runtime supplies, per request or per app: it never counts as missing. */
export interface Supplied {
  readonly "~mcpipe/supplied": "request" | "app"
}

/** What of `R` the author still has to supply. */
export type Needs<R> = R extends Supplied | Scope.Scope ? never : R

/** The readable error for an Effect that needs a service which its handler does not name. */
export interface NotInUses<R> {
  readonly "This handler does not name the service: add it to the `uses` option": Types.Covariant<R>
}

/** Nothing when no service is missing, the readable error otherwise. */
export type OnlyUses<R> = [R] extends [never] ? unknown : NotInUses<R>

/** Sends one log message to the client; settles when it is on its way. */
export type LogShorthand = (data: unknown, logger?: string) => Promise<void>

/** `Durable`, as promises. */
export interface StepShorthand {
  /**
   * Runs work once along the rounds of a call and records what it gives, or fails with, as JSON; see `Durable.step`.
   * @example const receipt = await step("charge", () => charge(card))
   */
  <Ret>(name: string, work: () => Ret, options?: StepOptions<SuccessOf<Ret>>): Promise<SuccessOf<Ret>>
  /** Milliseconds since 1970, the same in every round. */
  readonly now: () => Promise<number>
  /** A UUID of version 4's form, the same in every round. */
  readonly uuid: () => Promise<string>
  /** A number from 0 up to 1, the same in every round. */
  readonly random: () => Promise<number>
  /** A key for one step of this call; see `Durable.idempotencyKey`. */
  readonly idempotencyKey: (step: string) => Promise<string>
}

/** How a step is recorded. */
export interface StepOptions<A> {
  /**
   * Makes the step's value from the JSON that is recorded, such as a `Date` from its ISO string. Default: the value is
   * plain JSON data.
   */
  readonly schema?: v.GenericSchema<any, A> | Schema<any, A> | undefined
  /** Classes that recorded failures are instances of again, beside our own and those in the tool's `errors`. */
  readonly errors?: ReadonlyArray<ErrorClass> | undefined
}

/** What every handler gets beside its arguments and its `uses`. */
export interface HandlerContext<R = never> {
  /** Aborted when the call is cancelled, times out or fails. */
  readonly signal: AbortSignal
  /** Runs `cleanup` when the call ends, however it ends; last registered runs first. */
  readonly defer: (cleanup: () => void | PromiseLike<void>) => void
  /** Runs an Effect inside this call, with its services; interrupted when the call ends. */
  readonly run: <A, E, R2>(effect: Effect.Effect<A, E, R2> & OnlyUses<Exclude<Needs<R2>, R>>) => Promise<A>
  /**
   * Asks the user. On 2026-07-28 the handler then ends here, for this round: it runs again from its start once there is an
   * answer, so do what must happen once in a `step`.
   */
  readonly elicit: ElicitShorthand
  /** Asks a language model: the client's, or the server's own where `Sampling.model` gives one. */
  readonly sample: SampleShorthand
  /** Does something once along the rounds of a call that asks. */
  readonly step: StepShorthand
  /** Reports progress; goes nowhere when the client did not ask for it. Values must increase. */
  readonly progress: (progress: number, total?: number, message?: string) => Promise<void>
  /** Sends log messages to the client, in the eight levels of RFC 5424. */
  readonly log: {
    readonly debug: LogShorthand
    readonly info: LogShorthand
    readonly notice: LogShorthand
    readonly warning: LogShorthand
    readonly error: LogShorthand
    readonly critical: LogShorthand
    readonly alert: LogShorthand
    readonly emergency: LogShorthand
  }
}

/** The readable error for an Effect that needs a service, in a hook that cannot say so. */
export interface NotInAsyncHooks<R> {
  readonly "An async hook cannot run what needs a service: write the hook as a generator function": Types.Covariant<R>
}

/** What hooks of middleware get as their third parameter, so that they can be async functions. */
export interface HookContext extends Pick<HandlerContext, "signal" | "defer"> {
  /**
   * Runs an Effect, such as `next`, where the hook stands; interrupted when the hook is.
   * @example middleware(async (next, _, { run }) => await run(next))
   */
  readonly run: <A, E, R>(
    effect: Effect.Effect<A, E, R> & ([Needs<R>] extends [never] ? unknown : NotInAsyncHooks<Needs<R>>)
  ) => Promise<A>
}

/** The same for hooks that are part of a call, which may ask and tell as its handler may. */
export interface CallHookContext
  extends HookContext,
    Pick<HandlerContext, "elicit" | "sample" | "step" | "progress" | "log"> {}

/** A handler's second parameter: its `uses`, and the shorthands of `HandlerContext`. */
// NoInfer: without it a handler made by Effect.fn loses the types of its parameters where `uses` is left out.
export type ContextFor<U extends Uses> = {
  readonly [K in keyof NoInfer<U>]: Context.Service.Shape<NoInfer<U>[K]>
} & HandlerContext<UsesServices<U>>

/** How the runtime makes second parameters; internal to the library. */
export class HandlerContexts extends Context.Service<
  HandlerContexts,
  {
    readonly make: (context: Context.Context<never>, uses: Uses | undefined) => unknown
    /** The third parameter of a hook; one that is no part of its call goes on where that is suspended. */
    readonly ofHook: (context: Context.Context<never>, isPart: boolean) => unknown
    /** An async function cannot be stopped, only told: aborts the signal of the context made for it, and interrupts what it runs. */
    readonly interrupted: (context: unknown) => Effect.Effect<void>
  }
>()("mcpipe/HandlerContexts") {
  declare readonly "~mcpipe/supplied": "request"
}

/** A handler made uniform: decoded arguments in, an Effect out. Failures carry whatever was thrown, rejected or failed. */
export type Invoke = (args: any, extra?: any) => Effect.Effect<any, unknown, any>

const shorthands: ReadonlyArray<string> = [
  "signal",
  "defer",
  "run",
  "elicit",
  "sample",
  "step",
  "progress",
  "log"
] satisfies ReadonlyArray<keyof HandlerContext>

/** Makes any of the four handler forms uniform; `uses` names the services of its second parameter. */
export const invoker = (
  handler: (args: any, context: any) => unknown,
  uses: Uses | undefined,
  where: string
): Invoke => {
  for (const [name, key] of Object.entries(uses ?? {})) {
    if (shorthands.includes(name)) {
      throw new DefinitionError(`${where}: uses.${name} would hide the handler's own ${name}; choose another name.`)
    }
    if (!Context.isKey(key)) {
      throw new DefinitionError(
        `${where}: uses.${name} must be a service, such as a class that extends Context.Service.`
      )
    }
  }
  const names = uses === undefined || Object.keys(uses).length === 0 ? undefined : uses
  return (args) =>
    Effect.withFiber((fiber) => {
      const contexts = Context.getUnsafe(fiber.context, HandlerContexts)
      const context = contexts.make(fiber.context, names)
      return settle(
        () => handler(args, context),
        () => contexts.interrupted(context)
      )
    })
}

/** The same for functions that take no context, such as completions. */
export const invokerOf =
  (f: (...args: ReadonlyArray<any>) => unknown): ((...args: ReadonlyArray<any>) => Effect.Effect<any, unknown, any>) =>
  (...args) =>
    Effect.suspend(() => settle(() => f(...args)))

/** Makes what a function gives uniform; `interrupted` is run where it was a promise nobody waits for any more. */
export const settle = (
  run: () => unknown,
  interrupted: () => Effect.Effect<void> = () => Effect.void
): Effect.Effect<any, unknown, any> => {
  let returned: unknown
  try {
    returned = run()
  } catch (error) {
    return Effect.fail(error)
  }
  if (typeof returned !== "object" || returned === null) return Effect.succeed(returned)
  if (Effect.isEffect(returned)) return returned as Effect.Effect<any, unknown, any>
  if (isPromiseLike(returned)) {
    const promise = Effect.tryPromise({ try: () => returned, catch: (error) => error })
    return Effect.onInterrupt(promise, interrupted)
  }
  if (isGenerator(returned)) return Effect.gen(() => new Effects(returned) as unknown as Generator<any, any, any>)
  return Effect.succeed(returned)
}

export const isPromiseLike = (u: object): u is PromiseLike<unknown> =>
  typeof (u as { then?: unknown }).then === "function"

export const isGenerator = (u: object): u is Generator<any, any, any> =>
  (u as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Generator"

/** What a generator yields, where that is Effects; a generator of data is meant to be a result, and is none. */
class Effects {
  readonly #generator: Generator<any, any, any>
  constructor(generator: Generator<any, any, any>) {
    this.#generator = generator
  }
  next(value: unknown): IteratorResult<any, any> {
    const state = this.#generator.next(value)
    if (state.done !== true && !Effect.isEffect(state.value)) throw new TypeError(notAnEffect(state.value))
    return state
  }
}

const notAnEffect = (yielded: unknown): string =>
  typeof yielded === "object" && yielded !== null && isPromiseLike(yielded)
    ? "The generator yields a promise, which is no Effect: write yield* Effect.promise(() => …), or an async function."
    : `The generator yields ${shortJson(yielded, 60)}, which is no Effect: return data as an array, [...it].`
