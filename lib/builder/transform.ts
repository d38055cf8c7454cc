import type * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import type { Component } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import type { ResourceContents } from "./contents.ts"
import type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "./listing.ts"
import type { PromptResult } from "./messages.ts"
import type { Prompt } from "./prompt.ts"
import type { Selector } from "./selection.ts"
import type { Tool } from "./tool.ts"
import type { ToolResult } from "./tool-result.ts"

/** What a transform stands around, for components that it adds: all of it as the caller of the moment may see it. */
export interface Inner {
  readonly tools: Effect.Effect<ReadonlyArray<ListedTool>, unknown, any>
  readonly prompts: Effect.Effect<ReadonlyArray<ListedPrompt>, unknown, any>
  readonly resources: Effect.Effect<ReadonlyArray<ListedResource>, unknown, any>
  readonly templates: Effect.Effect<ReadonlyArray<ListedTemplate>, unknown, any>
  /**
   * Calls a tool by its name here, through all middleware inside; fails with a `ToolError` where there is none, and for
   * failures whose messages the tool lets clients see.
   */
  readonly call: (name: string, args: Readonly<Record<string, unknown>>) => Effect.Effect<ToolResult, unknown, any>
  /** Reads a resource by its URI here; fails with `ResourceNotFound` where there is none. */
  readonly read: (uri: string) => Effect.Effect<ReadonlyArray<ResourceContents>, unknown, any>
  /** Gets a prompt by its name here; fails with a `ToolError` where there is none. */
  readonly get: (name: string, args: Readonly<Record<string, string>>) => Effect.Effect<PromptResult, unknown, any>
  /** What clients call a URI or template from here: namespaces further out move it. */
  readonly outside: (uri: string) => string
  /** What a URI that clients use is called here. */
  readonly inside: (uri: string) => string
}

/**
 * Rewrites what a server, or a mount, serves: some of its components are left out, some made from others, some new. `R` is
 * what those that are new, or the functions in it, need.
 */
export interface Transform<out R = never> {
  readonly "~mcpipe/Transform": {
    readonly apply: (components: ReadonlyArray<Component>, inner: Inner) => ReadonlyArray<Component>
    /** Comes before all names, and into all URIs, as the namespace of a mount does. */
    readonly namespace?: string | undefined
    /** Names in it, which should be somebody's. */
    readonly names?: Selector["names"] | undefined
    readonly _R: Types.Covariant<R>
  }
  /** What `describe` calls it. */
  readonly name: string
}

/**
 * Makes a transform from a pure function of components. Those it is given have the names under which they are served; it
 * gives them back, leaves them out, gives others made from them by `transformTool`, `visibleTo` and the like, or new ones.
 * It runs at assembly, and again whenever a source brings other components.
 * @example transform("no-drafts", (components) => components.filter(({ tags }) => !tags.includes("draft")))
 */
export const transform = <R = never>(
  name: string,
  apply: (components: ReadonlyArray<Component>, inner: Inner) => ReadonlyArray<Component>
): Transform<R> => {
  if (typeof name !== "string" || name === "" || typeof apply !== "function") {
    throw new DefinitionError('transform(…) takes a name and a function of components: transform("…", (all) => all).')
  }
  return Object.freeze({ "~mcpipe/Transform": { apply, _R: undefined as any }, name })
}

export const isTransform = (u: unknown): u is Transform<unknown> =>
  typeof u === "object" && u !== null && "~mcpipe/Transform" in u

/** The name a server knows a component by: a tool's or prompt's name, a resource's URI or template. */
export const servedName = (component: Component): string =>
  (component as { readonly uri?: string }).uri ?? component.name

export const isTool = (component: Component): component is Tool.Any => component["~mcpipe/Component"].type === "tool"

export const isPrompt = (component: Component): component is Prompt.Any =>
  component["~mcpipe/Component"].type === "prompt"
