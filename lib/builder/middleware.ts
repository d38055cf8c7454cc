import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import type { Suggestions } from "./complete.ts"
import type { Component } from "./component.ts"
import type { ResourceContents } from "./contents.ts"
import { DefinitionError } from "./errors.ts"
import {
  type CallHookContext,
  type Handled,
  type HookContext,
  invokerOf,
  type Needs,
  type ServicesOf
} from "./handler.ts"
import { UniformHook } from "./uniform-hook.ts"
import { hookCheck } from "./hook-results.ts"
import type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "./listing.ts"
import type { PromptResult } from "./messages.ts"
import type { Prompt } from "./prompt.ts"
import type { Resource } from "./resource.ts"
import type { ByLayerOf } from "./server-types.ts"
import type { Tool } from "./tool.ts"
import type { ToolResult } from "./tool-result.ts"

/** A wire request as `request` hooks see it. */
export interface RequestInfo {
  /** The MCP method, such as `"tools/call"`. */
  readonly method: string
  /** The tool or prompt name or the resource URI, where the method has one. */
  readonly name: string | undefined
  /** The tool, resource or prompt it resolved to. */
  readonly component: Component | undefined
  readonly params: Readonly<Record<string, unknown>>
  /** The same in all rounds of one logical call. */
  readonly callId: string
  /** 0 for the first wire request of a call. */
  readonly round: number
}

/** How a wire request ended; only `next` makes one. */
export interface Outcome {
  readonly "~mcpipe/Outcome": true
  /** `"paused"` waits for answers from the client, `"task"` goes on in the background. */
  readonly outcome: "complete" | "paused" | "task" | "error"
  /**
   * What came out, before it is written in the words of a revision: a `ToolResult`, resource contents, prompt messages,
   * suggestions or list items; undefined for an error.
   */
  readonly result: unknown
  /** For an error, the message that the client will see. */
  readonly message: string | undefined
}

export interface ToolCall {
  /** The tool's name on the server this middleware was written on. */
  readonly name: string
  /** Arguments as sent; they are validated after all middleware. */
  readonly args: Readonly<Record<string, unknown>>
  readonly tool: Tool.Any
}

export interface ResourceRead {
  /** The URI as the server this middleware was written on knows it. */
  readonly uri: string
  readonly resource: Resource.Any
}

export interface ReadResult {
  readonly contents: ReadonlyArray<ResourceContents>
}

export interface PromptGet {
  readonly name: string
  readonly args: Readonly<Record<string, string>>
  readonly prompt: Prompt.Any
}

export interface Completion {
  /** The prompt, resource or template whose argument is being completed. */
  readonly component: Component
  readonly argument: string
  readonly prefix: string
  readonly others: Readonly<Record<string, string>>
}

/** A list as its hooks see it. */
export interface ListCall {
  readonly method: string
}

/** What a hook returns: an Effect of what `next` gave or a content constructor made, or a generator or promise of one. */
type HookReturn<Result> =
  | Effect.Effect<Result, any, any>
  | Generator<Effect.Effect<any, any, any>, Result, any>
  | Promise<Result>

type Hook<Call, Result, C = HookContext> = (
  next: (call: Call) => Effect.Effect<Result, unknown>,
  call: Call,
  context: C
) => HookReturn<Result>

/** A hook around a whole wire request. */
export type RequestHook = (
  next: Effect.Effect<Outcome, unknown>,
  request: RequestInfo,
  context: HookContext
) => HookReturn<Outcome>

/** A notification of the client, such as `notifications/cancelled`. */
export interface ClientNotification {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>> | undefined
}

/**
 * A hook around each notification of a client: one that does not call `next` drops it, one that fails drops it and is
 * logged. No request is being served, so that it has layers' and app services alone.
 */
export type NotificationHook = (
  next: (notification: ClientNotification) => Effect.Effect<void>,
  notification: ClientNotification,
  context: HookContext
) => HookReturn<void>

/**
 * A hook on each JSON-RPC message of a client, parsed and otherwise as it came, before anything else looks at it: gives the
 * message to go on with. Throw a `PublicError` to refuse it (-32600, with its message). It must not wait.
 */
export type MessageHook = (message: unknown) => unknown

/**
 * The places a middleware can stand in. `request` runs once per wire request, outside everything and on every method;
 * the others are part of the logical call, see and may change what goes in and comes out.
 */
export interface Hooks {
  readonly request?: RequestHook | undefined
  /** Only the root server's are called, as notifications are about no component. */
  readonly notification?: NotificationHook | undefined
  /** Only the root server's are called. */
  readonly message?: MessageHook | undefined
  readonly callTool?: Hook<ToolCall, ToolResult, CallHookContext> | undefined
  readonly readResource?: Hook<ResourceRead, ReadResult, CallHookContext> | undefined
  readonly getPrompt?: Hook<PromptGet, PromptResult, CallHookContext> | undefined
  readonly complete?: Hook<Completion, Suggestions> | undefined
  readonly listTools?: Hook<ListCall, ReadonlyArray<ListedTool>> | undefined
  readonly listResources?: Hook<ListCall, ReadonlyArray<ListedResource>> | undefined
  readonly listResourceTemplates?: Hook<ListCall, ReadonlyArray<ListedTemplate>> | undefined
  readonly listPrompts?: Hook<ListCall, ReadonlyArray<ListedPrompt>> | undefined
}

export const hookNames = [
  "request",
  "notification",
  "message",
  "callTool",
  "readResource",
  "getPrompt",
  "complete",
  "listTools",
  "listResources",
  "listResourceTemplates",
  "listPrompts"
] as const satisfies ReadonlyArray<keyof Hooks>

export type HookName = (typeof hookNames)[number]

type EffectHookName = Exclude<HookName, "message">

/** The hooks of a middleware; one on messages is no Effect, and is called as it is. */
type HooksOf = { readonly [K in EffectHookName]?: UniformHook } & { readonly message?: (message: unknown) => unknown }

/** A middleware: an immutable record of hooks. `P` are the services it gives to handlers, `R` those it needs. */
export interface Middleware<out P = never, out R = never> {
  readonly "~mcpipe/Middleware": {
    readonly hooks: HooksOf
    /** Wraps every handler-running call, to give it a service. */
    readonly provides:
      | ((next: Effect.Effect<any, unknown, any>, call: unknown) => Effect.Effect<any, unknown, any>)
      | undefined
    /** How often clients shall be asked whether they are still there, and how long they may take to say so, in ms. */
    readonly ping?: { readonly interval: number; readonly timeout: number } | undefined
    readonly _P: Types.Covariant<P>
    readonly _R: Types.Covariant<R>
  }
}

/** Any middleware at all, whatever it needs and gives. */
export type AnyMiddleware = Middleware<unknown, unknown>

/** What the hooks need; a `request` hook runs outside of all that gives services, so that only layers can help it. */
type HookNeeds<H> = H extends (...args: ReadonlyArray<any>) => infer Ret
  ? ByLayerOf<Needs<ServicesOf<Ret>>>
  : { [K in keyof H]-?: NeedsOfHook<K, H[K]> }[keyof H]

type NeedsOfHook<K, F> = F extends (...args: ReadonlyArray<any>) => infer Ret
  ? K extends "request" | "notification" | "message"
    ? ByLayerOf<Needs<ServicesOf<Ret>>>
    : Needs<ServicesOf<Ret>>
  : never

/** The readable error for a hook that does not exist. */
type UnknownHook = "no such hook; see the Hooks interface for the ones there are"

type KnownHooks<H> = [Exclude<keyof H, HookName>] extends [never]
  ? unknown
  : { readonly [K in Exclude<keyof H, HookName>]: UnknownHook }

/**
 * Makes a middleware from hooks; a bare function means `request`. Hooks return Effects, or are generator or
 * async functions; an async one awaits `run(next)`, with `run` from its third parameter, which only a hook that declares it gets.
 * A hook refuses a call by failing with `PublicError` or `ToolError`.
 * @example server(info).use(middleware({ callTool: (next, call) => next({ ...call, args: trim(call.args) }) }))
 */
export const middleware = <const H extends Hooks | RequestHook>(
  given: (H & KnownHooks<H>) | RequestHook
): Middleware<never, HookNeeds<H>> => {
  const hooks = typeof given === "function" ? { request: given } : given
  if (typeof hooks !== "object" || hooks === null) {
    throw new DefinitionError("middleware: pass a record of hooks, or one function, which then is its request hook.")
  }
  const made: { -readonly [K in keyof HooksOf]: HooksOf[K] } = {}
  for (const [name, hook] of Object.entries(hooks)) {
    if (!(hookNames as ReadonlyArray<string>).includes(name)) {
      throw new DefinitionError(
        `middleware: there is no hook ${JSON.stringify(name)}; there are ${hookNames.join(", ")}.`
      )
    }
    if (hook === undefined) continue
    if (typeof hook !== "function") throw new DefinitionError(`middleware: the hook ${name} must be a function.`)
    if (name === "message") made.message = hook as (message: unknown) => unknown
    else
      made[name as EffectHookName] = new UniformHook(
        name,
        hook as (next: any, call: any) => unknown,
        hookCheck(name as HookName)
      )
  }
  return make(made, undefined)
}

/** A tool call, resource read, prompt, completion or list about to run. */
export type AnyCall = ToolCall | ResourceRead | PromptGet | Completion | ListCall

type MadeNeeds<Made> = Needs<ServicesOf<Made extends (...args: any) => infer Ret ? Ret : Made>>

/**
 * A middleware that gives handlers a service, made anew for every call.
 * @example server(info).use(provides(CurrentUser, Effect.flatMap(Principal, ({ id }) => loadUser(id))))
 */
export const provides = <I, S, Made extends Effect.Effect<S, any, any> | ((call: AnyCall) => Handled<S>)>(
  tag: Context.Key<I, S>,
  make_: Made
): Middleware<I, MadeNeeds<Made>> => {
  const service = Effect.isEffect(make_) ? () => make_ as Effect.Effect<S, unknown, any> : invokerOf(make_ as any)
  const key = tag as Context.Service<I, S>
  return make({}, (next, call) => Effect.provideServiceEffect(next, key, service(call)))
}

const make = (hooks: HooksOf, provides_: Middleware["~mcpipe/Middleware"]["provides"]): any =>
  Object.freeze({ "~mcpipe/Middleware": { hooks, provides: provides_, _P: undefined as any, _R: undefined as any } })

export const isMiddleware = (u: unknown): u is Middleware<unknown, unknown> =>
  typeof u === "object" && u !== null && "~mcpipe/Middleware" in u
