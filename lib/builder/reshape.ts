import type * as Effect from "effect/Effect"
import { type Component, derive } from "./component.ts"
import type { AnyMiddleware } from "./middleware.ts"
import type { Caller } from "./visibility.ts"

/** A call as it passes through: a tool's or prompt's arguments or a resource's URI in, what it gives out. */
export type Step = (input: any) => Effect.Effect<any, unknown, any>

/**
 * How a component differs from the one it was made from. A shape holds one difference; what was made from a component that
 * has a shape itself has that one as its `base`.
 */
export interface Shape {
  readonly base: Component
  /** Stands around calls of the base; `name` is what those who call it know it by, for messages. */
  readonly wrap?: ((next: Step, name: string) => Step) | undefined
  /** Middleware of this component alone, outermost first. */
  readonly middleware?: ReadonlyArray<AnyMiddleware> | undefined
  /** Who may see and call it. */
  readonly visible?: ((caller: Caller) => boolean) | undefined
  /** Whether it is shown only to sessions that have switched it on. */
  readonly hidden?: boolean | undefined
  /** Its description for one caller. */
  readonly describe?: ((caller: Caller) => Effect.Effect<string, unknown, any>) | undefined
}

/** A component made from another: what `patch` names is replaced, calls go through the shape; the receiver stays as it was. */
export const reshape = <C extends Component>(
  base: C,
  shape: Omit<Shape, "base">,
  patch: Partial<Record<keyof C, unknown>> = {},
  internals: object = {}
): C =>
  derive(base, {
    ...patch,
    "~mcpipe/Component": { ...base["~mcpipe/Component"], ...internals, shape: { base, ...shape } }
  } as Partial<Record<keyof C, unknown>>)
