import { Redis } from "ioredis"
import { serve, server, tool } from "mcpipe"
import { redisRateLimitStore } from "mcpipe/redis"
import { createClient } from "redis"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"

// Serves over HTTP what rate limits stand before, counted in Redis. Arguments: a package, the port of Redis, a prefix.
const [name, port, prefix] = process.argv.slice(2) as ["redis" | "ioredis", string, string]

const client =
  name === "redis" ? await createClient({ url: `redis://127.0.0.1:${port}` }).connect() : new Redis(Number(port))

const limited = server({ name: "limited", version: "1.0.0" })
  .add(
    tool({ name: "bucket" }, () => `by ${process.pid}`),
    tool({ name: "window" }, () => `by ${process.pid}`)
  )
  .use(rateLimit({ perHour: 20, only: ["bucket"] }))
  .use(rateLimit({ perHour: 20, algorithm: "sliding-window", only: ["window"], key: "client" }))
  .provide(redisRateLimitStore({ client, prefix, timeout: 500 }))

const serving = await serve(limited, { http: { port: 0 } })
console.error(`serving at ${serving.url}`)
