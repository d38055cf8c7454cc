import * as Pipeable from "effect/Pipeable"
import type * as Types from "effect/Types"
import { DefinitionError } from "./errors.ts"
import type { Invoke } from "./handler.ts"
import type { Shape } from "./reshape.ts"
import { checkedTimeout, type Timeout } from "./timeout.ts"

/** An icon of a server or component; `src` is an https or data URI (MCP 2025-11-25 basic, "Icons"). */
export interface Icon {
  readonly src: string
  readonly mimeType?: string | undefined
  readonly sizes?: ReadonlyArray<string> | undefined
  readonly theme?: "light" | "dark" | undefined
}

export type ErrorClass = abstract new (...args: any) => Error

/** What tools, resources and prompts have in common. */
export interface CommonOptions {
  /** Version of this component, any non-empty string; part of its identity. */
  readonly version?: string | undefined
  /** Name for people, shown by clients. */
  readonly title?: string | undefined
  /** What it does, for the model. */
  readonly description?: string | undefined
  readonly icons?: ReadonlyArray<Icon> | undefined
  /** Labels for filters; never sent to clients. */
  readonly tags?: ReadonlyArray<string> | undefined
  /** Sent to clients as `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Error classes whose messages clients may see, beside `ToolError` and `PublicError`. */
  readonly errors?: ReadonlyArray<ErrorClass> | undefined
  /** Milliseconds one call may take, not counting those in which it waits for an answer of its client; no limit by default. */
  readonly timeout?: Timeout | undefined
}

export type ComponentType = "tool" | "resource" | "prompt"

/** What clients list, call and are told changes of; templates are among the resources. */
export type ComponentKind = "tools" | "resources" | "prompts"

export const componentKinds: ReadonlyArray<ComponentKind> = ["tools", "resources", "prompts"]

/** Internals of a component; not for use outside the library. */
export interface ComponentInternals<out E, out R> {
  readonly type: ComponentType
  readonly invoke: Invoke
  readonly errors: ReadonlyArray<ErrorClass>
  readonly annotations: ReadonlyMap<string, unknown>
  /** What it was made from, and what stands around that. */
  readonly shape?: Shape | undefined
  /** What a transform knows it by, however it is changed. */
  readonly token?: object | undefined
  readonly _E: Types.Covariant<E>
  readonly _R: Types.Covariant<R>
}

/** A tool, resource or prompt: an immutable value. */
export interface Component<out E = unknown, out R = unknown> extends Pipeable.Pipeable {
  readonly "~mcpipe/Component": ComponentInternals<E, R>
  readonly name: string
  readonly version: string | undefined
  readonly title: string | undefined
  readonly description: string | undefined
  readonly icons: ReadonlyArray<Icon> | undefined
  readonly tags: ReadonlyArray<string>
  readonly meta: Readonly<Record<string, unknown>> | undefined
  readonly timeout: Timeout | undefined
}

export type ComponentServices<C> = C extends { readonly "~mcpipe/Component": ComponentInternals<infer _E, infer R> }
  ? R
  : never

export const isComponent = (u: unknown): u is Component =>
  typeof u === "object" && u !== null && "~mcpipe/Component" in u

export const kindOf = (component: Component): ComponentKind => `${component["~mcpipe/Component"].type}s`

/** `tool:greet@2`, the identity of a component within its server. */
export const identity = (component: Component): string =>
  `${component["~mcpipe/Component"].type}:${component.name}@${component.version ?? ""}`

const phantom = { _E: undefined as any, _R: undefined as any }

/** The fields every component shares, checked. */
export const common = (
  type: ComponentType,
  name: string,
  options: CommonOptions,
  invoke: Invoke
): Omit<Component, "pipe"> => {
  const where = `${type} ${JSON.stringify(name)}`
  if (options.version !== undefined && (typeof options.version !== "string" || options.version === "")) {
    throw new DefinitionError(`${where}: version must be a non-empty string, such as "1.0".`)
  }
  const timeout = checkedTimeout(options.timeout, `${where}: timeout`)
  return {
    "~mcpipe/Component": {
      type,
      invoke,
      errors: Object.freeze([...(options.errors ?? [])]),
      annotations: new Map(),
      ...phantom
    },
    name,
    version: options.version,
    title: options.title,
    description: options.description,
    icons: frozenJson(options.icons, `${where}: icons`),
    tags: Object.freeze([...(options.tags ?? [])]),
    meta: frozenJson(options.meta, `${where}: meta`),
    timeout
  }
}

/** A frozen copy of what will travel as JSON: changing the original later changes nothing here. */
export const frozenJson = <A>(value: A, where: string): A => {
  if (value === undefined) return value
  let copy: A
  try {
    copy = JSON.parse(JSON.stringify(value))
  } catch (cause) {
    throw new DefinitionError(`${where} must be JSON: ${(cause as Error).message}`, { cause })
  }
  return deepFreeze(copy)
}

/** Freezes JSON all the way down, and gives it back. */
export const deepFreeze = <A>(value: A): A => {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

/** Refuses whatever is no record of options, for programs without types. */
export const expectOptions = (type: ComponentType, options: unknown): void => {
  if (typeof options !== "object" || options === null) {
    throw new DefinitionError(`${type}(…) takes its options first, then its handler: ${type}({ … }, () => …).`)
  }
}

/** A new component with some fields replaced; the receiver stays as it was. */
export const derive = <C extends Component>(self: C, patch: Partial<Record<keyof C, unknown>>): C =>
  Object.freeze(Object.assign(Object.create(Object.getPrototypeOf(self)), self, patch))

/** The prototype of a kind of component, with a readable inspection. */
export const prototypeOf = (kind: string): object => ({
  ...Pipeable.Prototype,
  toJSON(this: Component) {
    return { _id: kind, name: this.name, version: this.version }
  }
})
