import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { type Component, type ComponentKind, isComponent, kindOf } from "../builder/component.ts"
import { shortJson } from "../builder/issues.ts"
import type { Source } from "../builder/source.ts"
import { type Catalogue, catalogueOf, changedKinds } from "./catalogue.ts"
import { forLayers, LifespanError, wholeMessage } from "./lifespan.ts"
import { describeNode, type Node } from "./node.ts"

/** A source and the node that it was added to, in whose context it loads and under whose names its components go. */
export interface PlacedSource {
  readonly source: Source<unknown>
  readonly node: Node
}

/** The sources of a whole tree, in the order of their nodes; the same source on two nodes is there twice. */
export const sourcesOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<PlacedSource> =>
  nodes.flatMap((node) => node.definition.sources.map((source) => ({ source, node })))

/** The kinds of components that may come and go while the app runs. */
export const changingKinds = (sources: ReadonlyArray<PlacedSource>): ReadonlySet<ComponentKind> =>
  new Set(sources.flatMap(({ source }) => (source["~mcpipe/Source"].watch === undefined ? [] : source.kinds)))

export interface SourcesOptions {
  readonly nodes: ReadonlyArray<Node>
  readonly sources: ReadonlyArray<PlacedSource>
  readonly context: (node: Node) => Context.Context<never>
  /** The snapshot in use. */
  readonly catalogue: () => Catalogue
  /** Takes a new snapshot into use. */
  readonly swap: (next: Catalogue, why: Why) => void
}

/** Why components were loaded: the app starts, this process noticed a change, or another process told of one. */
export type Why = "starting" | "noticed" | "told"

/** Loads again whatever can change, as after a change that another process told of; false where nothing can. */
export type Reload = () => boolean

/** One source of a running app. */
interface Live extends PlacedSource {
  /** What the catalogue has of it. */
  components: ReadonlyArray<Component>
  /** What it gave last, which may not have fitted in yet. */
  latest: ReadonlyArray<Component>
  /** Why it has to be loaded; undefined where it has not. */
  due: Why | undefined
  loading: boolean
  /** The last failure that was logged; undefined since it last succeeded. */
  failure: string | undefined
}

/**
 * Begins to watch all sources and loads them, side by side; then keeps the catalogue in step with them until the scope closes.
 * Notices that come while a source loads, or in one turn, are one more load. Fails where one cannot be watched or loaded, or
 * where what they give collides.
 */
export const startSources = Effect.fnUntraced(function* (
  options: SourcesOptions
): Effect.fn.Return<Reload, LifespanError, Scope.Scope> {
  const lives = options.sources.map((placed): Live => {
    return { ...placed, components: [], latest: [], due: undefined, loading: true, failure: undefined }
  })
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  let closed = false

  const notice = (live: Live, why: Why) => {
    if (closed) return
    if (live.due !== "noticed") live.due = why
    if (live.loading) return
    live.loading = true
    const fiber = Effect.runForkWith(options.context(live.node))(keepUp(live, lives, options))
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
  }

  yield* Effect.addFinalizer(() => {
    closed = true
    return Fiber.interruptAll(fibers)
  })
  yield* Effect.forEach(lives, (live) => watch(live, options, () => notice(live, "noticed")), together)
  const given = yield* Effect.forEach(lives, (live) => Effect.exit(load(live, options)), together)
  for (const [index, live] of lives.entries()) {
    const exit = given[index]!
    if (Exit.isFailure(exit)) return yield* failed(live, "could not be loaded", exit.cause)
    live.latest = exit.value
  }
  try {
    commit(lives, lives, options, "starting")
  } catch (error) {
    const message = `The components that sources gave do not fit together: ${(error as Error).message}`
    return yield* new LifespanError({ reason: "source-failed", message, cause: error })
  }
  for (const live of lives) {
    live.loading = false
    if (live.due !== undefined) notice(live, live.due)
  }
  const changing = lives.filter(({ source }) => source["~mcpipe/Source"].watch !== undefined)
  return () => {
    for (const live of changing) notice(live, "told")
    return changing.length > 0
  }
})

const together = { concurrency: "unbounded" } as const

const watch = (
  live: Live,
  options: SourcesOptions,
  notify: () => void
): Effect.Effect<void, LifespanError, Scope.Scope> => {
  const begin = live.source["~mcpipe/Source"].watch
  if (begin === undefined) return Effect.void
  const watching = Effect.flatMap(begin(notify), (stop) => {
    if (typeof stop !== "function") return Effect.void
    // what fails to stop must not keep the app from closing
    const stopped = Effect.tryPromise(async () => stop())
    const told = Effect.catchCause(stopped, (cause) => Effect.logError(`${describe(live)} could not be stopped`, cause))
    return Effect.addFinalizer(() => told)
  })
  return Effect.catchCause(inNode(live, options, watching), (cause) => failed(live, "could not be watched", cause))
}

/** Loads a source until nothing is due any more. */
const keepUp = Effect.fnUntraced(function* (live: Live, lives: ReadonlyArray<Live>, options: SourcesOptions) {
  for (;;) {
    // notices of one turn are one
    yield* Effect.yieldNow
    const why = live.due!
    const exit = yield* Effect.exit(load(live, options))
    yield* take(live, lives, options, exit, why)
    if (live.due === undefined) {
      live.loading = false
      return
    }
  }
})

const take = (
  live: Live,
  lives: ReadonlyArray<Live>,
  options: SourcesOptions,
  exit: Exit.Exit<ReadonlyArray<Component>, unknown>,
  why: Why
): Effect.Effect<void> => {
  let failure: string
  let cause: Cause.Cause<unknown> | undefined
  if (Exit.isSuccess(exit)) {
    live.latest = exit.value
    try {
      commitWhatFits(live, lives, options, why)
      live.failure = undefined
      return Effect.void
    } catch (error) {
      failure = `what it gives now does not fit in: ${(error as Error).message}`
    }
  } else {
    cause = exit.cause
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    failure = `it could not be loaded: ${wholeMessage(Cause.squash(cause))}`
  }
  if (failure === live.failure) return Effect.void
  live.failure = failure
  return Effect.logError(
    `${describe(live)}: ${failure}\nIts components stay as they were.`,
    ...(cause === undefined ? [] : [cause])
  )
}

/**
 * A name that moves from one source to another collides until both have been loaded: so what did not fit before is tried
 * with each load of another source.
 */
const commitWhatFits = (live: Live, lives: ReadonlyArray<Live>, options: SourcesOptions, why: Why): void => {
  const behind = lives.filter((one) => one === live || one.components !== one.latest)
  if (behind.length > 1) {
    try {
      commit(behind, lives, options, why)
      for (const one of behind) one.failure = undefined
      return
    } catch {
      // one of the others, perhaps
    }
  }
  commit([live], lives, options, why)
}

/** Takes what `renewed` gave last into the catalogue; throws where it does not fit, and then changes nothing. */
const commit = (
  renewed: ReadonlyArray<Live>,
  lives: ReadonlyArray<Live>,
  { nodes, catalogue, swap }: SourcesOptions,
  why: Why
): void => {
  const componentsOf = (live: Live) => (renewed.includes(live) ? live.latest : live.components)
  const before = catalogue()
  const next = catalogueOf(
    nodes,
    (node) => [...node.definition.components, ...lives.filter((one) => one.node === node).flatMap(componentsOf)],
    before.generation + 1,
    before
  )
  for (const live of renewed) live.components = live.latest
  // cursors stay good where no list is another
  swap(changedKinds(before, next).length === 0 ? { ...next, generation: before.generation } : next, why)
}

const load = (live: Live, options: SourcesOptions): Effect.Effect<ReadonlyArray<Component>, unknown> =>
  Effect.suspend(() => {
    // what is noticed from here on may come too late for this load
    live.due = undefined
    const loaded = Effect.scoped(inNode(live, options, live.source["~mcpipe/Source"].load))
    return Effect.map(loaded, (given) => checked(live, given))
  })

/** In the context of its node, as a layer there sees it. */
const inNode = <A, E>(
  { node }: PlacedSource,
  { context }: SourcesOptions,
  effect: Effect.Effect<A, E, any>
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.updateContext(effect, (outer: Context.Context<Scope.Scope>) =>
    Context.merge(outer, forLayers(context(node) as Context.Context<any>, node))
  )

const checked = ({ source }: Live, given: unknown): ReadonlyArray<Component> => {
  if (!Array.isArray(given)) throw new TypeError(`load must give an array of components, not ${shortJson(given)}.`)
  for (const [index, component] of given.entries()) {
    if (!isComponent(component)) {
      throw new TypeError(`load gave ${shortJson(component)} at index ${index}, which is no tool, resource or prompt.`)
    }
    const kind = kindOf(component)
    if (!source.kinds.includes(kind)) {
      throw new TypeError(
        `load gave the ${component["~mcpipe/Component"].type} ${JSON.stringify(component.name)}, but its kinds are ` +
          `${source.kinds.join(", ")}: add "${kind}" to them.`
      )
    }
  }
  return [...given]
}

const failed = (live: Live, what: string, cause: Cause.Cause<unknown>): Effect.Effect<never, LifespanError> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  const error = Cause.squash(cause)
  const message = `${describe(live)} ${what}: ${wholeMessage(error)}`
  return Effect.fail(new LifespanError({ reason: "source-failed", message, cause: error }))
}

const describe = ({ source, node }: PlacedSource): string =>
  `${describeNode(node)}: the source ${JSON.stringify(source.name)}`
