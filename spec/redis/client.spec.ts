import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type * as ioredis from "ioredis"
import { DefinitionError } from "mcpipe"
import { type RedisLayerOptions, redisEventStore, redisLayer } from "mcpipe/redis"
import * as redis from "redis"
import { afterAll, describe, expect, expectTypeOf, it } from "vitest"
import { ChangeRelay } from "../../lib/services/change-relay.ts"
import { EventStore } from "../../lib/services/event-store.ts"
import { JournalStore } from "../../lib/services/journal-store.ts"
import type { RateLimitStore } from "../../lib/services/rate-limit-store.ts"
import { SessionStore, type StoredSession } from "../../lib/services/session-store.ts"
import { StateStore } from "../../lib/services/state-store.ts"
import { clients, freshPrefix, type OpenClient, packages, useRedis, withRedis } from "../kit/redis.ts"
import { gate } from "../kit/wire.ts"

const session: StoredSession = {
  revision: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "by-hand", version: "0" },
  owner: { id: "ada", anonymous: false },
  logLevel: "error",
  subscriptions: ["file:///a"]
}

const build = (options: RedisLayerOptions) => Layer.build(redisLayer(options))

/** Uses all that a layer gives, and what comes of it. */
const useAll = (options: RedisLayerOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const context = yield* build(options)
      const sessions = Context.get(context, SessionStore)
      const states = Context.get(context, StateStore)
      const journals = Context.get(context, JournalStore)
      const events = Context.get(context, EventStore)
      const told = gate<string>()
      yield* Context.get(context, ChangeRelay).subscribe(told.open)
      yield* sessions.create("s", session, 60_000)
      const touched = yield* sessions.touch("s", 60_000)
      yield* states.put("k", "é", undefined, 60_000)
      yield* journals.put("j", "é", 60_000)
      yield* events.append("s", "1", { number: 1, text: "é", last: false })
      yield* Context.get(context, ChangeRelay).publish("é")
      return [
        touched,
        yield* sessions.get("s"),
        (yield* states.get("k"))?.text,
        yield* states.put("k", "late", undefined, 60_000),
        yield* journals.get("j"),
        yield* events.after("s", "1", 0),
        yield* Effect.promise(() => told.opened),
        yield* sessions.remove("s")
      ]
    })
  )

const all = [true, session, "é", false, "é", [{ number: 1, text: "é", last: false }], "é", true]

withRedis("a client of the user's", () => {
  const { server } = useRedis(clients.ioredis)
  const opened: Array<OpenClient> = []
  afterAll(async () => {
    for (const client of opened) await client[Symbol.asyncDispose]()
  })
  const used = async (open: OpenClient, connect = true) => {
    opened.push(open)
    if (connect) await open.ready()
    return Effect.runPromise(useAll({ client: open.client, prefix: freshPrefix() }))
  }

  it.each(packages)("of %s works as its documentation makes it", async (name) => {
    expect(await used(clients[name](server().port))).toEqual(all)
  })

  it("of redis may speak RESP 2, give buffers and numbers as texts, and prefix keys", async () => {
    const typeMapping = {
      [redis.RESP_TYPES.BLOB_STRING]: Buffer,
      [redis.RESP_TYPES.NUMBER]: String,
      [redis.RESP_TYPES.ARRAY]: Set
    }
    const options = { commandOptions: { typeMapping: typeMapping as never }, keyPrefix: "mine:" }
    expect(await used(clients.redis(server().port, { RESP: 2, ...options }))).toEqual(all)
    expect(await used(clients.redis(server().port, { RESP: 3, ...options }))).toEqual(all)
  })

  it("of redis may refuse to hold commands back", async () => {
    expect(await used(clients.redis(server().port, { disableOfflineQueue: true }))).toEqual(all)
  })

  it("of ioredis may speak RESP 2, map replies, give numbers as texts, and prefix keys", async () => {
    const options = { stringNumbers: true, keyPrefix: "mine:", enableAutoPipelining: true }
    expect(await used(clients.ioredis(server().port, { protocol: 2, ...options }))).toEqual(all)
    expect(await used(clients.ioredis(server().port, { replyMapping: "resp3", ...options }))).toEqual(all)
  })

  it("of ioredis may connect when it is needed, and refuse to hold commands back once it is", async () => {
    expect(await used(clients.ioredis(server().port, { lazyConnect: true }), false)).toEqual(all)
    const options = { enableOfflineQueue: false, autoResubscribe: false, lazyConnect: true }
    const open = clients.ioredis(server().port, options)
    await (open.client as ioredis.Redis).connect()
    expect(await used(open, false)).toEqual(all)
  })

  it("may have its scripts flushed at any time", async () => {
    const open = clients.redis(server().port)
    opened.push(open)
    await open.ready()
    const program = Effect.gen(function* () {
      const states = Context.get(yield* build({ client: open.client, prefix: freshPrefix() }), StateStore)
      const flush = Effect.promise(() => open.send("SCRIPT", "FLUSH"))
      yield* flush
      expect(yield* states.put("k", "first", undefined, 60_000)).toBe(true)
      const version = (yield* states.get("k"))?.version
      yield* flush
      expect(yield* states.put("k", "second", version, 60_000)).toBe(true)
      expect((yield* states.get("k"))?.text).toBe("second")
    })
    await Effect.runPromise(Effect.scoped(program))
  })

  it("is the only connection until somebody listens, then one of two, and stays when all else is closed", async () => {
    const open = clients.redis(server().port, { name: "ours" })
    opened.push(open)
    await open.ready()
    const connections = Effect.promise(async () => {
      const list: string = await open.send("CLIENT", "LIST")
      return list.split("\n").filter((line) => line.includes("name=ours")).length
    })
    const program = Effect.gen(function* () {
      const context = yield* build({ client: open.client, prefix: freshPrefix() })
      yield* Context.get(context, StateStore).get("k")
      expect(yield* connections).toBe(1)
      yield* Context.get(context, ChangeRelay).subscribe(() => {})
      for (const id of "abc") yield* Context.get(context, SessionStore).relay!.subscribe(id, () => {})
      expect(yield* connections).toBe(2)
    })
    await Effect.runPromise(Effect.scoped(program))
    const client = open.client as redis.RedisClientType
    expect(client.listenerCount("error")).toBe(0)
    while ((await Effect.runPromise(connections)) > 1) await client.ping()
    expect(await client.ping()).toBe("PONG")
  })

  it("forgets a channel that nobody listens to, and hears it again", async () => {
    const open = clients.redis(server().port)
    opened.push(open)
    await open.ready()
    const prefix = freshPrefix()
    const program = Effect.gen(function* () {
      const { relay } = Context.get(yield* build({ client: open.client, prefix }), SessionStore)
      for (const text of ["first", "second", "third"]) {
        const scope = yield* Scope.make()
        const heard = gate<string>()
        yield* Scope.provide(relay!.subscribe("s", heard.open), scope)
        yield* relay!.publish("s", text)
        expect(yield* Effect.promise(() => heard.opened)).toBe(text)
        yield* Scope.close(scope, Exit.void)
      }
      const channels = Effect.promise<ReadonlyArray<string>>(() => open.send("PUBSUB", "CHANNELS", `${prefix}*`))
      while ((yield* channels).length > 0);
    })
    await Effect.runPromise(Effect.scoped(program))
  })
})

describe("redisLayer", () => {
  const unknown =
    "mcpipe/redis: the client is of no kind that is known; pass createClient() or createCluster() of redis 5 or 6, " +
    "connected, or new Redis() or new Cluster() of ioredis 5 or 6, which knows Sentinels too."

  it.each([
    ["nothing", undefined],
    ["a URL", "redis://localhost"],
    ["a pool of redis", () => redis.createClientPool()],
    [
      "a client of redis that talks to Sentinels",
      () => redis.createSentinel({ name: "main", sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] })
    ]
  ])("refuses %s for a client", (_, client: any) => {
    expect(() => redisLayer({ client: typeof client === "function" ? client() : client })).toThrow(
      new DefinitionError(unknown)
    )
  })

  const client = redis.createClient()

  it.each([
    [{ timeout: 0 }, "mcpipe/redis: timeout is 0; use an integer from 1 to 2147483647."],
    [{ timeout: 2 ** 31 }, "mcpipe/redis: timeout is 2147483648; use an integer from 1 to 2147483647."],
    [{ prefix: 7 as never }, "mcpipe/redis: prefix is 7; use a string."],
    [{ events: { maxEvents: 0 } }, "mcpipe/redis: maxEvents is 0; use an integer from 1 to 2147483647."],
    [{ events: { ttl: 0.5 } }, "mcpipe/redis: ttl is 0.5; use an integer from 1 to 2147483647."],
    [
      { events: { maxSessionBytes: 1000 } },
      "mcpipe/redis: maxSessionBytes is 1000; use an integer from 1024 to 2147483647."
    ]
  ])("refuses %o", (options, message) => {
    expect(() => redisLayer({ client, ...options })).toThrow(new DefinitionError(message))
  })

  it("takes every client that it works with, and gives all services, as far as types go", () => {
    type Client = RedisLayerOptions["client"]
    expectTypeOf<ReturnType<typeof redis.createClient>>().toExtend<Client>()
    expectTypeOf<redis.RedisClientType>().toExtend<Client>()
    expectTypeOf<ReturnType<typeof redis.createCluster>>().toExtend<Client>()
    expectTypeOf<ioredis.Redis>().toExtend<Client>()
    expectTypeOf<ioredis.Cluster>().toExtend<Client>()
    expectTypeOf<URL>().not.toExtend<Client>()
    expectTypeOf(redisLayer({ client })).toEqualTypeOf<
      Layer.Layer<SessionStore | EventStore | StateStore | JournalStore | RateLimitStore | ChangeRelay>
    >()
    expectTypeOf(redisEventStore({ client, maxEvents: 1 })).toEqualTypeOf<Layer.Layer<EventStore>>()
  })
})
