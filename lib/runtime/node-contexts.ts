import * as Context from "effect/Context"

/** The contexts of a running app's nodes, by node index: what a call starts in, and what each node's own layers give. */
export class NodeContexts extends Context.Service<
  NodeContexts,
  { readonly whole: ReadonlyArray<Context.Context<never>>; readonly own: ReadonlyArray<Context.Context<never>> }
>()("mcpipe/NodeContexts") {}
