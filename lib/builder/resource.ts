import type * as Types from "effect/Types"
import type { Completers, CompletionServices, Completions } from "./complete.ts"
import {
  type CommonOptions,
  type Component,
  type ComponentInternals,
  common,
  frozenJson,
  prototypeOf,
  expectOptions
} from "./component.ts"
import { Resource as Contents } from "./contents.ts"
import { DefinitionError } from "./errors.ts"
import {
  type ContextFor,
  type ErrorOf,
  type Handled,
  invoker,
  type ServicesOf,
  type Uses,
  type UsesServices
} from "./handler.ts"
import { completionTable, type CompletionTable } from "./prompt.ts"
import { type Entries, type InferOut, type Schema, toStringArguments } from "./schema.ts"
import { parseUriTemplate, type UriTemplate, type UriVariables } from "./uri-template.ts"

/** Hints for clients on how to use a resource (MCP server/resources, "Annotations"). */
export interface ResourceAnnotations {
  readonly audience?: ReadonlyArray<"user" | "assistant"> | undefined
  /** 0 (optional) to 1 (required). */
  readonly priority?: number | undefined
}

/** How long clients may keep an answer, and whether they may share it between users (SEP-2549). */
export interface CacheHint {
  /** Milliseconds, a whole number of at least 0. */
  readonly ttlMs: number
  /** `"public"` answers may be shared between users; default `"private"`. */
  readonly scope?: "public" | "private" | undefined
}

/** What a resource is, beside its handler. */
export interface ResourceOptions<Uri extends string = string, P = unknown, U extends Uses = Uses, C = any>
  extends CommonOptions {
  /** A URI `scheme://…`, or a template of it: `{id}` one segment, `{path*}` several, `{?q,limit}` query. */
  readonly uri: Uri
  /** Default: the URI. */
  readonly name?: string | undefined
  /** Media type of what it returns; default by kind of value. */
  readonly mimeType?: string | undefined
  /** Size in bytes, where known; static resources only. */
  readonly size?: number | undefined
  /** When it last changed. */
  readonly lastModified?: Date | string | undefined
  readonly annotations?: ResourceAnnotations | undefined
  /** Schemas of template variables, which arrive as strings. */
  readonly params?: P | undefined
  /** Completions by template variable. */
  readonly complete?: Completers<C> | undefined
  /** Services the handler finds on its second parameter. */
  readonly uses?: U | undefined
  /** Default: the server's. */
  readonly cache?: CacheHint | undefined
  /** Lets `..`, absolute paths and control characters through in template variables. Default false. */
  readonly dangerouslyAllowUnsafePaths?: boolean | undefined
}

interface ResourceInternals<out E, out R> extends ComponentInternals<E, R> {
  readonly type: "resource"
  readonly completions: CompletionTable
  readonly template: UriTemplate
  readonly params: Schema<any, any> | undefined
  readonly screened: boolean
}

/** A resource or resource template: an immutable value made by `resource(options, handler)`. */
export interface Resource<out Uri extends string = string, out E = unknown, out R = unknown> extends Component<E, R> {
  readonly "~mcpipe/Component": ResourceInternals<E, R>
  readonly uri: Uri
  readonly mimeType: string | undefined
  readonly size: number | undefined
  readonly annotations: (ResourceAnnotations & { readonly lastModified?: string | undefined }) | undefined
  readonly cache: CacheHint | undefined
}

export declare namespace Resource {
  /** Any resource at all. */
  type Any = Resource<string, any, any>
}

/** What resource handlers return beside plain values, and references that mounts translate; as a type, a resource. */
export const Resource: typeof Contents = Contents

/** The handler's variables: those of the template, refined by `params`. */
// never: what the compiler takes for P, where `params` is left out, while it infers a handler made by Effect.fn
export type Variables<Uri extends string, P> = [P] extends [never]
  ? UriVariables<Uri>
  : Types.Simplify<Omit<UriVariables<Uri>, keyof P> & InferOut<P>>

/** The readable error for a key of `params` or `complete` that the URI does not have. */
type NoSuchVariable = "the URI has no such variable"

const Prototype = prototypeOf("Resource")

/**
 * Defines a resource, or a template of resources when the URI has variables.
 * Throws `DefinitionError` where the URI, a schema or an option cannot work.
 * @example resource({ uri: "user://{id}/profile" }, ({ id }) => ({ id, name: "Ada" }))
 */
export const resource = <
  const Uri extends string,
  Ret extends Handled<unknown>,
  P extends Entries & { readonly [K in Exclude<keyof P, keyof UriVariables<Uri>>]: NoSuchVariable } = {},
  U extends Uses = {},
  C extends Completions<C, keyof UriVariables<Uri>, NoSuchVariable> = {}
>(
  options: ResourceOptions<Uri, P, U, C>,
  handler: (variables: Variables<Uri, P>, context: ContextFor<U>) => Ret
): Resource<Uri, ErrorOf<Ret>, ServicesOf<Ret> | UsesServices<U> | CompletionServices<C>> => {
  expectOptions("resource", options)
  const where = `resource ${JSON.stringify(options.uri)}`
  if (typeof handler !== "function")
    throw new DefinitionError(`${where}: the second argument must be its handler function.`)
  const template = parseUriTemplate(options.uri, where)
  const names = template.variables.map((variable) => variable.name)
  checkOptions(options, template, where)
  const shared = common("resource", options.name ?? options.uri, options, invoker(handler, options.uses, where))
  return Object.freeze(
    Object.assign(Object.create(Prototype), shared, {
      "~mcpipe/Component": {
        ...shared["~mcpipe/Component"],
        completions: completionTable(options.complete, names, where),
        template,
        params: options.params === undefined ? undefined : paramsSchema(options.params, names, where),
        screened: options.dangerouslyAllowUnsafePaths !== true
      },
      uri: options.uri,
      mimeType: options.mimeType,
      size: options.size,
      annotations: annotationsOf(options, where),
      cache: frozenJson(options.cache, `${where}: cache`)
    })
  )
}

/** Checks a cache hint; lists and servers share it. */
export const checkCacheHint = (hint: CacheHint | undefined, where: string): void => {
  if (hint === undefined) return
  if (!Number.isInteger(hint.ttlMs) || hint.ttlMs < 0) {
    throw new DefinitionError(`${where}: cache.ttlMs is ${hint.ttlMs}; it must be a whole number of milliseconds ≥ 0.`)
  }
  if (hint.scope !== undefined && hint.scope !== "public" && hint.scope !== "private") {
    throw new DefinitionError(`${where}: cache.scope is ${JSON.stringify(hint.scope)}; use "public" or "private".`)
  }
}

const checkOptions = (options: ResourceOptions, template: UriTemplate, where: string): void => {
  if (options.name !== undefined && (typeof options.name !== "string" || options.name.trim() === "")) {
    throw new DefinitionError(
      `${where}: name is ${JSON.stringify(options.name)}; use a non-empty string, or leave it out.`
    )
  }
  checkCacheHint(options.cache, where)
  if (options.size !== undefined) {
    if (template.isTemplate) throw new DefinitionError(`${where}: size only suits a static resource; leave it out.`)
    if (!Number.isInteger(options.size) || options.size < 0) {
      throw new DefinitionError(`${where}: size is ${options.size}; it must be a whole number of bytes ≥ 0.`)
    }
  }
  const priority = options.annotations?.priority
  if (priority !== undefined && !(priority >= 0 && priority <= 1)) {
    throw new DefinitionError(`${where}: annotations.priority is ${priority}; it must be between 0 and 1.`)
  }
}

const annotationsOf = (options: ResourceOptions, where: string): Resource.Any["annotations"] => {
  if (options.lastModified === undefined) return frozenJson(options.annotations, `${where}: annotations`)
  const date = new Date(options.lastModified)
  if (Number.isNaN(date.getTime())) {
    throw new DefinitionError(
      `${where}: lastModified is ${JSON.stringify(options.lastModified)}; use a Date or an ISO 8601 string.`
    )
  }
  const lastModified = typeof options.lastModified === "string" ? options.lastModified : date.toISOString()
  return frozenJson({ ...options.annotations, lastModified }, `${where}: annotations`)
}

const paramsSchema = (params: Entries, names: ReadonlyArray<string>, where: string): Schema<any, any> => {
  for (const name of Object.keys(params)) {
    if (!names.includes(name)) {
      const known = names.length === 0 ? "the URI has none" : `the URI has ${names.join(", ")}`
      throw new DefinitionError(`${where}: params.${name} names a variable that does not exist; ${known}.`)
    }
  }
  return toStringArguments(params, `${where} params`).schema
}
