import { assemble, type App, Changes, Effect, type Component, provides, resource, Server, server, tool } from "mcpipe"
import { describe, expectTypeOf, it } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { type Source, source } from "../../lib/builder/source.ts"
import { Cache, CacheLive, Db, DbLive, Pool, PoolLive, User } from "./services.ts"

const empty = server({ name: "a", version: "1" })
const rows = tool({ name: "rows" }, () => Effect.flatMap(Db, (db) => db.rows("1")))
const whoami = tool({ name: "whoami" }, () => Effect.map(User, ({ id }) => id))
const users = resource({ uri: "user://all" }, () => Effect.as(Db, ""))

describe("a source", () => {
  it("needs what its components need, whichever way they are loaded", () => {
    expectTypeOf(source({ load: () => [] })).toEqualTypeOf<Source<never>>()
    expectTypeOf(source({ load: () => [rows, users] })).toEqualTypeOf<Source<Db>>()
    expectTypeOf(source({ load: async () => [rows, whoami] })).toEqualTypeOf<Source<Db | User>>()
    expectTypeOf(source({ load: Effect.succeed([rows]) })).toEqualTypeOf<Source<Db>>()
    expectTypeOf(
      source({
        load: function* () {
          yield* Effect.yieldNow
          return [whoami]
        }
      })
    ).toEqualTypeOf<Source<User>>()
  })

  it("needs layers for what loading and watching need", () => {
    const loading = Effect.as(Pool, [rows])
    expectTypeOf(source({ load: loading })).toEqualTypeOf<Source<ByLayer<Pool> | Db>>()
    expectTypeOf(source({ load: () => loading })).toEqualTypeOf<Source<ByLayer<Pool> | Db>>()
    const watched = source({ load: () => [rows], changes: () => Effect.asVoid(Cache) })
    expectTypeOf(watched).toEqualTypeOf<Source<ByLayer<Cache> | Db>>()
    const generated = source({
      load: async () => [whoami],
      changes: function* (notify) {
        expectTypeOf(notify).toEqualTypeOf<() => void>()
        yield* Cache
        yield* Effect.addFinalizer(() => Effect.void)
        yield* (yield* Changes).resourceUpdated("user://all")
        notify()
      }
    })
    expectTypeOf(generated).toEqualTypeOf<Source<ByLayer<Cache> | User>>()
  })

  it("may watch through a plain function that gives how to stop, or nothing", () => {
    const watcher = { on: (_: () => void) => {}, close: () => true }
    expectTypeOf(
      source({
        load: async () => [rows],
        changes: (notify) => {
          watcher.on(notify)
          return () => watcher.close()
        }
      })
    ).toEqualTypeOf<Source<Db>>()
    expectTypeOf(source({ load: () => [], changes: async (notify) => notify() })).toEqualTypeOf<Source<never>>()
  })

  it("whose components are known as components only is taken to need nothing", () => {
    const made: Array<Component> = [rows, whoami]
    expectTypeOf(source({ load: () => made })).toEqualTypeOf<Source<never>>()
    expectTypeOf(source({ load: async (): Promise<ReadonlyArray<Component>> => made })).toEqualTypeOf<Source<never>>()
  })
})

describe("server.source", () => {
  const needy = source({ load: () => Effect.as(Pool, [rows, whoami]) })

  it("adds what the source needs, in both forms", () => {
    expectTypeOf(empty.source(needy)).toEqualTypeOf<Server<ByLayer<Pool> | Db | User, never, never>>()
    expectTypeOf(empty.pipe(Server.source(needy))).toEqualTypeOf<Server<ByLayer<Pool> | Db | User, never, never>>()
    expectTypeOf(Server.source(empty, needy)).toEqualTypeOf<Server<ByLayer<Pool> | Db | User, never, never>>()
  })

  it("takes it from layers and middleware before and after it, but loads with layers alone", () => {
    const asUser = provides(User, () => ({ id: "1" }))
    const asPool = provides(Pool, () => ({ size: 1 }))
    const whole = empty.use(asUser).source(needy).provide(DbLive).provide(PoolLive)
    expectTypeOf(whole).toEqualTypeOf<Server<never, User, Db | Pool>>()
    expectTypeOf(empty.provide(PoolLive).provide(DbLive).use(asUser).source(needy)).toEqualTypeOf<typeof whole>()
    expectTypeOf(empty.use(asPool).provide(DbLive).use(asUser).source(needy)).toEqualTypeOf<
      Server<ByLayer<Pool>, Pool | User, Db>
    >()
    expectTypeOf(() => assemble(whole)).returns.toEqualTypeOf<App>()
  })

  it("lets a parent give what is missing, as for anything that is mounted", () => {
    const child = empty.source(needy)
    const parent = empty.mount("child", child).provide(CacheLive)
    expectTypeOf(parent).toEqualTypeOf<Server<ByLayer<Pool> | Db | User, never, Cache>>()
    expectTypeOf(parent.provide(PoolLive).provide(DbLive)).toEqualTypeOf<Server<User, never, Cache | Pool | Db>>()
  })
})
