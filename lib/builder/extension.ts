import type * as Types from "effect/Types"
import { frozenJson } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { type ErrorOf, type Handled, type Invoke, invoker, type Needs, type ServicesOf } from "./handler.ts"
import { type InferOut, type ObjectInput, type Schema, toInputSchema } from "./schema.ts"

/** One method an extension adds to the wire. */
export interface ExtensionMethod<out R = unknown> {
  readonly params: Schema<any, any>
  readonly invoke: Invoke
  /** The parameter that the `Mcp-Name` header must repeat on HTTP (SEP-2243). */
  readonly nameParam: string | undefined
  readonly _R: Types.Covariant<R>
}

/** What an extension is. */
export interface ExtensionOptions<M> {
  /** Reverse-DNS prefixed id, such as `"com.example/search"` (SEP-2133). */
  readonly id: string
  /** Sent as `capabilities.extensions[id]`. Default `{}`. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Methods by wire name, made by `method(…)`; only clients that declare the extension may call them. */
  readonly methods?: M | undefined
  /** `resultType`s, beside `"complete"`, that its methods may answer with on 2026-07-28. */
  readonly resultTypes?: ReadonlyArray<string> | undefined
  /** Further server capabilities to advertise, merged into the derived ones. */
  readonly capabilities?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
}

/** An extension of the protocol: an immutable value for `server.add(extension)`; mounting a server brings its extensions along. */
export interface Extension<out R = never> {
  readonly "~mcpipe/Extension": { readonly _R: Types.Covariant<R> }
  readonly id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly methods: ReadonlyMap<string, ExtensionMethod>
  readonly resultTypes: ReadonlySet<string>
  readonly capabilities: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Methods of the core protocol, of any revision: an extension cannot redefine them (SEP-2133). */
export const coreMethodNames: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "subscriptions/listen"
])

const idPattern = /^[a-z0-9-]+(\.[a-z0-9-]+)+\/[A-Za-z0-9][A-Za-z0-9._-]*$/i

/**
 * Defines one method of an extension; the handler returns the result object.
 * @example method({ params: { query: v.string() } }, ({ query }) => ({ hits: search(query) }))
 */
export const method = <Ret extends Handled<object>, I extends ObjectInput = {}>(
  options: { readonly params?: I | undefined; readonly nameParam?: string | undefined },
  handler: (params: InferOut<I>) => Ret
): ExtensionMethod<ServicesOf<Ret>> & { readonly _E?: ErrorOf<Ret> } => ({
  params: toInputSchema(options.params, "extension method params"),
  invoke: invoker(handler, undefined, "extension method"),
  nameParam: options.nameParam,
  _R: undefined as any
})

/**
 * Defines a protocol extension: an id, settings, methods, result types and capabilities.
 * Throws `DefinitionError` for an id without a reverse-DNS prefix or a method name of the core protocol.
 */
export const extension = <M extends Readonly<Record<string, ExtensionMethod>> = {}>(
  options: ExtensionOptions<M>
): Extension<[keyof M] extends [never] ? never : Needs<M[keyof M] extends ExtensionMethod<infer R> ? R : never>> => {
  if (typeof options.id !== "string" || !idPattern.test(options.id)) {
    throw new DefinitionError(
      `extension id ${JSON.stringify(options.id)}: use a reverse-DNS prefix and a name, such as "com.example/search".`
    )
  }
  const where = `extension ${JSON.stringify(options.id)}`
  for (const [name, row] of Object.entries(options.methods ?? {})) {
    const which = `${where}: method ${JSON.stringify(name)}`
    if (coreMethodNames.has(name))
      throw new DefinitionError(`${which} is one of the core protocol; choose another name.`)
    if (typeof row?.invoke !== "function")
      throw new DefinitionError(`${which} must be made by method(options, handler).`)
  }
  return Object.freeze({
    "~mcpipe/Extension": { _R: undefined as any },
    id: options.id,
    settings: frozenJson(options.settings ?? {}, `${where}: settings`),
    methods: new Map(Object.entries(options.methods ?? {})),
    resultTypes: new Set(options.resultTypes ?? []),
    capabilities: frozenJson(options.capabilities ?? {}, `${where}: capabilities`)
  })
}

export const isExtension = (u: unknown): u is Extension<unknown> =>
  typeof u === "object" && u !== null && "~mcpipe/Extension" in u
