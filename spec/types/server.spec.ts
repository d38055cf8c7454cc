import {
  type App,
  assemble,
  Changes,
  Effect,
  extension,
  Layer,
  method,
  type Middleware,
  middleware,
  Principal,
  prompt,
  provides,
  RequestContext,
  resource,
  Server,
  server,
  tool
} from "mcpipe"
import { describe, expectTypeOf, it } from "vitest"
import type { ByLayer, ByOuter } from "../../lib/builder/server-types.ts"
import { Cache, CacheLive, Db, DbFromPool, DbLive, dbOf, Pool, PoolFromCache, PoolLive, User } from "./services.ts"

const empty = server({ name: "a", version: "1" })
const rows = tool({ name: "rows" }, () => Effect.flatMap(Db, (db) => db.rows("1")))
const whoami = tool({ name: "whoami" }, () => Effect.map(User, ({ id }) => id))
const users = resource({ uri: "user://all" }, () => Effect.as(Db, ""))
const review = prompt({ name: "review" }, () => Effect.as(Cache, ""))
const asUser = provides(User, () => ({ id: "1" }))
const asPool = provides(Pool, () => ({ size: 1 }))
const audit = middleware({ callTool: (next, call) => Effect.andThen(User, next(call)) })
const search = extension({ id: "com.example/x", methods: { "x/y": method({}, () => Effect.as(User, {})) } })

describe("a component", () => {
  it("adds what it needs, alone or among others", () => {
    expectTypeOf(empty).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.tool(rows)).toEqualTypeOf<Server<Db, never, never>>()
    expectTypeOf(empty.tool(rows).tool(whoami)).toEqualTypeOf<Server<Db | User, never, never>>()
    expectTypeOf(empty.resource(users)).toEqualTypeOf<Server<Db, never, never>>()
    expectTypeOf(empty.prompt(review)).toEqualTypeOf<Server<Cache, never, never>>()
    expectTypeOf(empty.add(rows, users, review, whoami)).toEqualTypeOf<Server<Db | Cache | User, never, never>>()
    expectTypeOf(empty.add()).toEqualTypeOf<Server<never, never, never>>()
  })

  it("needs nobody to supply scopes, request services or changes", () => {
    const scoped = tool({ name: "scoped" }, () => Effect.addFinalizer(() => Effect.void))
    const supplied = tool({ name: "supplied" }, function* () {
      yield* RequestContext
      yield* Principal
      return yield* (yield* Changes).resourceUpdated("user://all")
    })
    expectTypeOf(empty.tool(scoped).tool(supplied)).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.add(scoped, supplied)).toEqualTypeOf<Server<never, never, never>>()
  })
})

describe("a layer", () => {
  it("gives its services to components before and after it", () => {
    expectTypeOf(empty.tool(rows).provide(DbLive)).toEqualTypeOf<Server<never, never, Db>>()
    expectTypeOf(empty.provide(DbLive).tool(rows)).toEqualTypeOf<Server<never, never, Db>>()
    expectTypeOf(empty.provide(DbLive).add(rows, users)).toEqualTypeOf<Server<never, never, Db>>()
    expectTypeOf(empty.provide(DbLive).add(rows, whoami)).toEqualTypeOf<Server<User, never, Db>>()
  })

  it("gets what it needs from layers, in any order", () => {
    type Done = Server<never, never, Db | Pool | Cache>
    expectTypeOf(empty.provide(DbFromPool)).toEqualTypeOf<Server<ByLayer<Pool>, never, Db>>()
    expectTypeOf(empty.provide(DbFromPool).provide(PoolFromCache).provide(CacheLive)).toEqualTypeOf<Done>()
    expectTypeOf(empty.provide(CacheLive).provide(PoolFromCache).provide(DbFromPool)).toEqualTypeOf<Done>()
    expectTypeOf(empty.provide(PoolFromCache).provide(CacheLive).provide(DbFromPool)).toEqualTypeOf<Done>()
  })

  it("never gets it from middleware, before or after", () => {
    type Lacking = Server<ByLayer<Pool>, Pool, Db>
    expectTypeOf(empty.provide(DbFromPool).use(asPool)).toEqualTypeOf<Lacking>()
    expectTypeOf(empty.use(asPool).provide(DbFromPool)).toEqualTypeOf<Lacking>()
    expectTypeOf(empty.use(asPool).provide(DbFromPool).provide(PoolLive)).toEqualTypeOf<
      Server<never, Pool, Db | Pool>
    >()
  })

  it("may need Changes, which the app itself has", () => {
    const layer = Layer.effect(Db, Effect.as(Changes, dbOf))
    expectTypeOf(empty.provide(layer)).toEqualTypeOf<Server<never, never, Db>>()
  })

  it("that gives several services, or none, is taken as it is", () => {
    expectTypeOf(empty.provide(Layer.merge(DbLive, PoolLive))).toEqualTypeOf<Server<never, never, Db | Pool>>()
    expectTypeOf(empty.provide(Layer.effectDiscard(Effect.asVoid(Cache)))).toEqualTypeOf<
      Server<ByLayer<Cache>, never, never>
    >()
  })
})

describe("middleware", () => {
  it("gives its services to components before and after it", () => {
    expectTypeOf(empty.tool(whoami).use(asUser)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.use(asUser).tool(whoami)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.use(asUser).add(whoami, rows)).toEqualTypeOf<Server<Db, User, never>>()
  })

  it("gets what it needs from layers, wherever they are", () => {
    const fromDb = provides(User, Effect.as(Db, { id: "1" }))
    expectTypeOf(empty.use(fromDb).provide(DbLive)).toEqualTypeOf<Server<never, User, Db>>()
    expectTypeOf(empty.provide(DbLive).use(fromDb)).toEqualTypeOf<Server<never, User, Db>>()
  })

  it("gets it from middleware used before it, not from what is used after it", () => {
    expectTypeOf(empty.use(asUser).use(audit)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.use(audit).use(asUser)).toEqualTypeOf<Server<ByOuter<User>, User, never>>()
    expectTypeOf(empty.use(audit).use(asUser).tool(whoami)).toEqualTypeOf<Server<ByOuter<User>, User, never>>()
  })

  it("gets it from a parent's middleware, used before the mount or after it", () => {
    const child = empty.use(audit)
    expectTypeOf(empty.use(asUser).mount("child", child)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.mount("child", child).use(asUser)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.mount("child", child)).toEqualTypeOf<Server<User, never, never>>()
  })

  it("with a request hook gets what that needs from layers alone", () => {
    const limited = middleware((next) => Effect.andThen(User, next))
    const UserLive = Layer.succeed(User, { id: "1" })
    expectTypeOf(empty.use(asUser).use(limited)).toEqualTypeOf<Server<ByLayer<User>, User, never>>()
    expectTypeOf(empty.mount("child", empty.use(limited)).use(asUser)).toEqualTypeOf<
      Server<ByLayer<User>, User, never>
    >()
    expectTypeOf(empty.use(limited).provide(UserLive)).toEqualTypeOf<Server<never, never, User>>()
    expectTypeOf(empty.provide(UserLive).use(limited)).toEqualTypeOf<Server<never, never, User>>()
  })

  it("whose type was written by hand may name request services", () => {
    const written: Middleware<never, Principal | User> = audit
    expectTypeOf(empty.use(written)).toEqualTypeOf<Server<ByOuter<User>, never, never>>()
  })
})

describe("an extension", () => {
  it("gets what its methods need from layers alone", () => {
    const UserLive = Layer.succeed(User, { id: "1" })
    expectTypeOf(empty.add(search)).toEqualTypeOf<Server<ByLayer<User>, never, never>>()
    expectTypeOf(empty.use(asUser).add(search)).toEqualTypeOf<Server<ByLayer<User>, User, never>>()
    expectTypeOf(empty.add(search).use(asUser)).toEqualTypeOf<Server<ByLayer<User>, User, never>>()
    expectTypeOf(empty.add(search, rows).provide(UserLive)).toEqualTypeOf<Server<Db, never, User>>()
    expectTypeOf(empty.provide(UserLive).add(search, whoami)).toEqualTypeOf<Server<never, never, User>>()
  })
})

describe("a mounted server", () => {
  it("gets what it lacks from its parent's layers and middleware, wherever they are", () => {
    const child = empty.tool(rows).tool(whoami)
    type Done = Server<never, User, Db>
    expectTypeOf(empty.mount("child", child)).toEqualTypeOf<Server<Db | User, never, never>>()
    expectTypeOf(empty.mount("child", child).provide(DbLive).use(asUser)).toEqualTypeOf<Done>()
    expectTypeOf(empty.use(asUser).mount("child", child).provide(DbLive)).toEqualTypeOf<Done>()
    expectTypeOf(empty.provide(DbLive).use(asUser).mount("child", child)).toEqualTypeOf<Done>()
  })

  it("leaves the needs of its layers to its parent's layers", () => {
    const child = empty.provide(DbFromPool)
    expectTypeOf(empty.mount("child", child)).toEqualTypeOf<Server<ByLayer<Pool>, never, never>>()
    expectTypeOf(empty.use(asPool).mount("child", child)).toEqualTypeOf<Server<ByLayer<Pool>, Pool, never>>()
    expectTypeOf(empty.mount("child", child).provide(PoolLive)).toEqualTypeOf<Server<never, never, Pool>>()
    expectTypeOf(empty.provide(PoolLive).mount("child", child)).toEqualTypeOf<Server<never, never, Pool>>()
  })

  it("keeps its own layers and middleware to itself", () => {
    const child = empty.provide(DbLive).use(asUser)
    expectTypeOf(empty.mount("child", child).tool(rows)).toEqualTypeOf<Server<Db, never, never>>()
    expectTypeOf(empty.tool(whoami).mount("child", child)).toEqualTypeOf<Server<User, never, never>>()
  })
})

it("the steps of .pipe give the types of the methods", () => {
  const child = empty.pipe(Server.tool(whoami), Server.use(audit))
  expectTypeOf(child).toEqualTypeOf<Server<User | ByOuter<User>, never, never>>()
  const main = empty.pipe(
    Server.tool(rows),
    Server.resource(users),
    Server.prompt(review),
    Server.add(whoami, search),
    Server.mount("child", child),
    Server.provide(DbFromPool)
  )
  expectTypeOf(main).toEqualTypeOf<Server<Cache | User | ByLayer<User> | ByLayer<Pool>, never, Db>>()
  const chained = empty.tool(rows).resource(users).prompt(review).add(whoami, search).mount("child", child)
  expectTypeOf(main).toEqualTypeOf(chained.provide(DbFromPool))
  expectTypeOf(main.pipe(Server.use(asUser))).toEqualTypeOf<Server<Cache | ByLayer<User> | ByLayer<Pool>, User, Db>>()
  expectTypeOf(Server.provide(Server.tool(empty, rows), DbLive)).toEqualTypeOf<Server<never, never, Db>>()
})

it("a server with everything can be assembled", () => {
  const main = empty.tool(rows).tool(whoami).use(asUser).provide(DbFromPool).provide(PoolLive)
  expectTypeOf(main).toEqualTypeOf<Server<never, User, Db | Pool>>()
  expectTypeOf(assemble(main)).toEqualTypeOf<App>()
  expectTypeOf(assemble(empty.pipe(Server.tool(rows), Server.provide(DbLive)))).toEqualTypeOf<App>()
})
