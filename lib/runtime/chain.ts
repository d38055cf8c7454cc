import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { hookStep, UniformHook } from "../builder/uniform-hook.ts"
import type { AnyMiddleware, HookName } from "../builder/middleware.ts"
import { NodeContexts } from "./node-contexts.ts"
import { ancestry, type Node } from "./node.ts"
import { chainOf, type Place } from "./place.ts"
import { Placed } from "./placed.ts"

export type Run<Call, Result> = (input: Call) => Effect.Effect<Result, unknown, any>

/** How calls of one kind pass through the places of a component. */
export interface Passage<Call, Result> {
  readonly hook: HandlerHook
  /** What hooks are shown of what goes in: they know the component as its place does. */
  readonly describe: (place: Place) => (input: Call) => Described
  /** What the next step gets of what a hook passed on. */
  readonly accept: (described: any) => Call
  /** Rewrites what goes in and comes out where a call crosses into the child `from`. */
  readonly cross: ((inner: Run<Call, Result>, from: Node) => Run<Call, Result>) | undefined
  /** Whether the shapes of components stand around such calls. */
  readonly shaped: boolean
}

/** The methods whose hooks run handlers, so that `provides` surrounds them. */
export type HandlerHook = Extract<HookName, "callTool" | "readResource" | "getPrompt" | "complete">

/** Where calls of a component begin. */
export interface Start {
  /** The node in whose context they begin. */
  readonly node: Node
  /** Whether they come from a component of that node, so that none of its middleware stands around them. */
  readonly inside: boolean
}

/**
 * Wraps `core`, the handler, in all that is between it and its outermost place: shapes, hooks and the borders of mounts,
 * once, at assembly. A call then pays for what is there and for nothing else.
 */
export const compile = <Call, Result>(
  core: Run<Call, Result>,
  outermost: Place,
  start: Start,
  passage: Passage<Call, Result>
): Run<Call, Result> => {
  const chain = chainOf(outermost)
  let run = core
  let outside = false
  for (const [index, place] of chain.entries()) {
    const { shape, from, node } = place
    if (passage.shaped && shape?.wrap !== undefined) run = shape.wrap(run, outermost.name)
    if (from !== undefined && passage.cross !== undefined) run = passage.cross(run, from)
    if (shape?.middleware !== undefined) run = hooked(run, shape.middleware, place, passage)
    const next = chain[index + 1]
    if (next?.node === node) continue
    outside ||= node === start.node
    if (outside && start.inside) break
    run = hooked(run, node.definition.middleware, place, passage)
    if (!outside && node.definition.layers.length > 0) run = inContextOf(run, node)
  }
  return run
}

/**
 * The node a call may start in: the innermost one when nothing further out could see the difference, since entering a
 * prepared context is free and merging one on the way costs 1–2 µs.
 */
export const startOf = (place: Place): Start => {
  const chain = chainOf(place)
  const owner = chain[0]!.node
  const seen =
    chain.some(({ node, shape }) => node !== owner && shape !== undefined) ||
    ancestry(owner).some((node) => node !== owner && node.definition.middleware.length > 0)
  return { node: seen ? place.node : owner, inside: false }
}

/** A call as the hooks of one place are shown it. One that a hook passes on as it is goes to the next hook as it is. */
export abstract class Described extends Placed {}

/** Middleware around a run; what has no say in it costs nothing. */
const hooked = <Call, Result>(
  inner: Run<Call, Result>,
  middleware: ReadonlyArray<AnyMiddleware>,
  place: Place,
  { hook: name, describe, accept }: Passage<Call, Result>
): Run<Call, Result> => {
  const around = middleware.filter((one) => {
    const { hooks, provides } = one["~mcpipe/Middleware"]
    return provides !== undefined || hooks[name] !== undefined
  })
  if (around.length === 0) return inner
  const described = describe(place)
  // a call of a hook's own may name anything: the next hook is shown what it is about
  const shown = (given: any): Described => (given instanceof Described ? given : described(accept(given)))
  let hook = new UniformHook(name, (_next, call: Described) => inner(accept(call)))
  let next: Run<any, Result> | undefined
  for (const one of around.reverse()) {
    const { hooks, provides } = one["~mcpipe/Middleware"]
    const outer = hooks[name]
    if (outer !== undefined) {
      const [inside, further] = [hook, next]
      next = (given) => hookStep(inside, further, shown(given))
      hook = outer
    }
    if (provides !== undefined) {
      const [inside, further] = [hook, next]
      next = undefined
      hook = new UniformHook(name, (_next, call: Described) => provides(hookStep(inside, further, call), call))
    }
  }
  return (input) => hookStep(hook, next, described(input))
}

const inContextOf =
  <Call, Result>(inner: Run<Call, Result>, node: Node): Run<Call, Result> =>
  (input) =>
    Effect.updateContext(inner(input), (outer: Context.Context<any>) =>
      Context.merge(outer, Context.getUnsafe(outer, NodeContexts).own[node.index]!)
    )
