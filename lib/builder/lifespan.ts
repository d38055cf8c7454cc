import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * A layer from two plain functions: `open` makes a service when the app starts, `close` ends it when the app is disposed
 * of. Either may be async; an app whose `open` throws or rejects does not start.
 * @example server(info).tool(find).provide(lifespan(Db, () => openDb(url), (db) => db.close()))
 */
export const lifespan = <I, S>(
  tag: Context.Key<I, S>,
  open: () => S | PromiseLike<S>,
  close?: ((service: S) => unknown) | undefined
): Layer.Layer<I, unknown> => {
  const opened = Effect.tryPromise({ try: async () => open(), catch: (error) => error })
  const scoped =
    close === undefined
      ? opened
      : Effect.acquireRelease(opened, (service) => Effect.promise(async () => close(service)))
  return Layer.effect(tag as Context.Service<I, S>, scoped)
}
