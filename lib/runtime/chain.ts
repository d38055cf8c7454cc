import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HookName, Middleware } from "../builder/middleware.ts"
import { NodeContexts } from "./node-contexts.ts"
import { ancestry, type Node } from "./node.ts"

/** How a chain sees its calls at one node: names differ from node to node, the handler's own does not. */
export interface Level<Call, Result> {
  readonly node: Node
  /** What hooks of this node see of what goes in. */
  readonly describe: (input: Call) => any
  /** What the next step gets of what a hook passed on. */
  readonly accept: (described: any) => Call
  /** Rewrites what goes in and comes out when a call crosses from the parent into this node; undefined at the root. */
  readonly enter: ((input: Call) => Call) | undefined
  readonly leave: ((result: Result, input: Call) => Result) | undefined
}

export type Run<Call, Result> = (input: Call) => Effect.Effect<Result, unknown, any>

/** The methods whose hooks run handlers, so that `provides` surrounds them. */
export type HandlerHook = Extract<HookName, "callTool" | "readResource" | "getPrompt" | "complete">

/**
 * Wraps `core` in the hooks of its node and of all nodes around it, once, at assembly: a call then pays for the hooks
 * that are there and for nothing else. `levels` go from the innermost node to the root.
 */
export const compile = <Call, Result>(
  core: Run<Call, Result>,
  hook: HandlerHook,
  levels: ReadonlyArray<Level<Call, Result>>,
  start: Node
): Run<Call, Result> => {
  let run = core
  let outside = false
  for (const level of levels) {
    const { middleware } = level.node.definition
    for (let i = middleware.length - 1; i >= 0; i--) run = around(run, middleware[i]!, hook, level)
    outside ||= level.node === start
    if (level.node.parent === undefined) break
    if (level.enter !== undefined || level.leave !== undefined) run = cross(run, level)
    if (!outside && level.node.definition.layers.length > 0) run = inContextOf(run, level.node)
  }
  return run
}

/**
 * The node a call may start in: the innermost one when no hook further out could see the difference, since entering a
 * prepared context is free and merging one on the way costs 1–2 µs.
 */
export const startOf = (node: Node): Node => {
  const hooked = ancestry(node)
    .slice(1)
    .some(({ definition }) => definition.middleware.length > 0)
  return hooked ? ancestry(node).at(-1)! : node
}

const around = <Call, Result>(
  inner: Run<Call, Result>,
  middleware: Middleware<unknown, unknown>,
  name: HandlerHook,
  level: Level<Call, Result>
): Run<Call, Result> => {
  const { hooks, provides } = middleware["~mcpipe/Middleware"]
  if (provides !== undefined) return (input) => provides(inner(input), level.describe(input))
  const hook = hooks[name]
  if (hook === undefined) return inner
  const next = (described: any) => inner(level.accept(described))
  return (input) => Effect.suspend(() => hook(next, level.describe(input)))
}

const cross = <Call, Result>(inner: Run<Call, Result>, level: Level<Call, Result>): Run<Call, Result> => {
  const enter = level.enter ?? ((input: Call) => input)
  const leave = level.leave
  if (leave === undefined) return (input) => inner(enter(input))
  return (input) => Effect.map(inner(enter(input)), (result) => leave(result, input))
}

const inContextOf =
  <Call, Result>(inner: Run<Call, Result>, node: Node): Run<Call, Result> =>
  (input) =>
    Effect.updateContext(inner(input), (outer: Context.Context<any>) =>
      Context.merge(outer, Context.getUnsafe(outer, NodeContexts).own[node.index]!)
    )
