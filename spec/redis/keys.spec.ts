import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { redisLayer } from "mcpipe/redis"
import { expect, it } from "vitest"
import { EventStore } from "../../lib/services/event-store.ts"
import { JournalStore } from "../../lib/services/journal-store.ts"
import { SessionStore } from "../../lib/services/session-store.ts"
import { StateStore } from "../../lib/services/state-store.ts"
import { clusterClients, freshPrefix, useRedis, withRedis } from "../kit/redis.ts"

type Stores = Context.Context<SessionStore | EventStore | StateStore | JournalStore>

withRedis("what is kept in Redis", () => {
  const { open } = useRedis(clusterClients.ioredis, "cluster")

  const using = (prefix: string, use: (context: Stores) => Generator<Effect.Effect<any, any>, void, any>) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(Layer.build(redisLayer({ client: open().client, prefix, events: { ttl: 50_000 } })), (context) =>
          Effect.gen(() => use(context))
        )
      )
    )

  const session = {
    revision: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "by-hand", version: "0" },
    owner: { id: "ada", anonymous: false },
    logLevel: undefined,
    subscriptions: []
  }

  const fill = function* (context: Stores, id: string) {
    yield* Context.get(context, SessionStore).create(id, session, 10_000.5)
    yield* Context.get(context, EventStore).append(id, "1", { number: 1, text: "", last: true })
    yield* Context.get(context, StateStore).put(id, "text", undefined, 20_000)
    yield* Context.get(context, JournalStore).put(id, "text", 30_000)
  }

  const keys = (prefix: string): Promise<Array<string>> => open().send("KEYS", `${prefix}*`)

  it("begins with the prefix, and ends by itself when its lifetime is over", async () => {
    const prefix = freshPrefix()
    await using(prefix, (context) => fill(context, "a"))
    const lives = Object.fromEntries(
      await Promise.all((await keys(prefix)).map(async (key) => [key, await open().send("PTTL", key)]))
    )
    const lifetimes = {
      [`${prefix}session:{a}`]: 10_001,
      [`${prefix}events:{a}`]: 50_000,
      [`${prefix}events:{a}:written`]: 50_000,
      [`${prefix}state:a`]: 20_000,
      [`${prefix}journal:a`]: 30_000
    }
    expect(Object.keys(lives).sort()).toEqual(Object.keys(lifetimes).sort())
    for (const [key, most] of Object.entries(lifetimes)) {
      expect(lives[key]).toBeLessThanOrEqual(most)
      expect(lives[key]).toBeGreaterThan(most - 5_000)
    }
  })

  it("lives for 10,000 years where that is not long enough", async () => {
    const prefix = freshPrefix()
    await using(prefix, function* (context) {
      yield* Context.get(context, JournalStore).put("a", "text", Number.MAX_VALUE)
    })
    expect(await open().send("PTTL", `${prefix}journal:a`)).toBeGreaterThan(2.9e14)
  })

  it("is on one node of a cluster for a session, whatever its id looks like", async () => {
    for (const id of ["a", "", "}", "{}", "%", "a}b{c", "a".repeat(100)]) {
      const prefix = freshPrefix()
      await using(prefix, (context) => fill(context, id))
      const own = (await keys(prefix)).filter((key) => /:(session|events):/.test(key))
      expect(own).toHaveLength(3)
      const slots = await Promise.all(own.map((key) => open().send("CLUSTER", "KEYSLOT", key)))
      expect(new Set(slots).size).toBe(1)
    }
  })

  it("is found without a walk over all keys, and changed in one step", async () => {
    await open().send("CONFIG", "RESETSTAT")
    await using(freshPrefix(), function* (context) {
      yield* fill(context, "a")
      const sessions = Context.get(context, SessionStore)
      yield* sessions.update("a", { type: "subscribed", uri: "file:///a" })
      yield* sessions.touch("a", 1000)
      yield* sessions.get("a")
      yield* sessions.remove("a")
      yield* Context.get(context, EventStore).after("a", "1", 0)
      yield* Context.get(context, EventStore).remove("a")
      yield* Context.get(context, StateStore).get("a")
      yield* Context.get(context, StateStore).remove("a")
      yield* Context.get(context, JournalStore).get("a")
      yield* Context.get(context, JournalStore).remove("a")
    })
    const stats: string = await open().send("INFO", "commandstats")
    const sent = [...stats.matchAll(/^cmdstat_([a-z]+):/gm)].map(([, name]) => name)
    const known =
      "config del eval evalsha exists get hdel hget hgetall hincrby hmget hset hsetnx hstrlen info pexpire set time " +
      "unlink zadd zrange zrangebyscore zscore"
    expect(sent.filter((name) => !known.split(" ").includes(name!))).toEqual([])
    expect(sent.length).toBeGreaterThan(10)
  })
})
