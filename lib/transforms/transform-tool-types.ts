import type * as v from "valibot"
import type { ErrorOf, Handled, HandlerContext, Needs, ServicesOf, SuccessOf } from "../builder/handler.ts"
import type { InferOut, ValueInput } from "../builder/schema.ts"
import type { Tool, ToolAnnotations, Unfinished } from "../builder/tool.ts"
import type { Caller } from "../builder/visibility.ts"
import type { ArgumentOptions } from "./argument-options.ts"

/** How a tool is to be changed; what is left out stays as it is. `In` and `Out` are the tool's own. */
export interface TransformToolOptions<In = any, Out = any> {
  /** 1 to 128 of `A–Z a–z 0–9 _ - . /` (MCP server/tools, "Tool Names"). */
  readonly name?: string | undefined
  readonly title?: string | undefined
  /**
   * What it does, for the model. A function, in any of the four forms of a handler, makes it for each caller as lists are
   * asked for.
   */
  readonly description?: string | ((caller: Caller) => Handled<string>) | undefined
  /** What becomes of arguments, by the names they have. */
  readonly arguments?: Readonly<Record<string, ArgumentOptions>> | undefined
  /**
   * Makes the tool's arguments, under its own names, from valid ones that were sent, hidden ones included; what `schema`
   * replaced is as that decoded it. Any of the four forms of a handler; it runs again in each round of a call.
   */
  readonly mapInput?: ((args: In, context: HandlerContext) => Handled<unknown>) | undefined
  /**
   * Makes another output: from structured content, else from the text, number or content that the tool returned. Results
   * that say they are errors pass it by. Any of the four forms of a handler.
   */
  readonly mapOutput?: ((output: Out, context: HandlerContext) => Handled<unknown>) | undefined
  /** Schema of what `mapOutput` gives, which is validated. Default: none is listed. */
  readonly output?: ValueInput | undefined
  /**
   * Fields left out of the structured output, of text that is its JSON, and of the output schema: `user.email`,
   * `items[].ssn`, `*.token`, `**.password`, `a["odd.name"]`.
   */
  readonly omit?: ReadonlyArray<string> | undefined
  /** Fields kept of the structured output, written like those of `omit`; all others are left out. What is no object stays. */
  readonly pick?: ReadonlyArray<string> | undefined
  /** Put over those that the tool has. */
  readonly annotations?: ToolAnnotations | undefined
  /** In place of those that the tool has. */
  readonly tags?: ReadonlyArray<string> | undefined
  /** Put over what the tool has. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Who may see and call it, of those who may see the tool. */
  readonly visible?: ((caller: Caller) => boolean) | undefined
}

/** The readable error for an option that does not exist. */
type NoSuchOption = "transformTool has no such option; see TransformToolOptions for those there are"

/** The readable error for a key of `arguments` that the tool does not have. */
type NoSuchArgument = "the tool has no such argument"

type ArgumentsOf<O> = O extends { readonly arguments: infer A } ? A : {}

/** Nothing where options and arguments all exist, readable errors otherwise. */
export type KnownOptions<O> = [Exclude<keyof O, keyof TransformToolOptions>] extends [never]
  ? unknown
  : { readonly [K in Exclude<keyof O, keyof TransformToolOptions>]: NoSuchOption }

export type KnownArguments<In, O> = [Exclude<keyof ArgumentsOf<O>, keyof In>] extends [never]
  ? unknown
  : { readonly arguments: { readonly [K in Exclude<keyof ArgumentsOf<O>, keyof In>]: NoSuchArgument } }

/** The readable error for a tool that does not have the arguments of options that were written before it. */
export interface ToolLacksArgument<K> {
  readonly "The tool does not have an argument that is to be changed": K
}

export type HasArguments<T, O> =
  T extends Tool<infer _N, infer In, infer _Out, infer _E, infer _R>
    ? [Exclude<keyof ArgumentsOf<O>, keyof In>] extends [never]
      ? unknown
      : ToolLacksArgument<Exclude<keyof ArgumentsOf<O>, keyof In>>
    : never

/** The functions in options: what they fail with and need is the tool's. */
type FunctionsOf<O> =
  | Extract<O extends { readonly description: infer F } ? F : never, (...args: any) => any>
  | (O extends { readonly mapInput: infer F } ? F : never)
  | (O extends { readonly mapOutput: infer F } ? F : never)
  | {
      [K in keyof ArgumentsOf<O>]: ArgumentsOf<O>[K] extends { readonly compute: infer F } ? F : never
    }[keyof ArgumentsOf<O>]

type Returned<F> = F extends (...args: any) => infer Ret ? Ret : never

export type ServicesIn<O> = ServicesOf<Returned<FunctionsOf<O>>>

/** The tool that options make of another. */
export type TransformedTool<T, O> =
  T extends Tool<infer Name, infer In, infer Out, infer E, infer R>
    ? Tool<
        O extends { readonly name: infer N extends string } ? N : Name,
        NewIn<In, ArgumentsOf<O>>,
        Fields<Mapped<Out, O>, O>,
        E | ErrorOf<Returned<FunctionsOf<O>>>,
        R | ServicesIn<O>
      >
    : never

type Mapped<Out, O> = O extends { readonly output: infer S extends ValueInput }
  ? InferOut<S>
  : O extends { readonly mapOutput: (...args: any) => infer Ret }
    ? Unfinished<SuccessOf<Ret>>
    : Out

type Fields<Out, O> = O extends { readonly omit: ReadonlyArray<infer P extends string> }
  ? Picked<Omitted<Out, P>, O>
  : Picked<Out, O>

type Picked<Out, O> = O extends { readonly pick: ReadonlyArray<infer P extends string> } ? Kept<Out, P> : Out

/** Paths that a type cannot follow. */
type Vague<P extends string> = string extends P ? true : P extends `${string}${"*" | '"'}${string}` ? true : false

type Omitted<T, P extends string> = true extends Vague<P> ? unknown : Without<T, P>

type Kept<T, P extends string> = true extends Vague<P> ? unknown : Only<T, P>

type Without<T, P extends string> =
  T extends ReadonlyArray<infer Item>
    ? Array<Without<Item, Elements<P>>>
    : T extends object
      ? { [K in keyof T as K extends P ? never : K]: [Below<K, P>] extends [never] ? T[K] : Without<T[K], Below<K, P>> }
      : T

type Only<T, P extends string> =
  T extends ReadonlyArray<infer Item>
    ? Array<Only<Item, Elements<P>>>
    : T extends object
      ? {
          [K in keyof T as K extends P ? K : [Below<K, P>] extends [never] ? never : K]: K extends P
            ? T[K]
            : Only<T[K], Below<K, P>>
        }
      : T

type Below<K, P extends string> = K extends string
  ? P extends `${K}.${infer Rest}`
    ? Rest
    : P extends `${K}[]${infer Rest}`
      ? `[]${Rest}`
      : never
  : never

type Elements<P extends string> = P extends `[].${infer Rest}`
  ? Rest
  : P extends `[][]${infer Rest}`
    ? `[]${Rest}`
    : never

/** What clients send of a tool whose arguments are changed. `infer` and the mapping keep hovers flat. */
type NewIn<In, A> = 0 extends 1 & In
  ? any
  : keyof A extends never
    ? In
    : Flat<
        { [K in keyof In as Presence<A, K> extends "same" ? NameOf<A, K> : never]: In[K] } & {
          [K in keyof In as Presence<A, K> extends "optional" ? NameOf<A, K> : never]?: Sent<In, A, K>
        } & { [K in keyof In as Presence<A, K> extends "required" ? NameOf<A, K> : never]-?: Sent<In, A, K> }
      >

type Flat<T> = { [K in keyof T]: T[K] } & unknown

type ChangeOf<A, K> = K extends keyof A ? A[K] : {}

type NameOf<A, K> =
  ChangeOf<A, K> extends { readonly hide: true }
    ? never
    : ChangeOf<A, K> extends { readonly name: infer N extends string }
      ? N
      : K

type Presence<A, K> =
  ChangeOf<A, K> extends { readonly default: any }
    ? "optional"
    : ChangeOf<A, K> extends { readonly required: infer Required extends boolean }
      ? Required extends true
        ? "required"
        : "optional"
      : ChangeOf<A, K> extends { readonly schema: infer S extends v.GenericSchema<any, any> }
        ? undefined extends v.InferInput<S>
          ? "optional"
          : "required"
        : "same"

type Sent<In, A, K extends keyof In> =
  ChangeOf<A, K> extends { readonly schema: infer S extends v.GenericSchema<any, any> }
    ? Exclude<v.InferInput<S>, undefined>
    : Exclude<In[K], undefined>

/** What functions in options need that their author has to supply. */
export type NeedsIn<O> = Needs<ServicesIn<O>>
