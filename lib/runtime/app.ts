import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import { HandlerContexts } from "../builder/handler.ts"
import type { ComponentKind } from "../builder/component.ts"
import type { UniformHook } from "../builder/uniform-hook.ts"
import type { AnyServer, ServerOptions } from "../builder/server.ts"
import { type Change, Changes } from "../services/changes.ts"
import { ClientLog } from "../services/client-log.ts"
import { Durable } from "../services/durable.ts"
import { Elicitation } from "../services/elicitation.ts"
import { EventStore } from "../services/event-store.ts"
import { JournalStore } from "../services/journal-store.ts"
import { Progress } from "../services/progress.ts"
import { RateLimitStore } from "../services/rate-limit-store.ts"
import { Roots } from "../services/roots.ts"
import { Sampling } from "../services/sampling.ts"
import { Session } from "../services/session.ts"
import { SessionStore } from "../services/session-store.ts"
import { StateStore } from "../services/state-store.ts"
import { Visibility } from "../services/visibility.ts"
import { askingOptions, type AskingSettings, type AskingSettingsInput, askingSettings } from "./asking-settings.ts"
import { type Catalogue, catalogueOf, changedKinds } from "./catalogue.ts"
import type { RequestHook } from "./entry.ts"
import { extensionsOf, type PlacedExtension } from "./extensions.ts"
import { handlerContexts } from "./handler-contexts.ts"
import { buildContexts, type LifespanError } from "./lifespan.ts"
import { limitOptions, limitSettings, type LimitSettings, type LimitSettingsInput } from "./limit-settings.ts"
import { requestHooksOn } from "./entry-base.ts"
import { isRoot, type Node, treeOf } from "./node.ts"
import { NodeContexts } from "./node-contexts.ts"
import { lossWarning } from "./losses.ts"
import { connectRelay, relaysOf } from "./relay.ts"
import { pingOf, pingOptions, pingSettings, type PingSettings, type PingSettingsInput } from "./ping-settings.ts"
import { changingKinds, type PlacedSource, sourcesOf, startSources, type Why } from "./sources.ts"
import {
  subscriptionOptions,
  subscriptionSettings,
  type SubscriptionSettings,
  type SubscriptionSettingsInput
} from "./subscription-settings.ts"

export interface AssembleOptions
  extends AskingSettingsInput,
    SubscriptionSettingsInput,
    LimitSettingsInput,
    PingSettingsInput {
  /** Shows clients the full text of unexpected errors instead of a reference. Default false. */
  readonly dev?: boolean | undefined
}

/** The options of assembling, by name: an app that is assembled already takes none of them. */
export const assembleOptions = [
  "dev",
  ...askingOptions,
  ...subscriptionOptions,
  ...limitOptions,
  ...pingOptions
] as const satisfies ReadonlyArray<keyof AssembleOptions>

/** A server assembled: names settled, collisions refused, chains compiled; nothing runs yet. */
export interface Assembly {
  readonly root: Node
  readonly nodes: ReadonlyArray<Node>
  readonly info: ServerOptions
  readonly dev: boolean
  readonly asking: AskingSettings
  readonly subscriptions: SubscriptionSettings
  readonly limits: LimitSettings
  /** Undefined where nobody is pinged. */
  readonly ping: PingSettings | undefined
  readonly extensions: ReadonlyArray<PlacedExtension>
  readonly sources: ReadonlyArray<PlacedSource>
  /** The kinds of components that may come and go at run time. */
  readonly changing: ReadonlySet<ComponentKind>
  /** The components of the builder; what sources give comes when the app starts. */
  readonly catalogue: Catalogue
}

/** An app whose layers are built. */
export interface Running {
  readonly assembly: Assembly
  /** The snapshot that new calls use. */
  readonly catalogue: () => Catalogue
  /** Replaces the snapshot at once; calls in flight keep theirs. Publishes the change where a list is not what it was. */
  readonly swap: (next: Catalogue) => void
  /** Calls a listener, which must not throw, with every change as it is published; gives how to stop. */
  readonly onChange: (listener: (change: Change) => void) => () => void
  /** What calls of a node start in, before the services of their request are added. */
  readonly context: (node: Node) => Context.Context<never>
  /** The `request` hooks of the root, which also surround what is no component's. */
  readonly requestHooks: ReadonlyArray<RequestHook>
  /** The root's hooks on messages and notifications, outermost first. */
  readonly messageHooks: ReadonlyArray<(message: unknown) => unknown>
  readonly notificationHooks: ReadonlyArray<UniformHook>
  /** Fibers in flight: calls, and the closing of their scopes. */
  readonly fibers: Set<Fiber.Fiber<any, any>>
  /** Takes a fiber among those in flight until it ends. */
  readonly follow: (fiber: Fiber.Fiber<any, any>) => void
  /** Told each time the last fiber in flight has ended. */
  readonly idle: { notify: () => void }
  /** Whether the app is being disposed of, which interrupts what is in flight. */
  readonly ending: () => boolean
}

/** Checks a server and prepares everything that can be prepared; throws `AssemblyError`. */
export const assembleServer = (server: AnyServer, options: AssembleOptions = {}): Assembly => {
  const { root, nodes } = treeOf(server)
  const catalogue = catalogueOf(nodes, (node) => node.definition.components, 0)
  const sources = sourcesOf(nodes)
  return {
    root,
    nodes,
    info: root.info,
    dev: options.dev === true,
    asking: askingSettings(options),
    subscriptions: subscriptionSettings(options),
    limits: limitSettings(options),
    ping: pingSettings(options, pingOf(nodes)),
    extensions: extensionsOf(nodes),
    sources,
    changing: changingKinds(sources),
    catalogue
  }
}

/** What an app has by itself; a layer of the author's takes the place of each. */
const appServices = Layer.mergeAll(
  Changes.layer,
  JournalStore.layerMemory(),
  StateStore.layerMemory(),
  SessionStore.layerMemory(),
  EventStore.layerMemory(),
  RateLimitStore.layerMemory()
)

/**
 * Builds the layers of an assembly into the surrounding scope; calls still in flight at its end are interrupted first.
 * Layers and calls see `around`, such as another clock, below everything else.
 */
export const run = (
  assembly: Assembly,
  around: Context.Context<never> = Context.empty()
): Effect.Effect<Running, LifespanError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const services = yield* Layer.build(appServices)
    const cells: { own: Array<Context.Context<never>>; whole: Array<Context.Context<never>> } = { own: [], whole: [] }
    const base = around.pipe(
      Context.merge(services),
      Context.add(References.LogToStderr, true),
      Context.add(NodeContexts, cells),
      Context.add(HandlerContexts, handlerContexts()),
      Context.add(Progress, Progress.live),
      Context.add(ClientLog, ClientLog.live),
      Context.add(Elicitation, Elicitation.live),
      Context.add(Sampling, Sampling.live),
      Context.add(Roots, Roots.live),
      Context.add(Session, Session.live),
      Context.add(Durable, Durable.live),
      Context.add(Visibility, Visibility.live)
    )
    const built = yield* buildContexts(assembly.nodes, base as Context.Context<never>, scope)
    cells.whole.push(...built.map(({ whole }) => flat(whole)))
    cells.own.push(...built.map(({ own }) => own))
    const context = (node: Node) => cells.whole[node.index]!
    const root = context(assembly.root)
    const changes = Context.getUnsafe(root as Context.Context<any>, Changes)
    const listeners = new Set<{ readonly hear: (change: Change) => void }>()
    /** What another process has told of, so that it is not told in turn. */
    const told = new WeakSet<Change>()
    let current = assembly.catalogue
    let ending = false
    const swap = (next: Catalogue, why: Why) => {
      const kinds = changedKinds(current, next)
      const warning = why === "starting" ? undefined : lossWarning(assembly.info.name, next, current)
      if (warning !== undefined) Effect.runForkWith(root)(Effect.logWarning(warning))
      current = next
      if (kinds.length === 0 || why === "starting") return
      const change: Change = { type: "catalogue-changed", generation: next.generation, kinds }
      if (why === "told") told.add(change)
      Effect.runForkWith(root)(changes.publish(change))
    }
    const roots = assembly.nodes.filter(isRoot)
    const hooks = roots.flatMap(({ definition }) => definition.middleware.map((one) => one["~mcpipe/Middleware"].hooks))
    const running: Running = {
      assembly,
      catalogue: () => current,
      swap: (next) => swap(next, "noticed"),
      onChange: (hear) => {
        const mine = { hear }
        listeners.add(mine)
        return () => void listeners.delete(mine)
      },
      context,
      requestHooks: roots.flatMap((node) => requestHooksOn(node)),
      messageHooks: hooks.flatMap(({ message }) => message ?? []),
      notificationHooks: hooks.flatMap(({ notification }) => notification ?? []),
      fibers: new Set(),
      follow: (fiber) => {
        running.fibers.add(fiber)
        fiber.addObserver(() => {
          running.fibers.delete(fiber)
          if (running.fibers.size === 0) running.idle.notify()
        })
      },
      idle: { notify: () => {} },
      ending: () => ending
    }
    yield* changes.listen((change) => {
      for (const { hear } of [...listeners]) hear(change)
    })
    const { nodes, sources } = assembly
    const catalogue = () => current
    const reload = yield* startSources({ nodes, sources, context, catalogue, swap })
    const warning = lossWarning(assembly.info.name, current)
    if (warning !== undefined) yield* Effect.provideContext(Effect.logWarning(warning), root)
    for (const relay of relaysOf(cells.whole)) {
      const generation = () => current.generation
      yield* connectRelay({ app: assembly.info.name, relay, changes, told, reload, generation, context: root })
    }
    yield* Effect.addFinalizer(() => {
      ending = true
      return endCalls(running)
    })
    return running
  })

/**
 * A context keeps what was added to it as a short list, and the ninth addition copies the whole: a request that adds its own
 * four services to a list of five would pay for that on every call (1.5 instead of 1.0 µs).
 */
const flat = (context: Context.Context<never>): Context.Context<never> => Context.makeUnsafe(new Map(context.mapUnsafe))

/** Milliseconds that cleanups of calls may take once the app ends; after that its layers are released all the same. */
const cleanupMillis = 10_000

const endCalls = (running: Running): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (running.fibers.size === 0) return resume(Effect.void)
    const timer = setTimeout(() => {
      const message = `Calls have not cleaned up within ${cleanupMillis} ms of the app's end; it does not wait any longer.`
      resume(Effect.logError(message))
    }, cleanupMillis)
    running.idle.notify = () => {
      clearTimeout(timer)
      resume(Effect.void)
    }
    for (const fiber of [...running.fibers]) fiber.interruptUnsafe()
  })

/**
 * An assembled server with its lifespan: start it, serve it on any number of transports, dispose of it.
 * Layers are built once, at the first start, and released in reverse order when it is disposed of.
 */
export interface App extends AsyncDisposable {
  readonly "~mcpipe/App": {
    readonly assembly: Assembly
    readonly running: () => Promise<Running>
    /** What it serves by now; before it runs, what the builder gave. */
    readonly catalogue: () => Catalogue
  }
  readonly info: ServerOptions
  /** Builds the layers; rejects with `LifespanError`. Starting again returns the same start. */
  readonly start: () => Promise<void>
  /** Interrupts calls in flight and releases the layers, once; rejects with what a layer failed to close of, after all others were closed. */
  readonly dispose: () => Promise<void>
}

export const isApp = (u: unknown): u is App => typeof u === "object" && u !== null && "~mcpipe/App" in u

/** Makes the app of an assembly; importing or assembling a server starts nothing. `around` is as in `run`. */
export const appOf = (assembly: Assembly, around?: Context.Context<never>): App => {
  let started: { readonly scope: Scope.Closeable; readonly running: Promise<Running> } | undefined
  let disposed: Promise<void> | undefined
  let live: Running | undefined
  const running = (): Promise<Running> => {
    if (disposed !== undefined) {
      const message = `server ${JSON.stringify(assembly.info.name)}: this app was disposed of; assemble the server again.`
      return Promise.reject(new Error(message))
    }
    if (started === undefined) {
      const scope = Scope.makeUnsafe()
      const kept = Effect.map(run(assembly, around), (running) => {
        live = running
        return running
      })
      const attempt = Effect.runPromise(Scope.provide(kept, scope)).catch(async (error) => {
        // a failed start has left nothing behind before anybody can try again
        // (a release that fails as well must not hide why the start failed)
        await Effect.runPromise(Effect.exit(Scope.close(scope, Exit.fail(error))))
        started = undefined
        throw error
      })
      started = { scope, running: attempt }
    }
    return started.running
  }
  const dispose = (): Promise<void> => {
    disposed ??= (async () => {
      if (started === undefined) return
      await started.running.catch(() => undefined)
      if (started !== undefined) await Effect.runPromise(Scope.close(started.scope, Exit.void))
    })()
    return disposed
  }
  return {
    "~mcpipe/App": { assembly, running, catalogue: () => live?.catalogue() ?? assembly.catalogue },
    info: assembly.info,
    start: async () => void (await running()),
    dispose,
    [Symbol.asyncDispose]: dispose
  }
}
