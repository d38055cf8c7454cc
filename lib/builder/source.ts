import * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import { type Component, type ComponentKind, componentKinds } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { type Handled, invokerOf, type Needs, type ServicesOf, type SuccessOf } from "./handler.ts"
import { shortJson } from "./issues.ts"
import type { ByLayerOf, NeedsOf, SourceServices } from "./server-types.ts"

/** Where components come from that a server does not know when it is written: a folder, a database, another service. */
export interface SourceOptions<L, Ret> {
  /** What log lines and errors call it. Default `"source"`. */
  readonly name?: string | undefined
  /**
   * Gives all components there are at the moment: a function in any of the four forms of a handler, or an Effect. Runs when
   * the app starts, which fails where this does, and again after each change; what it acquires is released as it ends.
   * Components whose type is a bare `Component` are taken to need no service.
   */
  readonly load: L
  /**
   * Begins to watch, and calls `notify` whenever `load` would give something else: a function that returns how to stop, or
   * an Effect that acquires that in its scope. It ends once it watches; the app starts after that. Default: nothing changes.
   */
  readonly changes?: ((notify: () => void) => Ret) | undefined
  /** What there may be, now or later: lists of these are served even while they are empty. Default: all three. */
  readonly kinds?: ReadonlyArray<ComponentKind> | undefined
}

type Load = Effect.Effect<ReadonlyArray<Component>, any, any> | (() => Handled<ReadonlyArray<Component>>)

type Loaded<L> = L extends () => infer Ret ? Ret : L

type Loading<L, Ret> = Known<ServicesOf<Loaded<L>> | ServicesOf<Ret>>

type ComponentsOf<L> = SuccessOf<Loaded<L>> extends ReadonlyArray<infer Found> ? Found : never

/** Services that are named: where a type was erased, none are. */
type Known<R> = unknown extends R ? never : R

/** A source and what a server misses with it: what loading needs only layers can give. `infer` keeps hovers flat. */
type SourceOf<L, Ret> = [ByLayerOf<Needs<Loading<L, Ret>>> | Known<NeedsOf<ComponentsOf<L>>>] extends [infer R]
  ? Source<R>
  : never

/** Components that may come and go while a server runs; `R` is what they, and loading them, need. */
export interface Source<out R = never> {
  readonly "~mcpipe/Source": {
    readonly load: Effect.Effect<unknown, unknown, any>
    /** Undefined where nothing ever changes. */
    readonly watch: ((notify: () => void) => Effect.Effect<unknown, unknown, any>) | undefined
    readonly _R: Types.Covariant<R>
  }
  readonly name: string
  readonly kinds: ReadonlyArray<ComponentKind>
}

/**
 * Makes a source for `server.source(…)`. A change that cannot be loaded, or collides with other components, is logged and
 * changes nothing; calls in flight go on with the components they began with.
 * @example source({ load: async () => [tool(…)], changes: (notify) => { watcher.on("change", notify); return () => watcher.close() } })
 */
export const source = <L extends Load, Ret extends Handled<unknown> = void>(
  options: SourceOptions<L, Ret> & SourceServices<Loading<L, Ret>>
): SourceOf<L, Ret> => {
  if (typeof options !== "object" || options === null) throw new DefinitionError("source(…) takes { load, changes }.")
  const { name = "source", load, changes, kinds = componentKinds } = options as SourceOptions<Load, unknown>
  if (typeof name !== "string" || name === "") {
    throw new DefinitionError(`source: name is ${shortJson(name)}; give it a non-empty string, or leave it out.`)
  }
  const where = `source ${JSON.stringify(name)}`
  if (!Effect.isEffect(load) && typeof load !== "function") {
    throw new DefinitionError(`${where}: load must be a function that gives an array of components, or an Effect.`)
  }
  if (changes !== undefined && typeof changes !== "function") {
    throw new DefinitionError(`${where}: changes must be a function, (notify) => how to stop.`)
  }
  if (!Array.isArray(kinds) || kinds.length === 0 || !kinds.every((kind) => componentKinds.includes(kind))) {
    throw new DefinitionError(
      `${where}: kinds is ${shortJson(kinds)}; name at least one of ${componentKinds.map((kind) => `"${kind}"`).join(", ")}.`
    )
  }
  return Object.freeze({
    "~mcpipe/Source": {
      load: Effect.isEffect(load) ? load : invokerOf(load)(),
      watch: changes && invokerOf(changes),
      _R: undefined as any
    },
    name,
    kinds: Object.freeze([...new Set(kinds)])
  } satisfies Source) as SourceOf<L, Ret>
}

export const isSource = (u: unknown): u is Source<unknown> =>
  typeof u === "object" && u !== null && "~mcpipe/Source" in u
