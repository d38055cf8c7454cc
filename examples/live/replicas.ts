/** The same as one of several processes behind a balancer. */
// #region redis
import { createClient } from "redis"
import { serve } from "mcpipe"
import { redisLayer } from "mcpipe/redis"
import main from "./server.ts"

const client = await createClient({ url: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379" }).connect()

const serving = await serve(main.provide(redisLayer({ client })), {
  http: { port: Number(process.env["PORT"] ?? 3000), health: true },
  requestStateKeys: [process.env["REQUEST_STATE_KEY"]!]
})
// #endregion redis
console.error(`Listening at ${serving.url}`)
await serving.closed
client.destroy()
