import {
  type ByLayer,
  type ByOuter,
  Effect,
  middleware,
  type Middleware,
  provides,
  type Server,
  Server as Pipeline,
  server,
  type Tool,
  tool,
  transform,
  type Transform,
  use,
  visibleTo
} from "mcpipe"
import { describe, expectTypeOf, it } from "vitest"
import { Cache, CacheLive, Db, DbFromPool, DbLive, type Pool, User } from "./services.ts"

const empty = server({ name: "s", version: "1" })
const rows = tool({ name: "rows" }, () => Effect.flatMap(Db, (db) => db.rows("1")))
const whoami = tool({ name: "whoami" }, () => Effect.map(User, ({ id }) => id))
const asUser = provides(User, Effect.succeed({ id: "ann" }))
const asCached = provides(
  Cache,
  Effect.map(User, () => ({ get: () => undefined }))
)
/** A hook that needs a user inside of requests, and one that needs a database outside of them. */
const audit = middleware({ callTool: (next, call) => Effect.andThen(User, next(call)) })
const limited = middleware((next) => Effect.andThen(Db, next))
const cached = transform<Cache>("cached", (all) => all)

describe("middleware of a mount", () => {
  it("gives services to the mounted server alone", () => {
    expectTypeOf(empty.mount("c", empty.tool(whoami), { use: asUser })).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.mount(empty.tool(whoami), { use: asUser })).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.mount("c", empty.tool(rows), { use: asUser })).toEqualTypeOf<Server<Db, never, never>>()
    expectTypeOf(empty.mount("c", empty, { use: asUser }).tool(whoami)).toEqualTypeOf<Server<User, never, never>>()
  })

  it("gives to middleware inside of it too, but not to request hooks", () => {
    expectTypeOf(empty.mount("c", empty.use(audit), { use: asUser })).toEqualTypeOf<Server<never, never, never>>()
    const needsUser = middleware((next) => Effect.andThen(User, next))
    expectTypeOf(empty.mount("c", empty.use(needsUser), { use: asUser })).toEqualTypeOf<
      Server<ByLayer<User>, never, never>
    >()
  })

  it("has needs of its own, which parents meet, or layers of the mounted server", () => {
    expectTypeOf(empty.mount("c", empty, { use: audit })).toEqualTypeOf<Server<User, never, never>>()
    expectTypeOf(empty.use(asUser).mount("c", empty, { use: audit })).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.mount("c", empty, { use: limited })).toEqualTypeOf<Server<ByLayer<Db>, never, never>>()
    expectTypeOf(empty.mount("c", empty.provide(DbLive), { use: limited })).toEqualTypeOf<Server<never, never, never>>()
  })

  it("stands in the order that is written, the first outermost", () => {
    expectTypeOf(empty.mount("c", empty, { use: [asUser, asCached] })).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.mount("c", empty, { use: [asCached, asUser] })).toEqualTypeOf<Server<User, never, never>>()
    expectTypeOf(empty.mount("c", empty.tool(whoami), { use: [audit, asUser] })).toEqualTypeOf<
      Server<User, never, never>
    >()
    const several: ReadonlyArray<Middleware<never, User>> = [audit]
    expectTypeOf(empty.mount("c", empty, { use: several })).toEqualTypeOf<Server<User, never, never>>()
  })
})

describe("transforms", () => {
  it("of a mount have needs that middleware of the mount does not meet", () => {
    expectTypeOf(empty.mount("c", empty, { transform: cached })).toEqualTypeOf<Server<Cache, never, never>>()
    const gives = provides(Cache, Effect.succeed({ get: () => undefined }))
    expectTypeOf(empty.mount("c", empty, { transform: [cached], use: gives })).toEqualTypeOf<
      Server<Cache, never, never>
    >()
    expectTypeOf(empty.use(gives).mount("c", empty, { transform: cached })).toEqualTypeOf<Server<never, Cache, never>>()
  })

  it("of a server keep what its layers give, and let middleware used later meet their needs", () => {
    const before = empty.tool(rows).use(asUser).provide(DbLive)
    expectTypeOf(before.transform(cached)).toEqualTypeOf<Server<Cache, never, Db>>()
    expectTypeOf(before.transform(cached).provide(CacheLive)).toEqualTypeOf<Server<never, never, Db | Cache>>()
    expectTypeOf(before.transform().tool(rows)).toEqualTypeOf<Server<never, never, Db>>()
    expectTypeOf(before.transform().tool(whoami)).toEqualTypeOf<Server<User, never, Db>>()
    expectTypeOf(before.transform().tool(whoami).use(asUser)).toEqualTypeOf<Server<never, User, Db>>()
    expectTypeOf(empty.tool(whoami).transform().use(asUser)).toEqualTypeOf<Server<never, User, never>>()
    expectTypeOf(empty.use(audit).transform()).toEqualTypeOf<Server<User, never, never>>()
    expectTypeOf(empty.use(limited).transform().use(asUser)).toEqualTypeOf<Server<ByLayer<Db>, User, never>>()
    expectTypeOf(empty.provide(DbFromPool).transform()).toEqualTypeOf<Server<ByLayer<Pool>, never, Db>>()
  })

  it("have the needs they are written with, none by default", () => {
    expectTypeOf(transform("t", (all) => all)).toEqualTypeOf<Transform<never>>()
    expectTypeOf(cached).toEqualTypeOf<Transform<Cache>>()
    expectTypeOf(empty.pipe(Pipeline.transform(cached))).toEqualTypeOf<Server<Cache, never, never>>()
    expectTypeOf(empty.pipe(Pipeline.mount("c", empty.tool(whoami), { use: asUser }))).toEqualTypeOf<
      Server<never, never, never>
    >()
  })
})

describe("middleware of a component", () => {
  it("takes away what it gives, and adds what it needs", () => {
    expectTypeOf(whoami.pipe(use(asUser))).toEqualTypeOf<Tool<"whoami", {}, string, never, never>>()
    expectTypeOf(whoami.pipe(use(asCached))).toEqualTypeOf<Tool<"whoami", {}, string, never, User | ByOuter<User>>>()
    expectTypeOf(empty.tool(whoami.pipe(use(asUser)))).toEqualTypeOf<Server<never, never, never>>()
    expectTypeOf(empty.tool(rows.pipe(use(audit)))).toEqualTypeOf<Server<Db | User, never, never>>()
    expectTypeOf(
      empty
        .tool(rows.pipe(use(audit)))
        .use(asUser)
        .provide(DbLive)
    ).toEqualTypeOf<Server<never, User, Db>>()
    expectTypeOf(
      empty
        .use(asUser)
        .provide(DbLive)
        .add(rows.pipe(use(audit)))
    ).toEqualTypeOf<Server<never, User, Db>>()
  })

  it("is not given what only middleware inside of it gives, nor may request hooks count on any", () => {
    expectTypeOf(empty.tool(rows.pipe(use(audit), use(asUser)))).toEqualTypeOf<Server<Db | User, never, never>>()
    const needsUser = middleware((next) => Effect.andThen(User, next))
    expectTypeOf(empty.use(asUser).tool(whoami.pipe(use(needsUser)))).toEqualTypeOf<
      Server<ByLayer<User>, User, never>
    >()
  })

  it("leaves everything else as it is, as visibleTo does", () => {
    expectTypeOf(rows.pipe(visibleTo(() => true))).toEqualTypeOf<typeof rows>()
  })
})
