import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { JournalStoreError } from "mcpipe"
import { RedisError, type RedisOptions, redisLayer } from "mcpipe/redis"
import { expect, it } from "vitest"
import { ChangeRelay } from "../../lib/services/change-relay.ts"
import { EventStore } from "../../lib/services/event-store.ts"
import { JournalStore } from "../../lib/services/journal-store.ts"
import { SessionStore } from "../../lib/services/session-store.ts"
import { StateStore } from "../../lib/services/state-store.ts"
import {
  clients,
  freshPrefix,
  type OpenClient,
  packages,
  type RedisServer,
  redisServer,
  withRedis
} from "../kit/redis.ts"

type Stores = Context.Context<SessionStore | EventStore | StateStore | JournalStore | ChangeRelay>

interface Used {
  readonly stores: Stores
  readonly server: RedisServer
  readonly open: OpenClient
  /** Warnings logged so far. */
  readonly warnings: ReadonlyArray<string>
}

/** A server, a client and a layer of their own; the client is closed before the layer, and the server last. */
const using =
  (
    name: (typeof packages)[number],
    options: Omit<RedisOptions, "client">,
    use: (used: Used) => Generator<Effect.Effect<any, any, Scope.Scope>, void, any>
  ) =>
  async () => {
    await using server = await redisServer()
    const open = clients[name](server.port)
    await open.ready()
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push([message].flat().join(": ")))
    await Effect.runPromise(
      Effect.gen(function* () {
        const stores = yield* Layer.build(redisLayer({ client: open.client, prefix: freshPrefix(), ...options }))
        yield* Effect.addFinalizer(() => Effect.promise(() => open[Symbol.asyncDispose]()))
        yield* Effect.gen(() => use({ stores, server, open, warnings }))
      }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
    )
  }

const session = {
  revision: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "by-hand", version: "0" },
  owner: { id: "ada", anonymous: false },
  logLevel: undefined,
  subscriptions: []
}

/** The client tries to connect again. */
const reconnecting = ({ client }: OpenClient) =>
  new Promise<void>((resolve) => {
    const listener = () => {
      client.off("reconnecting", listener)
      resolve()
    }
    client.on("reconnecting", listener)
  })

/** The server is gone, and the client knows. */
const lose = ({ server, open }: Used) =>
  Effect.promise(async () => {
    const lost = reconnecting(open)
    await server.stop()
    await lost
  })

/** What an effect failed with or died of. */
const failure = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.flip(Effect.catchDefect(effect, Effect.fail)) as Effect.Effect<RedisError, unknown>

/** Everything that can be asked of the stores, by the command it takes. */
const everything = (stores: Stores): ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> => {
  const sessions = Context.get(stores, SessionStore)
  const events = Context.get(stores, EventStore)
  const states = Context.get(stores, StateStore)
  const relay = Context.get(stores, ChangeRelay)
  return [
    ["EVALSHA", sessions.create("s", session, 1000)],
    ["EVALSHA", sessions.get("s")],
    ["EVALSHA", sessions.update("s", { type: "log-level", level: "error" })],
    ["PEXPIRE", sessions.touch("s", 1000)],
    ["DEL", sessions.remove("s")],
    ["PUBLISH", sessions.relay!.publish("s", "text")],
    ["SUBSCRIBE", Effect.scoped(sessions.relay!.subscribe("s", () => {}))],
    ["EVALSHA", events.append("s", "1", { number: 1, text: "", last: false })],
    ["EVALSHA", events.after("s", "1", 0)],
    ["UNLINK", events.remove("s")],
    ["HMGET", states.get("k")],
    ["EVALSHA", states.put("k", "text", undefined, 1000)],
    ["DEL", states.remove("k")],
    ["PUBLISH", relay.publish("text")],
    ["SUBSCRIBE", Effect.scoped(relay.subscribe(() => {}))]
  ]
}

for (const name of packages) {
  withRedis(`a Redis with troubles, with a client of ${name}`, () => {
    it(
      "that comes back is used again, by what waited for it and what comes after",
      using(name, {}, function* (used) {
        const states = Context.get(used.stores, StateStore)
        yield* states.put("k", "lost with the server", undefined, 60_000)
        yield* lose(used)
        const waiting = yield* Effect.forkChild(states.put("k", "waited", undefined, 60_000), {
          startImmediately: true
        })
        yield* Effect.promise(() => used.server.start())
        expect(yield* Fiber.join(waiting)).toBe(true)
        expect((yield* states.get("k"))?.text).toBe("waited")
      })
    )

    it(
      "that comes back is listened to again",
      using(name, {}, function* (used) {
        const relay = Context.get(used.stores, ChangeRelay)
        const heard: Array<string> = []
        yield* relay.subscribe((text) => heard.push(text))
        for (const text of ["first", "second"]) {
          yield* lose(used)
          yield* Effect.promise(() => used.server.start())
          while (!heard.includes(text)) yield* relay.publish(text)
        }
      })
    )

    it(
      "that is gone fails whatever is asked of it in time, and says what to do",
      using(name, { timeout: 100 }, function* (used) {
        yield* lose(used)
        const asked = everything(used.stores)
        const began = performance.now()
        const unbounded = { concurrency: "unbounded" } as const
        const errors: ReadonlyArray<RedisError> = yield* Effect.forEach(asked, ([, one]) => failure(one), unbounded)
        expect(performance.now() - began).toBeLessThan(4_000)
        expect(errors.map(({ message }) => message)).toEqual(
          asked.map(
            ([command]) =>
              `Redis did not answer ${command} within 100 ms; check that its server can be reached, or raise the timeout of mcpipe/redis.`
          )
        )
        for (const error of errors) expect(error).toBeInstanceOf(RedisError)
        const journal = yield* Effect.flip(Context.get(used.stores, JournalStore).put("j", "text", 1000))
        expect(journal).toBeInstanceOf(JournalStoreError)
        expect(journal).toMatchObject({
          reason: "unavailable",
          message:
            "Redis did not answer SET within 100 ms; check that its server can be reached, or raise the timeout of mcpipe/redis.",
          cause: { _tag: "RedisError", reason: "timeout", command: "SET" }
        })
      })
    )

    it(
      "that answers nothing fails in time, is asked no more once 1,000 answers are missing, and is used when it answers again",
      using(name, { timeout: 100 }, function* ({ stores, server }) {
        const states = Context.get(stores, StateStore)
        server.hold()
        const ask = failure(states.get("k"))
        const unbounded = { concurrency: "unbounded" } as const
        const errors: ReadonlyArray<RedisError> = yield* Effect.forEach(
          Array.from({ length: 999 }),
          () => ask,
          unbounded
        )
        expect(new Set(errors.map(({ message }) => message)).size).toBe(1)
        // what is given up by others counts as well
        yield* Effect.timeoutOption(states.get("k"), 1)
        expect(yield* ask).toMatchObject({
          reason: "timeout",
          message:
            "HMGET was not sent to Redis, which has left 1000 commands without an answer; check that its server can be reached."
        })
        // from time to time one finds out whether it is back
        yield* Effect.repeat(ask, { until: ({ message }) => message.startsWith("Redis did not answer HMGET") })
        server.release()
        yield* Effect.eventually(Effect.catchDefect(states.put("k", "text", undefined, 60_000), Effect.fail))
        expect((yield* states.get("k"))?.text).toBe("text")
      })
    )

    it(
      "is complained about once each time it goes, though nobody else listens to the client's errors",
      using(name, {}, function* (used) {
        const states = Context.get(used.stores, StateStore)
        for (const outages of [1, 2]) {
          yield* lose(used)
          yield* Effect.promise(() => reconnecting(used.open))
          yield* Effect.promise(() => used.server.start())
          yield* states.get("k")
          expect(used.warnings.map((warning) => warning.split(":")[0])).toEqual(
            Array.from({ length: outages }, () => "The connection to Redis is in trouble")
          )
        }
      })
    )

    it(
      "that has no room says so",
      using(name, {}, function* ({ stores, open }) {
        yield* Effect.promise(() => open.send("CONFIG", "SET", "maxmemory", "1"))
        const error = yield* Effect.flip(Context.get(stores, JournalStore).put("j", "text", 1000))
        expect(error).toMatchObject({
          reason: "unavailable",
          message: "Redis could not do SET: OOM command not allowed when used memory > 'maxmemory'.",
          cause: { reason: "failed", command: "SET" }
        })
      })
    )

    it(
      "whose client is closed says how clients are used",
      using(name, {}, function* ({ stores, open }) {
        yield* Effect.promise(() => open[Symbol.asyncDispose]())
        const closed = { redis: "The client is closed", ioredis: "Connection is closed" }[name]
        expect(yield* failure(Context.get(stores, StateStore).get("k"))).toMatchObject({
          reason: "failed",
          message: `Redis could not do HMGET: ${closed}; connect the client before a server uses it, and close it after that.`
        })
      })
    )
  })
}
