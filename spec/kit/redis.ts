import { spawnSync } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as ioredis from "ioredis"
import type { RedisClient } from "mcpipe/redis"
import * as redis from "redis"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Running, run } from "./spawn.ts"

/** A redis-server of a spec's own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** Runs again after it was stopped, on the same port, with nothing in it. */
  readonly start: () => Promise<void>
  /** Kills it, as a crash would. */
  readonly stop: () => Promise<void>
  /** Holds it: it is there, and answers nothing. */
  readonly hold: () => void
  readonly release: () => void
}

/** Starts a redis-server that keeps nothing on disk; as `"cluster"` one node that has all slots. */
export const redisServer = async (mode: "single" | "cluster" = "single"): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), "mcpipe-redis-"))
  let port = 0
  let running: Running | undefined
  const start = async () => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
    if (mode === "cluster") {
      args.push("--cluster-enabled", "yes", "--cluster-port", String(await freePort()))
      args.push("--cluster-announce-ip", "127.0.0.1")
    }
    running = run("redis-server", args, { cwd: folder, deadline: 300_000 })
    await running.line("Ready to accept connections")
  }
  const stop = async () => {
    await running?.[Symbol.asyncDispose]()
  }
  for (let attempt = 1; ; attempt++) {
    port = await freePort()
    try {
      await start()
      break
    } catch (error) {
      // somebody else may have taken the port
      if (attempt === 3) throw error
    }
  }
  if (mode === "cluster") {
    await using node = clients.redis(port)
    const client = node.client as redis.RedisClientType
    await client.connect()
    await client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])
    while (!String(await client.sendCommand(["CLUSTER", "INFO"])).includes("cluster_state:ok")) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    port,
    start,
    stop,
    hold: () => running!.signal("SIGSTOP"),
    release: () => running!.signal("SIGCONT"),
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** A client, and how to be rid of it. */
export interface OpenClient extends AsyncDisposable {
  readonly client: RedisClient
  /** Connects what does not connect by itself. */
  readonly ready: () => Promise<unknown>
  /** Sends any command, past the library. */
  readonly send: (command: string, ...args: ReadonlyArray<string>) => Promise<any>
}

/** Both packages, as their documentation says to use them, though reconnecting sooner. */
export const clients = {
  redis: (port: number, options: redis.RedisClientOptions<any, any, any, any, any> = {}): OpenClient => {
    const socket = { host: "127.0.0.1", port, reconnectStrategy: 20 }
    const client = redis.createClient({ ...options, socket }) as unknown as redis.RedisClientType
    return {
      client,
      ready: () => client.connect(),
      send: (...args) => client.sendCommand(args),
      [Symbol.asyncDispose]: async () => client.destroy()
    }
  },
  ioredis: (port: number, options: ioredis.RedisOptions = {}): OpenClient => {
    const client = new ioredis.Redis({ host: "127.0.0.1", port, retryStrategy: () => 20, ...(options as object) })
    return {
      client,
      ready: () => client.ping(),
      send: (command, ...args) => client.call(command, ...args),
      [Symbol.asyncDispose]: async () => client.disconnect()
    }
  }
} as const

/** The same for clusters. */
export const clusterClients = {
  redis: (port: number): OpenClient => {
    const client = redis.createCluster({ rootNodes: [{ socket: { host: "127.0.0.1", port } }] })
    return {
      client,
      ready: () => client.connect(),
      send: (command, ...args) => client.sendCommand(args[0], false, [command, ...args]),
      [Symbol.asyncDispose]: async () => client.destroy()
    }
  },
  ioredis: (port: number): OpenClient => {
    const client = new ioredis.Cluster([{ host: "127.0.0.1", port }])
    return {
      client,
      ready: () => client.ping(),
      send: (command, ...args) => client.call(command, ...args),
      [Symbol.asyncDispose]: async () => client.disconnect()
    }
  }
} as const

export const packages = ["redis", "ioredis"] as const

const installed = spawnSync("redis-server", ["--version"]).status === 0

/** Specs that need a redis-server. Without one they are skipped, except in CI, where they fail. */
export const withRedis = (title: string, specs: () => void): void => {
  if (installed) {
    describe(title, specs)
    return
  }
  const missing = `${title}: needs redis-server, apt-get install redis-server`
  if (process.env["CI"]) it(missing, () => expect.unreachable("redis-server is missing"))
  else it.skip(missing)
}

/** A server and a connected client for the specs of the running suite. */
export const useRedis = (
  make: (port: number) => OpenClient,
  mode: "single" | "cluster" = "single"
): { readonly server: () => RedisServer; readonly open: () => OpenClient } => {
  let server: RedisServer
  let open: OpenClient
  beforeAll(async () => {
    server = await redisServer(mode)
    open = make(server.port)
    await open.ready()
  })
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })
  return { server: () => server, open: () => open }
}

let prefixes = 0

/** A prefix that no other spec has. */
export const freshPrefix = (): string => `spec${++prefixes}:`

/**
 * Lets so many milliseconds pass for all keys of a prefix, by shortening what is left of their lives, and what sorted sets
 * say of the past.
 */
export const elapse = ({ send }: OpenClient, prefix: string, millis: number): Effect.Effect<unknown> =>
  Effect.promise(async () => {
    const keys: ReadonlyArray<string> = await send("EVAL", `return redis.call("KEYS", "${prefix}*")`, "0")
    for (const key of keys) await send("EVAL", shorten, "1", key, String(millis))
  })

const shorten = `
if redis.call("TYPE", KEYS[1]).ok == "zset" then
  for _, member in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do
    redis.call("ZINCRBY", KEYS[1], -ARGV[1], member)
  end
end
redis.call("PEXPIRE", KEYS[1], math.max(0, redis.call("PTTL", KEYS[1]) - ARGV[1]))
`

/** The same for rate limits, which say in their fields when something was taken. */
export const elapseLimits = ({ send }: OpenClient, prefix: string, millis: number): Effect.Effect<unknown> =>
  Effect.promise(async () => {
    const keys: ReadonlyArray<string> = await send("EVAL", `return redis.call("KEYS", "${prefix}limit:*")`, "0")
    for (const key of keys) await send("EVAL", backdate, "1", key, String(millis))
  })

/** Slots are a twentieth of the window in the key: so many, rounded up, lie between then and now. */
const backdate = `
local window = tonumber(string.match(KEYS[1], "^[^:]*:limit:[^:]*:(%d+):"))
local kept = redis.call("HGETALL", KEYS[1])
if window then
  local by = math.ceil(ARGV[1] / (window / 20) - 1e-6)
  redis.call("DEL", KEYS[1])
  for at = 1, #kept, 2 do redis.call("HSET", KEYS[1], string.format("%.0f", kept[at] - by), kept[at + 1]) end
else
  redis.call("HINCRBYFLOAT", KEYS[1], "at", -ARGV[1])
end
`
