import { Resource as Contents } from "./contents.ts"
import { Prompt as Messages } from "./messages.ts"
import type * as PromptModule from "./prompt.ts"
import type * as ResourceModule from "./resource.ts"
import * as ServerModule from "./server.ts"
import type * as ToolModule from "./tool.ts"

/** `Server.tool(t)`, `Server.use(m)` …: the pipeline's steps for `.pipe`; as a type, what `server(…)` makes. */
export const Server: {
  readonly tool: typeof ServerModule.tool
  readonly resource: typeof ServerModule.resource
  readonly prompt: typeof ServerModule.prompt
  readonly add: typeof ServerModule.add
  readonly use: typeof ServerModule.use
  readonly mount: typeof ServerModule.mount
  readonly provide: typeof ServerModule.provide
} = {
  tool: ServerModule.tool,
  resource: ServerModule.resource,
  prompt: ServerModule.prompt,
  add: ServerModule.add,
  use: ServerModule.use,
  mount: ServerModule.mount,
  provide: ServerModule.provide
}
export type Server<R = never, P = never, L = never> = ServerModule.Server<R, P, L>

/** What resource handlers return beside plain values, and references that mounts translate; as a type, a resource. */
export const Resource: typeof Contents = Contents
export type Resource<Uri extends string = string, E = unknown, R = unknown> = ResourceModule.Resource<Uri, E, R>

/** What prompt handlers return beside strings; as a type, a prompt. */
export const Prompt: typeof Messages = Messages
export type Prompt<In = any, E = unknown, R = unknown> = PromptModule.Prompt<In, E, R>

/** A tool, as a type. */
export type Tool<Name extends string = string, In = any, Out = unknown, E = unknown, R = unknown> = ToolModule.Tool<
  Name,
  In,
  Out,
  E,
  R
>
