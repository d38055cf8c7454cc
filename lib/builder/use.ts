import { type Component, derive } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { isMiddleware, type Middleware } from "./middleware.ts"
import type { Prompt } from "./prompt.ts"
import { reshape } from "./reshape.ts"
import type { Resource } from "./resource.ts"
import type { Needs } from "./handler.ts"
import type { ByLayer, ByOuter } from "./server-types.ts"
import type { Tool } from "./tool.ts"

/** A component whose middleware gives `P` and needs `R2`. */
type Used<C, P, R2> =
  C extends Tool<infer Name, infer In, infer Out, infer E, infer R>
    ? Tool<Name, In, Out, E, Exclude<R, P> | R2>
    : C extends Resource<infer Uri, infer E, infer R>
      ? Resource<Uri, E, Exclude<R, P> | R2>
      : C extends Prompt<infer In, infer E, infer R>
        ? Prompt<In, E, Exclude<R, P> | R2>
        : never

/** The needs of a middleware: those that are no `request` hook's can be met by any middleware outside of it. */
type OfMiddleware<R> = R extends ByLayer<infer _X> | ByOuter<infer _Y> ? R : Needs<R> extends never ? never : ByOuter<R>

/**
 * `tool(…).pipe(use(middleware))`: the component with middleware of its own, inside of all middleware of its server and of
 * that used on it before; hooks of methods that do not reach the component do nothing.
 */
export const use = <P, R>(
  middleware: Middleware<P, R>
): (<C extends Component>(component: C) => Used<C, P, OfMiddleware<R>>) => {
  if (!isMiddleware(middleware)) {
    throw new DefinitionError("use(…) takes a middleware: wrap hooks in middleware({ … }).")
  }
  return ((component: Component) => {
    const { shape } = component["~mcpipe/Component"]
    if (shape === undefined) return reshape(component, { middleware: [middleware] })
    // what is written first stands outside, as on servers
    const both = { ...shape, middleware: [...(shape.middleware ?? []), middleware] }
    return derive(component, { "~mcpipe/Component": { ...component["~mcpipe/Component"], shape: both } } as object)
  }) as any
}
