import { type Component, derive } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"
import { reshape } from "./reshape.ts"

/** Who asks: what a list or a call may depend on, the same for each request of one principal and client. */
export interface Caller {
  readonly principal: {
    /** Stable id; `"anonymous"` for the anonymous principal. */
    readonly id: string
    readonly anonymous: boolean
    readonly scopes: ReadonlyArray<string>
    readonly claims: Readonly<Record<string, unknown>>
  }
  /** What the client says of itself; its name and version are its own words. */
  readonly client: {
    readonly info: { readonly name: string; readonly version: string } | undefined
    readonly capabilities: Readonly<Record<string, unknown>>
  }
}

/**
 * `tool(…).pipe(visibleTo(({ principal }) => principal.scopes.includes("admin")))`: the component is listed for, and can be
 * called by, those callers alone; to all others it does not exist. The predicate runs for each list and call: keep it quick.
 */
export const visibleTo = (given: (caller: Caller) => boolean): (<C extends Component>(component: C) => C) => {
  if (typeof given !== "function") {
    throw new DefinitionError("visibleTo(…) takes a function of the caller, ({ principal, client }) => boolean.")
  }
  const predicate = decided(given, "visibleTo(…): the function")
  return (component) => {
    const { shape } = component["~mcpipe/Component"]
    if (shape === undefined) return reshape(component, { visible: predicate })
    // one shape, so that middleware used before and after is in one order
    const before = shape.visible
    const visible = before === undefined ? predicate : (caller: Caller) => before(caller) && predicate(caller)
    const both = { ...shape, visible }
    return derive(component, { "~mcpipe/Component": { ...component["~mcpipe/Component"], shape: both } } as object)
  }
}

/** The same predicate, that throws where it decides nothing: a promise, which is true of all callers, would show it to all. */
export const decided =
  (predicate: (caller: Caller) => boolean, where: string) =>
  (caller: Caller): boolean => {
    const shown: unknown = predicate(caller)
    if (typeof shown === "boolean") return shown
    // nobody waits for it, and one that rejects unheard ends the process
    if (shown instanceof Promise) shown.catch(() => {})
    throw new TypeError(`${where} gave ${shortJson(shown)}; return true or false, not a promise.`)
  }

/**
 * `tool(…).pipe(hidden)`: the component is listed for, and can be called in, those sessions alone whose handlers have shown
 * it by `Visibility.show`.
 */
export const hidden = <C extends Component>(component: C): C => reshape(component, { hidden: true })
