import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { ProvidedLayer } from "../builder/server.ts"
import { shortJson } from "../builder/issues.ts"
import { Changes, mountedChanges } from "../services/changes.ts"
import { rootUriOf } from "./names.ts"
import { describeNode, type Node } from "./node.ts"

/** A layer, source or relay did not start; the message names its server and place, and what went wrong. */
export class LifespanError extends Data.TaggedError("LifespanError")<{
  readonly reason: "layer-failed" | "missing-service" | "source-failed" | "relay-failed"
  readonly message: string
  readonly cause: unknown
}> {}

/**
 * Builds the layers of every node, parents before children, each layer value once, into `scope`.
 * A node sees its own services over its parent's. Closing the scope releases layers in reverse order.
 */
export const buildContexts = (
  nodes: ReadonlyArray<Node>,
  base: Context.Context<never>,
  scope: Scope.Scope
): Effect.Effect<ReadonlyArray<NodeContext>, LifespanError> =>
  Effect.gen(function* () {
    const memoMap = Layer.makeMemoMapUnsafe()
    const built: Array<NodeContext> = []
    for (const node of nodes) {
      const outer = node.parent === undefined ? base : built[node.parent.index]!.whole
      const own = yield* buildNode(node, base, outer, memoMap, scope)
      built.push({ own, whole: Context.merge(outer, own) })
    }
    return built
  })

/** What a node's own layers give, and that over everything around it. */
export interface NodeContext {
  readonly own: Context.Context<never>
  readonly whole: Context.Context<never>
}

/**
 * Layers of one server may use each other whatever their order, but a layer does not say what it needs before it runs.
 * So those that miss a service are put back (their own scope closed, undoing what they had begun) and tried again
 * once another layer was built; the last one provided goes first, as in Effect's own pipelines. Only when no layer gets
 * further on the server's own services do those of its parents come in: the nearest one wins.
 */
const buildNode = Effect.fnUntraced(function* (
  node: Node,
  base: Context.Context<never>,
  outer: Context.Context<never>,
  memoMap: Layer.MemoMap,
  scope: Scope.Scope
) {
  let own = Context.empty()
  let around = base
  let waiting = [...node.definition.layers].reverse()
  while (waiting.length > 0) {
    const still: Array<ProvidedLayer> = []
    let missing: { provided: ProvidedLayer; cause: Cause.Cause<unknown> } | undefined
    for (const provided of waiting) {
      const attempt = yield* Scope.fork(scope)
      const context = forLayers(Context.merge(around, own) as Context.Context<any>, node)
      const exit = yield* Effect.exit(
        Effect.provideContext(Layer.buildWithMemoMap(provided.layer, memoMap, attempt), context)
      )
      if (Exit.isSuccess(exit)) {
        own = Context.merge(own, exit.value) as Context.Context<never>
        continue
      }
      yield* Scope.close(attempt, exit)
      if (missingService(exit.cause) === undefined) return yield* failed(node, provided, exit.cause)
      missing = { provided, cause: exit.cause }
      still.push(provided)
    }
    if (missing !== undefined && still.length === waiting.length) {
      if (around === outer) return yield* lacking(node, missing.provided, missing.cause)
      around = outer
    }
    waiting = still
  }
  return own
})

const failed = (node: Node, provided: ProvidedLayer, cause: Cause.Cause<unknown>): LifespanError => {
  const error = Cause.squash(cause)
  const why = wholeMessage(error)
  return new LifespanError({
    reason: "layer-failed",
    message: `${describeNode(node)}: the layer provided${siteOf(provided)} failed to build: ${why}`,
    cause: error
  })
}

/** What layers and sources of a node see: `Changes` that know the node's own URIs. */
export const forLayers = (context: Context.Context<any>, node: Node): Context.Context<any> => {
  const uriOf = rootUriOf(node)
  if (uriOf === undefined) return context
  return Context.add(context, Changes, mountedChanges(Context.getUnsafe(context, Changes), uriOf))
}

/** An error with the causes behind it: Effect's wrappers say little, what they wrap says it all. */
export const wholeMessage = (error: unknown, depth = 0): string => {
  if (!(error instanceof Error)) return typeof error === "string" ? error : shortJson(error)
  const own = error.message || error.name
  return error.cause === undefined || depth === 4 ? own : `${own}: ${wholeMessage(error.cause, depth + 1)}`
}

const lacking = (node: Node, provided: ProvidedLayer, cause: Cause.Cause<unknown>): LifespanError =>
  new LifespanError({
    reason: "missing-service",
    message:
      `${describeNode(node)}: the layer provided${siteOf(provided)} needs the service ${missingService(cause)}, ` +
      "which no layer here or on a parent gives: add .provide(layer) for it, and make sure that layers do not need each other in a circle.",
    cause: Cause.squash(cause)
  })

/** The key of the service that a build died of, as Effect words it. */
const missingService = (cause: Cause.Cause<unknown>): string | undefined => {
  const error = Cause.squash(cause)
  return error instanceof Error ? /^Service not found: (\S+)/.exec(error.message)?.[1] : undefined
}

/** ` at file:line:column` of the `.provide(…)` call: the first frame outside this package and Effect's pipes. */
const siteOf = ({ site }: ProvidedLayer): string => {
  const places = (site.stack ?? "").split("\n").flatMap((line) => {
    const place = /((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line)?.[1]
    return place === undefined ? [] : [place.replace(/^file:\/\//, "")]
  })
  const fileOf = (place: string) => place.replace(/:\d+:\d+$/, "")
  const [own, ...callers] = places
  const outside = callers.find(
    (place) => fileOf(place) !== fileOf(own!) && !/[/\\]node_modules[/\\]effect[/\\]/.test(place)
  )
  // bundled into one file with its user, the package cannot be told apart: the caller of `.provide` is the best guess
  const place = outside ?? callers[0]
  return place === undefined ? "" : ` at ${place}`
}
