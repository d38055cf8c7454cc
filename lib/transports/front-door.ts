import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DefinitionError } from "../builder/errors.ts"
import { type AnyServer, isServer, type Server } from "../builder/server.ts"
import type { Complete } from "../builder/server-types.ts"
import { portsOf } from "../protocol/ports.ts"
import { type App, appOf, type AssembleOptions, assembleOptions, assembleServer, isApp } from "../runtime/app.ts"
import type { AssemblyError } from "../runtime/assembly-error.ts"
import type { LifespanError } from "../runtime/lifespan.ts"
import { type FetchHandler, type FetchOptions, fetchHandler, fetchHandlerScoped } from "./http/fetch.ts"
import type { AppLike, RunningApp } from "./running.ts"
import { type ServeOptions, type Serving, serveApp, serveAppScoped } from "./serve.ts"
import type { ServeError } from "./serve-error.ts"

/** A server with nothing missing, or an app that `assemble` made of one. */
export type Servable<R, P, L> = (Server<R, P, L> & Complete<R>) | App

/**
 * Checks a server, refuses collisions and prepares everything that can be; starts nothing.
 * Throws `AssemblyError` naming both origins of each collision. Assemble once to share one lifespan between transports.
 * @example await using app = assemble(main)
 */
export const assemble = <R, P, L>(server: Server<R, P, L> & Complete<R>, options?: AssembleOptions): App => {
  if (!isServer(server))
    throw new DefinitionError("assemble(…) takes a server: make one with server({ name, version }).")
  const unknown = Object.keys(options ?? {}).find((name) => !(assembleOptions as ReadonlyArray<string>).includes(name))
  if (unknown !== undefined) {
    throw new DefinitionError(`assemble has no option \`${unknown}\`; there are ${assembleOptions.join(", ")}.`)
  }
  return appOf(assembleServer(server as AnyServer, options))
}

/** `assemble` as a scoped Effect: the app is started, and disposed of when the scope closes. */
export const assembleScoped = <R, P, L>(
  server: Server<R, P, L> & Complete<R>,
  options?: AssembleOptions
): Effect.Effect<App, AssemblyError | LifespanError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const app = assemble<R, P, L>(server, options)
        await app.start()
        return app
      },
      catch: (error) => error as AssemblyError | LifespanError
    }),
    (app) => Effect.promise(app.dispose)
  )

/**
 * Serves a server or app: over stdio by default, or over `http` or any `transport`. Resolves once it listens.
 * Rejects with `AssemblyError` or `ServeError`; a layer that fails to build names itself on stderr and exits with 1.
 * @example await serve(main, { http: { port: 3000 } })
 */
export const serve = <R, P, L>(
  served: Servable<R, P, L>,
  options: ServeOptions & AssembleOptions = {}
): Promise<Serving> =>
  // async, so that an AssemblyError rejects instead of being thrown
  Promise.resolve().then(() => serveApp(likeOf(served, options), options, !isApp(served)))

/** `serve` as a scoped Effect: closing the scope drains and closes it; signals are left to the program. */
export const serveScoped = <R, P, L>(
  served: Servable<R, P, L>,
  options: ServeOptions & AssembleOptions = {}
): Effect.Effect<Serving, AssemblyError | ServeError, Scope.Scope> =>
  Effect.flatMap(tryAssemble(served, options), (app) => serveAppScoped(app, options, !isApp(served)))

/**
 * A `(request: Request) => Promise<Response>` for Bun, Deno, Workers and anything else that speaks fetch; the app
 * starts at the first request. Throws `AssemblyError`, and `ServeError` for a bad option.
 * @example export default { fetch: toFetchHandler(main, { hosts: ["api.example.com"] }) }
 */
export const toFetchHandler = <R, P, L>(
  served: Servable<R, P, L>,
  options: FetchOptions & AssembleOptions = {}
): FetchHandler => fetchHandler(likeOf(served, options), options, !isApp(served))

/** `toFetchHandler` as a scoped Effect: closing the scope disposes of it. */
export const toFetchHandlerScoped = <R, P, L>(
  served: Servable<R, P, L>,
  options: FetchOptions & AssembleOptions = {}
): Effect.Effect<FetchHandler, AssemblyError | ServeError, Scope.Scope> =>
  Effect.flatMap(tryAssemble(served, options), (app) => fetchHandlerScoped(app, options, !isApp(served)))

const tryAssemble = (served: unknown, options: AssembleOptions): Effect.Effect<AppLike, AssemblyError> =>
  Effect.try({ try: () => likeOf(served, options), catch: (error) => error as AssemblyError })

const likes = new WeakMap<App, AppLike>()

/** What transports need of an app; one for each app, so that shutdown knows an app served twice for what it is. */
const likeOf = (served: unknown, options: AssembleOptions): AppLike => {
  if (!isApp(served) && !isServer(served)) {
    throw new DefinitionError(
      "This can't be served: pass a server made by server({ name, version }), or an app made by assemble(server)."
    )
  }
  const assembling = isApp(served) ? assembleOptions.find((name) => options[name] !== undefined) : undefined
  if (assembling !== undefined) {
    throw new DefinitionError(
      `${assembling} is an option of assemble(server, { ${assembling} }): this app is assembled already.`
    )
  }
  const app = isApp(served) ? served : appOf(assembleServer(served, options))
  let like = likes.get(app)
  if (like === undefined) {
    let running: Promise<RunningApp> | undefined
    like = {
      start: () => {
        running ??= app["~mcpipe/App"].running().then(
          (started) => ({ ports: portsOf(started), context: started.context(started.assembly.root) }),
          (error) => {
            running = undefined
            throw error
          }
        )
        return running
      },
      dispose: app.dispose
    }
    likes.set(app, like)
  }
  return like
}
