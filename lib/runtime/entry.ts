import type * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import type { Component } from "../builder/component.ts"
import type { ResourceContents } from "../builder/contents.ts"
import type { UniformHook } from "../builder/uniform-hook.ts"
import type { PromptResult } from "../builder/messages.ts"
import type { Prompt } from "../builder/prompt.ts"
import type { Resource } from "../builder/resource.ts"
import type { Tool } from "../builder/tool.ts"
import type { ToolResult } from "../builder/tool-result.ts"
import type { UriTemplate } from "../builder/uri-template.ts"
import type { Caller } from "../builder/visibility.ts"
import type { Node } from "./node.ts"
import type { Place } from "./place.ts"

/** A `request` hook and the node it was written on. */
export interface RequestHook {
  readonly hook: UniformHook
  readonly node: Node
  /** What that node calls what a client called: a tool or prompt has one name there, a URI is translated. */
  readonly nameOf: ((called: string) => string) | undefined
  /** The component as that node knows it; undefined where it does not, and for what is about no component. */
  readonly place: Place | undefined
  /** Whether it is that of a single component: no request about anything else ever passed it. */
  readonly alone: boolean
}

export interface BaseEntry {
  /** Stable id: mount path, type, name and version, such as `crm/tool:lookup@`. */
  readonly id: string
  /** The name clients use: mounted names and URIs are whole. */
  readonly name: string
  /** Where its handler was written. */
  readonly node: Node
  readonly component: Component
  readonly place: Place
  /** Who may see and call it; undefined where everybody may. */
  readonly visible: ((caller: Caller) => boolean) | undefined
  /** The node whose context a call starts in; boundaries further in are crossed by the compiled chain. */
  readonly start: Node
  /** What clients call a URI of this component's server; undefined at the root. */
  readonly uriOf: ((uri: string) => string) | undefined
  /** Outermost first. */
  readonly requestHooks: ReadonlyArray<RequestHook>
}

/** A tool in an assembled app: arguments in, result out, with every middleware compiled in. */
export interface ToolEntry extends BaseEntry {
  readonly type: "tool"
  readonly component: Tool.Any
  readonly run: (args: Readonly<Record<string, unknown>>) => Effect.Effect<ToolResult, unknown, any>
}

export interface ResourceEntry extends BaseEntry {
  readonly type: "resource"
  readonly component: Resource.Any
  /** The whole URI template, namespaces included. */
  readonly template: UriTemplate
  readonly run: (uri: string) => Effect.Effect<ReadonlyArray<ResourceContents>, unknown, any>
  readonly complete: RunCompletion | undefined
}

export interface PromptEntry extends BaseEntry {
  readonly type: "prompt"
  readonly component: Prompt.Any
  readonly run: (args: Readonly<Record<string, string>>) => Effect.Effect<PromptResult, unknown, any>
  readonly complete: RunCompletion | undefined
}

export type RunCompletion = (asked: {
  readonly argument: string
  readonly prefix: string
  readonly others: Readonly<Record<string, string>>
}) => Effect.Effect<Suggestions, unknown, any>

export type Entry = ToolEntry | ResourceEntry | PromptEntry
