import * as Function from "effect/Function"
import * as Layer from "effect/Layer"
import * as Pipeable from "effect/Pipeable"
import type * as Types from "effect/Types"
import { type Component, frozenJson, type Icon, isComponent } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { type Extension, isExtension } from "./extension.ts"
import type { Supplied } from "./handler.ts"
import { isMiddleware, type Middleware } from "./middleware.ts"
import { type MountOptions, checkNamespace, type MountPolicy, mountPolicy, ownTransforms } from "./mount.ts"
import type { Prompt } from "./prompt.ts"
import { type CacheHint, checkCacheHint, type Resource } from "./resource.ts"
import type {
  AfterAdding,
  AfterLayers,
  AfterMount,
  AfterMountOptions,
  AfterOuter,
  ByLayerOf,
  KnownMountOptions,
  NeedsOfTransforms,
  WithoutRequestServices
} from "./server-types.ts"
import { isSource, type Source } from "./source.ts"
import type { Tool } from "./tool.ts"
import type { Transform } from "./transform.ts"

/** Who the server is, as clients see it, and how it lists. */
export interface ServerOptions {
  readonly name: string
  readonly version: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  /** How to use this server, for the model. */
  readonly instructions?: string | undefined
  readonly icons?: ReadonlyArray<Icon> | undefined
  readonly websiteUrl?: string | undefined
  /**
   * Whether handlers may hide and show components for one session by `Visibility`, so that clients of revisions up to
   * 2025-11-25 are told that lists may change. Only the root server's counts. Default false.
   */
  readonly switchable?: boolean | undefined
  /** Components per page of a list, at least 1; all on one page by default. */
  readonly pageSize?: number | undefined
  /** Cache hint of lists and resources on 2026-07-28. Default `{ ttlMs: 0, scope: "private" }`. */
  readonly cache?: CacheHint | undefined
}

/** A layer and where it was provided, so that one that fails to build can be named. */
export interface ProvidedLayer {
  readonly layer: Layer.Layer<any, any, any>
  readonly site: Error
}

/** A server mounted on another. */
export interface Mount {
  /** Undefined where its components keep their names. */
  readonly namespace: string | undefined
  readonly server: AnyServer
  readonly policy: MountPolicy
}

/** What a server is made of; internal to the library. */
export interface ServerDefinition {
  readonly components: ReadonlyArray<Component>
  readonly extensions: ReadonlyArray<Extension<unknown>>
  readonly middleware: ReadonlyArray<Middleware<unknown, unknown>>
  readonly layers: ReadonlyArray<ProvidedLayer>
  readonly sources: ReadonlyArray<Source<unknown>>
  readonly mounts: ReadonlyArray<Mount>
}

/**
 * A server: an immutable value; every method returns a new one.
 * `R` services still missing, `P` services its middleware gives, `L` services its layers give.
 */
export interface Server<out R = never, in out P = never, in out L = never> extends Pipeable.Pipeable {
  readonly "~mcpipe/Server": ServerDefinition & {
    readonly _R: Types.Covariant<R>
    readonly _P: Types.Invariant<P>
    readonly _L: Types.Invariant<L>
  }
  readonly info: ServerOptions
  /** Adds a tool. */
  tool<T extends Tool.Any>(tool: T): Server<R | AfterAdding<T, P, L>, P, L>
  /** Adds a resource or resource template. */
  resource<T extends Resource.Any>(resource: T): Server<R | AfterAdding<T, P, L>, P, L>
  /** Adds a prompt. */
  prompt<T extends Prompt.Any>(prompt: T): Server<R | AfterAdding<T, P, L>, P, L>
  /** Adds any number of tools, resources, prompts and extensions. */
  add<const Cs extends ReadonlyArray<Component | Extension<unknown>>>(
    ...components: Cs
  ): Server<R | AfterAdding<Cs[number], P, L>, P, L>
  /** Adds middleware inside all used before it; its place among tools and layers does not matter. */
  use<P2, RM>(middleware: Middleware<P2, RM>): Server<Exclude<R, P2> | AfterOuter<RM, P, L>, P | P2, L>
  /** Adds components that may come and go while the server runs; made by `source({ load, changes })`. */
  source<RS>(source: Source<RS>): Server<R | AfterMount<RS, P, L>, P, L>
  /**
   * Serves another server's components here: tools and prompts as `ns_name`, resources as `scheme://ns/…`. Two of one name
   * stop the assembly, unless `collisions` says what shall happen; `only`, `except` and `rename` pick and name them.
   */
  mount<R2, P2, L2, O extends MountOptions = {}>(
    namespace: string,
    server: Server<R2, P2, L2>,
    options?: O & KnownMountOptions<O>
  ): WithMount<R, P, L, AfterMountOptions<R2, L2, O>>
  // last, since the compiler explains the last of overloads that fail, and of this one a wrong option is to be named
  /** Serves another server's components here under their own names. */
  mount<R2, P2, L2, O extends MountOptions = {}>(
    server: Server<R2, P2, L2>,
    options?: O & KnownMountOptions<O>
  ): WithMount<R, P, L, AfterMountOptions<R2, L2, O>>
  /**
   * Rewrites all that this server has so far; the first transform is innermost. What is used, added or mounted afterwards
   * is outside of them: it sees the names and shapes that they made.
   */
  transform<const Ts extends ReadonlyArray<Transform<any>>>(
    ...transforms: Ts
  ): WithMount<never, never, L, R | NeedsOfTransforms<Ts[number]>>
  /** Supplies services from a layer, built once per app; other layers may use them too, whatever their order. */
  provide<ROut, E, RIn>(
    layer: Layer.Layer<ROut, E, RIn> & WithoutRequestServices<RIn>
  ): Server<AfterLayers<R, ROut> | ByLayerOf<Exclude<RIn, L | Supplied>>, P, L | ROut>
}

/** What mounting something that needs `R2` makes of a server. `infer` keeps hovers flat. */
type WithMount<R, P, L, R2> = [R | AfterMount<R2, P, L>] extends [infer Needed] ? Server<Needed, P, L> : never

/** Any server at all, whatever it needs and gives. */
export interface AnyServer {
  readonly "~mcpipe/Server": ServerDefinition
  readonly info: ServerOptions
}

/**
 * Starts a pipeline: a server with a name, a version and nothing else yet.
 * @example server({ name: "math", version: "1.0.0" }).tool(add)
 */
export const server = (options: ServerOptions): Server => {
  if (typeof options !== "object" || options === null) throw new DefinitionError("server(…) takes { name, version }.")
  for (const field of ["name", "version"] as const) {
    if (typeof options[field] !== "string" || options[field].trim() === "") {
      throw new DefinitionError(`server: ${field} is ${JSON.stringify(options[field])}; give it a non-empty string.`)
    }
  }
  const { pageSize } = options
  if (pageSize !== undefined && !(Number.isInteger(pageSize) && pageSize >= 1)) {
    throw new DefinitionError(
      `server ${JSON.stringify(options.name)}: pageSize is ${pageSize}; use a whole number ≥ 1.`
    )
  }
  if (options.switchable !== undefined && typeof options.switchable !== "boolean") {
    throw new DefinitionError(
      `server ${JSON.stringify(options.name)}: switchable is ${JSON.stringify(options.switchable)}; use true or false.`
    )
  }
  checkCacheHint(options.cache, `server ${JSON.stringify(options.name)}`)
  const where = `server ${JSON.stringify(options.name)}`
  const kept = {
    icons: frozenJson(options.icons, `${where}: icons`),
    cache: frozenJson(options.cache, `${where}: cache`)
  }
  return make(Object.freeze({ ...options, ...kept }), empty)
}

const empty: ServerDefinition = {
  components: [],
  extensions: [],
  middleware: [],
  layers: [],
  sources: [],
  mounts: []
}

export const isServer = (u: unknown): u is AnyServer => typeof u === "object" && u !== null && "~mcpipe/Server" in u

const make = (info: ServerOptions, definition: ServerDefinition): any =>
  Object.freeze(Object.assign(Object.create(Prototype), { info, "~mcpipe/Server": Object.freeze(definition) }))

const derive = (self: AnyServer, patch: Partial<ServerDefinition>): any =>
  make(self.info, { ...self["~mcpipe/Server"], ...patch })

const Prototype = {
  ...Pipeable.Prototype,
  tool(this: AnyServer, tool: Tool.Any) {
    return addAll(this, [expect(this, tool, "tool")])
  },
  resource(this: AnyServer, resource: Resource.Any) {
    return addAll(this, [expect(this, resource, "resource")])
  },
  prompt(this: AnyServer, prompt: Prompt.Any) {
    return addAll(this, [expect(this, prompt, "prompt")])
  },
  add(this: AnyServer, ...given: ReadonlyArray<Component | Extension<unknown>>) {
    return addAll(this, given)
  },
  use(this: AnyServer, middleware: Middleware<unknown, unknown>) {
    if (!isMiddleware(middleware)) {
      throw new DefinitionError(`${nameOf(this)}.use(…) takes a middleware: wrap hooks in middleware({ … }).`)
    }
    return derive(this, { middleware: [...this["~mcpipe/Server"].middleware, middleware] })
  },
  mount(this: AnyServer, ...given: ReadonlyArray<unknown>) {
    const named = !isServer(given[0])
    const [namespace, server, options] = named ? given : [undefined, ...given]
    const where = `${nameOf(this)}.mount(${named ? `${JSON.stringify(namespace)}, ` : ""}…)`
    if (named) checkNamespace(namespace, where)
    if (!isServer(server)) throw new DefinitionError(`${where} takes a server, with or without a namespace before it.`)
    const mount: Mount = {
      namespace: namespace as string | undefined,
      ...nested(server, mountPolicy(options as MountOptions | undefined, where))
    }
    return derive(this, { mounts: [...this["~mcpipe/Server"].mounts, mount] })
  },
  transform(this: AnyServer, ...transforms: ReadonlyArray<Transform<unknown>>) {
    const { server, policy } = nested(this, ownTransforms(transforms, `${nameOf(this)}.transform(…)`))
    return policy.transforms.length === 0 && server !== this ? server : around(server, undefined, policy)
  },
  source(this: AnyServer, source: Source<unknown>) {
    if (!isSource(source)) {
      throw new DefinitionError(`${nameOf(this)}.source(…) takes a source: make one with source({ load, changes }).`)
    }
    return derive(this, { sources: [...this["~mcpipe/Server"].sources, source] })
  },
  provide(this: AnyServer, layer: Layer.Layer<any, any, any>) {
    if (!Layer.isLayer(layer)) {
      throw new DefinitionError(
        `${nameOf(this)}.provide(…) takes a layer: make one with lifespan(Tag, open, close) or Layer.`
      )
    }
    const site = new Error("provided here")
    return derive(this, { layers: [...this["~mcpipe/Server"].layers, { layer, site }] })
  },
  toJSON(this: AnyServer) {
    return { _id: "Server", name: this.info.name, version: this.info.version }
  }
}

/** A server behind a mount of its own, with the same layers, which are built once: what is added later has their services too. */
const around = (server: AnyServer, namespace: string | undefined, policy: MountPolicy): any => {
  const { layers } = server["~mcpipe/Server"]
  return make(server.info, { ...empty, layers, mounts: [{ namespace, server, policy }] })
}

/** Transforms up to one that is a namespace become a mount of their own, so that names, URIs and references move as one. */
const nested = (server: AnyServer, policy: MountPolicy): Pick<Mount, "server" | "policy"> => {
  const { transforms } = policy
  const at = transforms.findIndex((one) => one["~mcpipe/Transform"].namespace !== undefined)
  if (at === -1) return { server, policy }
  const inside: MountPolicy = { ...policy, collisions: "error", transforms: transforms.slice(0, at), own: true }
  const { namespace } = transforms[at]!["~mcpipe/Transform"]
  const outside = mountPolicy({ collisions: policy.collisions, transform: transforms.slice(at + 1) }, "")
  return nested(around(server, namespace, inside), { ...outside, own: policy.own })
}

const nameOf = (self: AnyServer): string => `server ${JSON.stringify(self.info.name)}`

const addAll = (self: AnyServer, given: ReadonlyArray<Component | Extension<unknown>>): any => {
  const { components, extensions } = self["~mcpipe/Server"]
  for (const [index, item] of given.entries()) {
    if (!isComponent(item) && !isExtension(item)) {
      throw new DefinitionError(
        `${nameOf(self)}.add(…): argument ${index + 1} is not a tool, resource, prompt or extension.`
      )
    }
  }
  return derive(self, {
    components: [...components, ...given.filter(isComponent)],
    extensions: [...extensions, ...given.filter(isExtension)]
  })
}

const expect = (self: AnyServer, given: unknown, type: string): Component => {
  if (isComponent(given) && given["~mcpipe/Component"].type === type) return given
  throw new DefinitionError(`${nameOf(self)}.${type}(…) takes a ${type}: make one with ${type}(options, handler).`)
}

/** `Server.tool(t)`: the `.pipe` form of `.tool`. */
export const tool: {
  <T extends Tool.Any>(tool: T): <R, P, L>(self: Server<R, P, L>) => Server<R | AfterAdding<T, P, L>, P, L>
  <R, P, L, T extends Tool.Any>(self: Server<R, P, L>, tool: T): Server<R | AfterAdding<T, P, L>, P, L>
} = Function.dual(2, (self: Server<any, any, any>, value: Tool.Any) => self.tool(value))

/** `Server.resource(r)`: the `.pipe` form of `.resource`. */
export const resource: {
  <T extends Resource.Any>(resource: T): <R, P, L>(self: Server<R, P, L>) => Server<R | AfterAdding<T, P, L>, P, L>
  <R, P, L, T extends Resource.Any>(self: Server<R, P, L>, resource: T): Server<R | AfterAdding<T, P, L>, P, L>
} = Function.dual(2, (self: Server<any, any, any>, value: Resource.Any) => self.resource(value))

/** `Server.prompt(p)`: the `.pipe` form of `.prompt`. */
export const prompt: {
  <T extends Prompt.Any>(prompt: T): <R, P, L>(self: Server<R, P, L>) => Server<R | AfterAdding<T, P, L>, P, L>
  <R, P, L, T extends Prompt.Any>(self: Server<R, P, L>, prompt: T): Server<R | AfterAdding<T, P, L>, P, L>
} = Function.dual(2, (self: Server<any, any, any>, value: Prompt.Any) => self.prompt(value))

/** `Server.add(a, b)`: the `.pipe` form of `.add`. */
export const add =
  <const Cs extends ReadonlyArray<Component | Extension<unknown>>>(...components: Cs) =>
  <R, P, L>(self: Server<R, P, L>): Server<R | AfterAdding<Cs[number], P, L>, P, L> =>
    self.add(...components)

/** `Server.use(m)`: the `.pipe` form of `.use`. */
export const use: {
  <P2, RM>(
    middleware: Middleware<P2, RM>
  ): <R, P, L>(self: Server<R, P, L>) => Server<Exclude<R, P2> | AfterOuter<RM, P, L>, P | P2, L>
  <R, P, L, P2, RM>(
    self: Server<R, P, L>,
    middleware: Middleware<P2, RM>
  ): Server<Exclude<R, P2> | AfterOuter<RM, P, L>, P | P2, L>
} = Function.dual(2, (self: Server<any, any, any>, value: Middleware<any, any>) => self.use(value))

/** `Server.mount("ns", s, options)`, `Server.mount(s, options)`: the `.pipe` forms of `.mount`; or with the server before them. */
export const mount: {
  <R, P, L, R2, P2, L2, O extends MountOptions = {}>(
    self: Server<R, P, L>,
    namespace: string,
    server: Server<R2, P2, L2>,
    options?: O & KnownMountOptions<O>
  ): WithMount<R, P, L, AfterMountOptions<R2, L2, O>>
  <R2, P2, L2, O extends MountOptions = {}>(
    namespace: string,
    server: Server<R2, P2, L2>,
    options?: O & KnownMountOptions<O>
  ): <R, P, L>(self: Server<R, P, L>) => WithMount<R, P, L, AfterMountOptions<R2, L2, O>>
  // the fewer parameters the later, so that the compiler explains what is wrong with options
  <R2, P2, L2, O extends MountOptions = {}>(
    server: Server<R2, P2, L2>,
    options?: O & KnownMountOptions<O>
  ): <R, P, L>(self: Server<R, P, L>) => WithMount<R, P, L, AfterMountOptions<R2, L2, O>>
} = Function.dual(
  ([self, namespace]) => isServer(self) && typeof namespace === "string",
  (self: Server<any, any, any>, ...given: ReadonlyArray<any>): any => (self.mount as any)(...given)
)

/** `Server.transform(t, …)`: the `.pipe` form of `.transform`. */
export const transform =
  <const Ts extends ReadonlyArray<Transform<any>>>(...transforms: Ts) =>
  <R, P, L>(self: Server<R, P, L>): WithMount<never, never, L, R | NeedsOfTransforms<Ts[number]>> =>
    self.transform(...transforms)

/** `Server.source(s)`: the `.pipe` form of `.source`. */
export const source: {
  <RS>(source: Source<RS>): <R, P, L>(self: Server<R, P, L>) => Server<R | AfterMount<RS, P, L>, P, L>
  <R, P, L, RS>(self: Server<R, P, L>, source: Source<RS>): Server<R | AfterMount<RS, P, L>, P, L>
} = Function.dual(2, (self: Server<any, any, any>, value: Source<any>) => self.source(value))

/** `Server.provide(layer)`: the `.pipe` form of `.provide`. */
export const provide: {
  <ROut, E, RIn>(
    layer: Layer.Layer<ROut, E, RIn> & WithoutRequestServices<RIn>
  ): <R, P, L>(
    self: Server<R, P, L>
  ) => Server<AfterLayers<R, ROut> | ByLayerOf<Exclude<RIn, L | Supplied>>, P, L | ROut>
  <R, P, L, ROut, E, RIn>(
    self: Server<R, P, L>,
    layer: Layer.Layer<ROut, E, RIn> & WithoutRequestServices<RIn>
  ): Server<AfterLayers<R, ROut> | ByLayerOf<Exclude<RIn, L | Supplied>>, P, L | ROut>
} = Function.dual(2, (self: Server<any, any, any>, layer: Layer.Layer<any, any, any>) => self.provide(layer as any))

/** `Server.tool(t)`, `Server.use(m)` …: the pipeline's steps for `.pipe`; as a type, what `server(…)` makes. */
export const Server: {
  readonly tool: typeof tool
  readonly resource: typeof resource
  readonly prompt: typeof prompt
  readonly add: typeof add
  readonly use: typeof use
  readonly mount: typeof mount
  readonly transform: typeof transform
  readonly source: typeof source
  readonly provide: typeof provide
} = { tool, resource, prompt, add, use, mount, transform, source, provide }
