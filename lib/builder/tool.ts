import type * as Types from "effect/Types"
import {
  type CommonOptions,
  type Component,
  type ComponentInternals,
  common,
  type ErrorClass,
  frozenJson,
  prototypeOf,
  expectOptions
} from "./component.ts"
import { DefinitionError } from "./errors.ts"
import {
  type ContextFor,
  type ErrorOf,
  type Handled,
  invoker,
  type ServicesOf,
  type SuccessOf,
  type Uses,
  type UsesServices
} from "./handler.ts"
import { type HeaderParam, headerParams } from "./header-params.ts"
import {
  type InferIn,
  type InferOut,
  type ObjectInput,
  type Schema,
  toInputSchema,
  toOutputSchema,
  type ValueInput
} from "./schema.ts"
import type { ToolResult } from "./tool-result.ts"

/** Hints about a tool's behaviour; clients must not trust them (MCP server/tools, "Tool annotations"). */
export interface ToolAnnotations {
  readonly title?: string | undefined
  readonly readOnlyHint?: boolean | undefined
  readonly destructiveHint?: boolean | undefined
  readonly idempotentHint?: boolean | undefined
  readonly openWorldHint?: boolean | undefined
}

/** What a tool is, beside its handler. */
export interface ToolOptions<
  Name extends string = string,
  I extends ObjectInput = ObjectInput,
  O extends ValueInput = ValueInput,
  U extends Uses = Uses
> extends CommonOptions {
  /** 1 to 128 of `A–Z a–z 0–9 _ - . /` (MCP server/tools, "Tool Names"). */
  readonly name: Name
  /** Arguments: valibot entries, a valibot object schema or `jsonSchema(document)`. Default: none. */
  readonly input?: I | undefined
  /** Schema of the structured result; the handler's value is validated against it. */
  readonly output?: O | undefined
  /** Services the handler finds on its second parameter. */
  readonly uses?: U | undefined
  readonly annotations?: ToolAnnotations | undefined
}

interface ToolInternals<out E, out R, in out In, out Out> extends ComponentInternals<E, R> {
  readonly type: "tool"
  readonly headers: ReadonlyArray<HeaderParam>
  readonly _In: Types.Invariant<In>
  readonly _Out: Types.Covariant<Out>
}

/**
 * A tool: an immutable value made by `tool(options, handler)`.
 * `In` is what clients send, `Out` what they get, `E` how the handler fails, `R` the services it needs.
 */
export interface Tool<
  out Name extends string = string,
  in out In = any,
  out Out = unknown,
  out E = unknown,
  out R = unknown
> extends Component<E, R> {
  readonly "~mcpipe/Component": ToolInternals<E, R, In, Out>
  readonly name: Name
  readonly input: Schema<In, unknown>
  readonly output: Schema<unknown, Out> | undefined
  readonly annotations: ToolAnnotations | undefined
}

export declare namespace Tool {
  /** Any tool at all. */
  type Any = Tool<string, any, any, any, any>
}

type Returned<O extends ValueInput> = [O] extends [never] ? unknown : InferIn<O> | ToolResult
type OutOf<O extends ValueInput, Ret> = [O] extends [never] ? Unfinished<SuccessOf<Ret>> : InferOut<O>

/** A finished result may hold anything, so that alone it says nothing about what clients get. */
export type Unfinished<A> = [A] extends [ToolResult]
  ? unknown
  : [Extract<A, ToolResult>] extends [never]
    ? A
    : Exclude<A, ToolResult>

const Prototype = prototypeOf("Tool")
const namePattern = /^[A-Za-z0-9_\-./]{1,128}$/

/** Why a tool cannot have this name; undefined where it can (MCP server/tools, "Tool Names"). */
export const toolNameFault = (name: unknown): string | undefined =>
  typeof name === "string" && namePattern.test(name)
    ? undefined
    : `${JSON.stringify(name)}: use 1 to 128 letters, digits, "_", "-", "." or "/".`

/**
 * Defines a tool; the handler may return a value, a promise, an Effect, or be a generator function.
 * Throws `DefinitionError` where the name, a schema or an option cannot work.
 * @example tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b)
 */
export const tool = <
  const Name extends string,
  Ret extends Handled<Returned<O>>,
  I extends ObjectInput = {},
  O extends ValueInput = never,
  U extends Uses = {},
  Errors extends ReadonlyArray<ErrorClass> = []
>(
  options: ToolOptions<Name, I, O, U> & { readonly errors?: Errors | undefined },
  handler: (args: InferOut<I>, context: ContextFor<U>) => Ret
): Tool<Name, InferIn<I>, OutOf<O, Ret>, ErrorOf<Ret>, ServicesOf<Ret> | UsesServices<U>> => {
  expectOptions("tool", options)
  const fault = toolNameFault(options.name)
  if (fault !== undefined) throw new DefinitionError(`tool name ${fault}`)
  const where = `tool ${JSON.stringify(options.name)}`
  if (typeof handler !== "function")
    throw new DefinitionError(`${where}: the second argument must be its handler function.`)
  const input = toInputSchema(options.input, `${where} input`)
  const shared = common("tool", options.name, options, invoker(handler, options.uses, where))
  return Object.freeze(
    Object.assign(Object.create(Prototype), shared, {
      "~mcpipe/Component": {
        ...shared["~mcpipe/Component"],
        headers: headerParams(input.jsonSchema, `${where} input`)
      },
      input,
      output: options.output === undefined ? undefined : toOutputSchema(options.output, `${where} output`),
      annotations: frozenJson(options.annotations, `${where}: annotations`)
    })
  )
}
