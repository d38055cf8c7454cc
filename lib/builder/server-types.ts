import type * as Types from "effect/Types"
import type { ComponentServices } from "./component.ts"
import type { Extension } from "./extension.ts"
import type { Needs } from "./handler.ts"
import type { Middleware } from "./middleware.ts"
import type { MountOptions } from "./mount.ts"
import type { Transform } from "./transform.ts"

/** `X` is needed where no middleware reaches (by a layer, a `request` hook, an extension): only layers can give it. */
export interface ByLayer<in out X> {
  readonly "~mcpipe/ByLayer": Types.Invariant<X>
}

/** `X` is needed by a middleware: layers, middleware used before it, or a parent server can give it. */
export interface ByOuter<in out X> {
  readonly "~mcpipe/ByOuter": Types.Invariant<X>
}

export type ByLayerOf<X> = X extends unknown ? ByLayer<X> : never

/** The service behind a need, whoever has it. */
export type Bare<R> = R extends ByLayer<infer X> ? X : R extends ByOuter<infer X> ? X : R

/** What is still missing once layers give `G`. */
export type AfterLayers<R, G> = R extends unknown ? (Bare<R> extends G ? never : R) : never

/** A child's needs, seen from a parent whose middleware gives `P` and whose layers give `L`. */
export type AfterMount<R, P, L> =
  R extends ByLayer<infer X>
    ? X extends L
      ? never
      : R
    : R extends ByOuter<infer X>
      ? X extends P | L
        ? never
        : X
      : R extends P | L
        ? never
        : R

/** What is still missing of a mounted server with the middleware and transforms of its mount around it. */
export type AfterMountOptions<R, L, O extends MountOptions> = [
  AfterUses<R, L, ListOf<O["use"]>> | NeedsOfTransforms<AnyOf<O["transform"]>>
] extends [infer Needed]
  ? Needed
  : never

type AnyOf<X> = X extends ReadonlyArray<infer One> ? One : X

type ListOf<X> = X extends ReadonlyArray<unknown> ? X : X extends object ? readonly [X] : readonly []

/** What is missing of a server inside of several middleware, the first outermost, which see what its layers give. */
type AfterUses<R, L, Ms> = Ms extends readonly [...infer Outer, Middleware<infer P, infer RM>]
  ? AfterUses<AfterMount<R, P, never> | AfterOuter<RM, never, L>, L, Outer>
  : Ms extends readonly []
    ? R
    : Ms extends ReadonlyArray<Middleware<infer _P, infer RM>>
      ? R | AfterOuter<RM, never, L>
      : R

/** What transforms need: what they add is outside of the middleware inside them. */
export type NeedsOfTransforms<T> = T extends Transform<infer R> ? Needs<R> : never

/** The readable error for an option that mounts do not have. */
type UnknownMountOption = "mounts have no such option; see MountOptions for those there are"

export type KnownMountOptions<O> = [Exclude<keyof O, keyof MountOptions>] extends [never]
  ? unknown
  : { readonly [K in Exclude<keyof O, keyof MountOptions>]: UnknownMountOption }

/** What a middleware still needs where those used before it give `P` and layers give `L`. */
export type AfterOuter<R, P, L> =
  R extends ByLayer<infer X> ? (X extends L ? never : R) : Needs<R> extends P | L ? never : ByOuter<R>

/** What a component or extension needs from the author; no middleware surrounds an extension's methods. */
export type NeedsOf<C> = C extends Extension<infer R> ? ByLayerOf<R> : Needs<ComponentServices<C>>

/** What is still missing of the needs of a component or extension. */
export type AfterAdding<C, P, L> = AfterMount<NeedsOf<C>, P, L>

/** The request services among a layer's needs; a layer is built once per app, where no request exists. */
type RequestServices<RIn> = Extract<RIn, { readonly "~mcpipe/supplied": "request" }>

/** The key string of a class-style service, such as `"app/Db"`. */
type KeyOf<R> = R extends { readonly key: infer K extends string } ? K : "a service without a string key"

/** The readable error for a layer that needs what only requests have. */
export interface LayerNeedsRequestService<R> {
  readonly "This layer needs a request service, but layers are built once, before any request: read it in the handler instead": KeyOf<R>
}

export type WithoutRequestServices<RIn> = [RequestServices<RIn>] extends [never]
  ? unknown
  : LayerNeedsRequestService<RequestServices<RIn>>

/** The readable error for a source that needs what only requests have. */
export interface SourceNeedsRequestService<R> {
  readonly "This source needs a request service, but sources are loaded apart from any request: read it in the handler instead": KeyOf<R>
}

/** Nothing where loading needs no request service, the readable error otherwise. */
export type SourceServices<R> = [RequestServices<R>] extends [never]
  ? unknown
  : SourceNeedsRequestService<RequestServices<R>>

/** The readable error for a server that cannot run yet. */
export interface MissingServices<R> {
  readonly "This server still needs services: add .provide(layer) for": KeyOf<R>
}

/** Nothing when no service is missing, the readable error otherwise. */
export type Complete<R> = [R] extends [never] ? unknown : MissingServices<Bare<R>>
