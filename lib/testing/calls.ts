import type * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import type { ContentBlock, ResourceContents } from "../builder/content-types.ts"
import type { ToolError } from "../builder/errors.ts"
import type { Prompt } from "../builder/prompt.ts"
import type { Resource } from "../builder/resource.ts"
import type { Tool } from "../builder/tool.ts"
import type { UriVariables } from "../builder/uri-template.ts"
import type { ProgressReport } from "../services/progress.ts"
import type { Called } from "./called.ts"

/** How one request is made. */
export interface CallOptions {
  /** Further members of the request's `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Cancels the request on the server when it is aborted; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Hears of the request's progress, beside the client's own `onProgress`. */
  readonly onProgress?: ((report: ProgressReport) => void) | undefined
}

type Named = Readonly<Record<string, unknown>>
type Given<In> = {} extends In
  ? [args?: Optional<In> | undefined, options?: CallOptions | undefined]
  : [args: In, options?: CallOptions | undefined]

/** What may be left out; where nothing can be given, nothing but an empty object. */
export type Optional<In> = [KeysOf<In>] extends [never] ? Readonly<Record<string, never>> : In

type KeysOf<In> = In extends unknown ? keyof In : never

/** What a tool is called with; a name takes any arguments. */
export type ToolArgs<T> = T extends Tool<any, infer In, any, any, any> ? Given<In> : Given<Named>

/** What a call resolves with; by name nothing is known of it. */
export type ToolValue<T> = T extends Tool<any, any, infer Out, any, any> ? Called<Out> : unknown

/** How a call fails: as its handler does, or with a `ToolError` for whatever else went wrong in it. */
export type ToolFailure<T> = T extends Tool<any, any, any, infer E, any> ? E | ToolError : ToolError

/** What a resource is read with: the variables of its template. */
export type ReadArgs<T> =
  T extends Resource<infer Uri, any, any> ? Given<UriVariables<Uri>> : T extends string ? Given<UriVariables<T>> : never

/** What a prompt is got with, all of it strings. */
export type PromptArgs<T> = T extends Prompt<infer In, any, any> ? Given<In> : Given<Readonly<Record<string, string>>>

/** The names that can be completed. */
export type ArgumentOf<T> =
  T extends Prompt<infer In, any, any>
    ? keyof In & string
    : T extends Resource<infer Uri, any, any>
      ? keyof UriVariables<Uri> & string
      : string

/** What became of a call: its value, or how it failed. */
export type Attempt<A, E> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly error: E }

/** What a prompt gave, as it crossed the wire. */
export interface GotPrompt {
  readonly description: string | undefined
  readonly messages: ReadonlyArray<{ readonly role: "user" | "assistant"; readonly content: ContentBlock }>
}

/**
 * Calls on a server, or on what is mounted in it. Components are found by the very value the server was built with, also in
 * mounts, or by name. Whatever a call asks is answered by the client's scripts, round after round. All of them reject
 * with `RequestError` where the server answers with a JSON-RPC error.
 */
export interface Calls {
  /**
   * Calls a tool and resolves with what its handler gave. Where it failed, rejects with the very error if clients may see
   * it, and with a `ToolError` otherwise, whose `cause` is what no other client would be told.
   * @example expect(await client.call(add, { a: 1, b: 2 })).toBe(3)
   */
  readonly call: <T extends Tool.Any | string>(tool: T, ...given: ToolArgs<T>) => Promise<ToolValue<T>>
  /** Calls a tool and resolves with its value or its failure, typed. */
  readonly attempt: <T extends Tool.Any | string>(
    tool: T,
    ...given: ToolArgs<T>
  ) => Promise<Attempt<ToolValue<T>, ToolFailure<T>>>
  /** Calls a tool as an Effect that fails as the handler does; interrupting it cancels the call. Dies of any other error. */
  readonly callEffect: <T extends Tool.Any | string>(
    tool: T,
    ...given: ToolArgs<T>
  ) => Effect.Effect<ToolValue<T>, ToolFailure<T>>
  /** Reads a resource, a template with its variables, or a URI. */
  readonly read: <const T extends Resource.Any | string>(
    resource: T,
    ...given: ReadArgs<T>
  ) => Promise<ReadonlyArray<ResourceContents>>
  /** Gets a prompt's messages. */
  readonly get: <T extends Prompt.Any | string>(prompt: T, ...given: PromptArgs<T>) => Promise<GotPrompt>
  /** Completes an argument of a prompt or a variable of a template; a string with `://` in it is a template's URI. */
  readonly complete: <T extends Prompt.Any | Resource.Any | string>(
    component: T,
    argument: ArgumentOf<T>,
    prefix: string,
    others?: Readonly<Record<string, string>>
  ) => Promise<Suggestions>
  /** The same calls on what is mounted under a namespace, by the names it has there; throws where nothing is. */
  readonly at: (namespace: string) => Calls
}
