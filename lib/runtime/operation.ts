import type * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import type { ResourceContents } from "../builder/contents.ts"
import type { PromptResult } from "../builder/messages.ts"
import type { ToolResult } from "../builder/tool-result.ts"
import type { Entry, PromptEntry, ResourceEntry, RunCompletion, ToolEntry } from "./entry.ts"
import type { Items, ListKind } from "./listed.ts"

/** What a message resolved to, before anything runs. */
export type Operation =
  | { readonly type: "tool"; readonly entry: ToolEntry; readonly args: Readonly<Record<string, unknown>> }
  | { readonly type: "resource"; readonly entry: ResourceEntry; readonly uri: string }
  | { readonly type: "prompt"; readonly entry: PromptEntry; readonly args: Readonly<Record<string, string>> }
  | {
      readonly type: "complete"
      readonly entry: PromptEntry | ResourceEntry
      readonly asked: Parameters<RunCompletion>[0]
    }
  | {
      readonly type: "list"
      readonly kind: ListKind
      readonly items: Items
      readonly live: Effect.Effect<Items, unknown, any> | undefined
      readonly page: Page
    }
  /** Answered from what is known already, such as `ping`. */
  | { readonly type: "answer"; readonly value: Readonly<Record<string, unknown>> }
  | {
      readonly type: "effect"
      readonly effect: Effect.Effect<unknown, unknown, any>
      /** The resource it is about, whose `request` hooks surround it, and the URI that was asked for. */
      readonly entry?: ResourceEntry | undefined
      readonly uri?: string | undefined
      /** Ends what would go on for ever, with its answer. */
      readonly end?: (() => void) | undefined
    }

/** A stretch of a list, `to` excluded. */
export interface Page {
  readonly from: number
  readonly to: number
}

/** What an operation of each type gives, neutral of any revision. */
export interface ValueOf {
  readonly tool: ToolResult
  readonly resource: ReadonlyArray<ResourceContents>
  readonly prompt: PromptResult
  readonly complete: Suggestions
  readonly list: Items
  readonly answer: Readonly<Record<string, unknown>>
  readonly effect: unknown
}

/** The component of an operation, where it has one. */
export const entryOf = (operation: Operation): Entry | undefined => ("entry" in operation ? operation.entry : undefined)

/** The Effect of an operation, with all inner middleware in it. */
export const effectOf = (operation: Operation): Effect.Effect<any, unknown, any> | undefined => {
  switch (operation.type) {
    case "tool":
      return operation.entry.run(operation.args)
    case "resource":
      return operation.entry.run(operation.uri)
    case "prompt":
      return operation.entry.run(operation.args)
    case "complete":
      return operation.entry.complete?.(operation.asked)
    case "list":
      return operation.live
    case "effect":
      return operation.effect
    case "answer":
      return undefined
  }
}

/** What is known without running anything. */
export const knownOf = (operation: Operation): unknown => {
  if (operation.type === "list") return operation.items
  if (operation.type === "answer") return operation.value
  return { values: [] } satisfies Suggestions
}
