import { Context, Data, Effect, Layer } from "mcpipe"

/** What an author of servers might have. */
export class Db extends Context.Service<Db, { readonly rows: (id: string) => Effect.Effect<ReadonlyArray<string>> }>()(
  "app/Db"
) {}
export class Pool extends Context.Service<Pool, { readonly size: number }>()("app/Pool") {}
export class User extends Context.Service<User, { readonly id: string }>()("app/User") {}
export class Cache extends Context.Service<Cache, { readonly get: (key: string) => string | undefined }>()(
  "app/Cache"
) {}
export class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}

export const dbOf = Db.of({ rows: (id) => Effect.succeed([id]) })
export const DbLive = Layer.succeed(Db, dbOf)
export const DbFromPool = Layer.effect(Db, Effect.as(Pool, dbOf))
export const PoolLive = Layer.succeed(Pool, { size: 1 })
export const PoolFromCache = Layer.effect(
  Pool,
  Effect.map(Cache, (cache) => ({ size: Number(cache.get("size")) }))
)
export const CacheLive = Layer.succeed(Cache, { get: () => undefined })
