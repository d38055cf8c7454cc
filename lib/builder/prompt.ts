import type * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import type { Completers, CompletionServices, Completions } from "./complete.ts"
import {
  type CommonOptions,
  type Component,
  type ComponentInternals,
  common,
  prototypeOf,
  expectOptions
} from "./component.ts"
import { DefinitionError } from "./errors.ts"
import {
  type ContextFor,
  type ErrorOf,
  type Handled,
  invoker,
  invokerOf,
  type ServicesOf,
  type Uses,
  type UsesServices
} from "./handler.ts"
import { Prompt as Messages, type PromptReturn } from "./messages.ts"
import {
  type Entries,
  type InferIn,
  type InferOut,
  type Schema,
  type StringArgument,
  toStringArguments
} from "./schema.ts"

/** What a prompt is, beside its handler. */
export interface PromptOptions<A extends Entries = Entries, U extends Uses = Uses, C = any> extends CommonOptions {
  readonly name: string
  /** Arguments: valibot entries that accept strings, since prompt arguments travel as strings. */
  readonly args?: A | undefined
  /** Completions by argument name. */
  readonly complete?: Completers<C> | undefined
  /** Services the handler finds on its second parameter. */
  readonly uses?: U | undefined
}

/** Completions made uniform: typed prefix and settled arguments in, an Effect out. */
export type CompletionTable = ReadonlyMap<
  string,
  (prefix: string, others: Readonly<Record<string, string>>) => Effect.Effect<any, unknown, any>
>

interface PromptInternals<out E, out R, in out In> extends ComponentInternals<E, R> {
  readonly type: "prompt"
  readonly completions: CompletionTable
  readonly _In: Types.Invariant<In>
}

/** A prompt: an immutable value made by `prompt(options, handler)`; `In` is what clients send, all of it strings. */
export interface Prompt<in out In = any, out E = unknown, out R = unknown> extends Component<E, R> {
  readonly "~mcpipe/Component": PromptInternals<E, R, In>
  readonly arguments: ReadonlyArray<StringArgument>
  readonly input: Schema<In, unknown>
}

export declare namespace Prompt {
  /** Any prompt at all. */
  type Any = Prompt<any, any, any>
}

/** What prompt handlers return beside strings; as a type, a prompt. */
export const Prompt: typeof Messages = Messages

/** The readable error for a key of `complete` that `args` does not have. */
type NoSuchArgument = "the prompt has no such argument"

const Prototype = prototypeOf("Prompt")

/**
 * Defines a prompt; the handler returns a string (one user message), messages or a result.
 * Throws `DefinitionError` where the name, an argument or an option cannot work.
 * @example prompt({ name: "review", args: { code: v.string() } }, ({ code }) => `Review this:\n${code}`)
 */
export const prompt = <
  Ret extends Handled<PromptReturn>,
  A extends Entries = {},
  U extends Uses = {},
  C extends Completions<C, keyof A, NoSuchArgument> = {}
>(
  options: PromptOptions<A, U, C>,
  handler: (args: InferOut<A>, context: ContextFor<U>) => Ret
): Prompt<InferIn<A>, ErrorOf<Ret>, ServicesOf<Ret> | UsesServices<U> | CompletionServices<C>> => {
  expectOptions("prompt", options)
  if (typeof options.name !== "string" || options.name.trim() === "") {
    throw new DefinitionError(`prompt name ${JSON.stringify(options.name)}: use a non-empty string.`)
  }
  const where = `prompt ${JSON.stringify(options.name)}`
  if (typeof handler !== "function")
    throw new DefinitionError(`${where}: the second argument must be its handler function.`)
  const { arguments: list, schema } = toStringArguments(options.args ?? {}, `${where} args`)
  const shared = common("prompt", options.name, options, invoker(handler, options.uses, where))
  const completions = completionTable(
    options.complete,
    list.map((argument) => argument.name),
    where
  )
  return Object.freeze(
    Object.assign(Object.create(Prototype), shared, {
      "~mcpipe/Component": { ...shared["~mcpipe/Component"], completions },
      arguments: list,
      input: schema
    })
  )
}

/** Checks that completions belong to arguments that exist, and makes them uniform. */
export const completionTable = (complete: unknown, names: ReadonlyArray<string>, where: string): CompletionTable => {
  const table = new Map<
    string,
    (prefix: string, others: Readonly<Record<string, string>>) => Effect.Effect<any, unknown, any>
  >()
  for (const [name, f] of Object.entries((complete ?? {}) as Record<string, unknown>)) {
    if (f === undefined) continue
    if (!names.includes(name)) {
      const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`
      throw new DefinitionError(`${where}: complete.${name} names an argument that does not exist; ${known}.`)
    }
    if (typeof f !== "function") throw new DefinitionError(`${where}: complete.${name} must be a function.`)
    table.set(name, invokerOf(f as (...args: ReadonlyArray<any>) => unknown))
  }
  return table
}
