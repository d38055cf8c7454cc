import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import { HandlerContexts } from "../builder/handler.ts"
import type { AnyServer, ServerOptions } from "../builder/server.ts"
import { Changes } from "../services/changes.ts"
import { ClientLog } from "../services/client-log.ts"
import { Durable } from "../services/durable.ts"
import { Elicitation } from "../services/elicitation.ts"
import { EventStore } from "../services/event-store.ts"
import { JournalStore } from "../services/journal-store.ts"
import { Progress } from "../services/progress.ts"
import { Roots } from "../services/roots.ts"
import { Sampling } from "../services/sampling.ts"
import { Session } from "../services/session.ts"
import { SessionStore } from "../services/session-store.ts"
import { StateStore } from "../services/state-store.ts"
import { askingOptions, type AskingSettings, type AskingSettingsInput, askingSettings } from "./asking-settings.ts"
import { builderSource, type Catalogue, catalogueOf } from "./catalogue.ts"
import type { RequestHook } from "./entry.ts"
import { extensionsOf, type PlacedExtension } from "./extensions.ts"
import { handlerContexts } from "./handler-contexts.ts"
import { buildContexts, type LifespanError } from "./lifespan.ts"
import { requestHooksOf } from "./names.ts"
import { type Node, treeOf } from "./node.ts"
import { NodeContexts } from "./node-contexts.ts"

export interface AssembleOptions extends AskingSettingsInput {
  /** Shows clients the full text of unexpected errors instead of a reference. Default false. */
  readonly dev?: boolean | undefined
}

/** The options of assembling, by name: an app that is assembled already takes none of them. */
export const assembleOptions = ["dev", ...askingOptions] as const satisfies ReadonlyArray<keyof AssembleOptions>

/** A server assembled: names settled, collisions refused, chains compiled; nothing runs yet. */
export interface Assembly {
  readonly root: Node
  readonly nodes: ReadonlyArray<Node>
  readonly info: ServerOptions
  readonly dev: boolean
  readonly asking: AskingSettings
  readonly extensions: ReadonlyArray<PlacedExtension>
  readonly catalogue: Catalogue
}

/** An app whose layers are built. */
export interface Running {
  readonly assembly: Assembly
  /** The snapshot that new calls use. */
  readonly catalogue: () => Catalogue
  /** Replaces the snapshot at once; calls in flight keep theirs. Publishes the change. */
  readonly swap: (next: Catalogue) => void
  /** What calls of a node start in, before the services of their request are added. */
  readonly context: (node: Node) => Context.Context<never>
  /** The `request` hooks of the root, which also surround what is no component's. */
  readonly requestHooks: ReadonlyArray<RequestHook>
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
  const catalogue = catalogueOf(nodes, builderSource, 0)
  return {
    root,
    nodes,
    info: root.info,
    dev: options.dev === true,
    asking: askingSettings(options),
    extensions: extensionsOf(nodes),
    catalogue
  }
}

/** What an app has by itself; a layer of the author's takes the place of each. */
const appServices = Layer.mergeAll(
  Changes.layer,
  JournalStore.layerMemory(),
  StateStore.layerMemory(),
  SessionStore.layerMemory(),
  EventStore.layerMemory()
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
      Context.add(Durable, Durable.live)
    )
    const built = yield* buildContexts(assembly.nodes, base as Context.Context<never>, scope)
    cells.whole.push(...built.map(({ whole }) => flat(whole)))
    cells.own.push(...built.map(({ own }) => own))
    const publish = Context.get(services, Changes).publish
    let current = assembly.catalogue
    let ending = false
    const running: Running = {
      assembly,
      catalogue: () => current,
      swap: (next) => {
        current = next
        Effect.runFork(publish({ type: "catalogue-changed", generation: next.generation }))
      },
      context: (node) => cells.whole[node.index]!,
      requestHooks: requestHooksOf(assembly.root, () => undefined),
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

const endCalls = (running: Running): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (running.fibers.size === 0) return resume(Effect.void)
    running.idle.notify = () => resume(Effect.void)
    for (const fiber of [...running.fibers]) fiber.interruptUnsafe()
  })

/**
 * An assembled server with its lifespan: start it, serve it on any number of transports, dispose of it.
 * Layers are built once, at the first start, and released in reverse order when it is disposed of.
 */
export interface App extends AsyncDisposable {
  readonly "~mcpipe/App": { readonly assembly: Assembly; readonly running: () => Promise<Running> }
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
  const running = (): Promise<Running> => {
    if (disposed !== undefined) {
      const message = `server ${JSON.stringify(assembly.info.name)}: this app was disposed of; assemble the server again.`
      return Promise.reject(new Error(message))
    }
    if (started === undefined) {
      const scope = Scope.makeUnsafe()
      const attempt = Effect.runPromise(Scope.provide(run(assembly, around), scope)).catch(async (error) => {
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
    "~mcpipe/App": { assembly, running },
    info: assembly.info,
    start: async () => void (await running()),
    dispose,
    [Symbol.asyncDispose]: dispose
  }
}
