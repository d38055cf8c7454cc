import { redisLayer } from "mcpipe/redis"
import { server, tool } from "mcpipe"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { connect } from "../../lib/testing/index.ts"
import { clients, freshPrefix, packages, redisServer, useRedis, withRedis } from "../kit/redis.ts"
import { type Running, start } from "../kit/spawn.ts"
import { envelope } from "../kit/wire.ts"
import { said } from "../middleware/calls.ts"

const body = (name: string) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, _meta: envelope() } })

const headers = (name: string) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": name
})

for (const name of packages) {
  withRedis(`two processes that share a Redis by ${name}`, () => {
    const { server: redis } = useRedis(clients[name])
    let processes: ReadonlyArray<Running>
    let urls: ReadonlyArray<string>
    beforeAll(async () => {
      const args = [name, String(redis().port), freshPrefix()]
      processes = [0, 1].map(() => start("spec/redis/limited-server.ts", { args, deadline: 60_000 }))
      urls = await Promise.all(
        processes.map(async (process) => (await process.errorLine("serving at ")).slice("serving at ".length))
      )
    })
    afterAll(async () => {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()))
    })

    const call = (tool: string, at: number) =>
      fetch(urls[at % 2]!, { method: "POST", body: body(tool), headers: headers(tool) })

    it.each(["bucket", "window"])("let through as much together as one would, by %s", async (tool) => {
      const first = [await call(tool, 0), await call(tool, 1)]
      const responses = [...first, ...(await Promise.all(Array.from({ length: 58 }, (_, at) => call(tool, at))))]
      const passed = responses.filter(({ status }) => status === 200)
      const refused = responses.filter(({ status }) => status === 429)
      expect([passed.length, refused.length]).toEqual([20, 40])
      const by = await Promise.all(passed.map(async (response) => (await response.json()).result.content[0].text))
      expect(new Set(by).size).toBe(2)
      const { error } = (await refused[0]!.json()) as any
      expect(error.data).toMatchObject({ limit: 20, window: 3_600_000 })
      expect(error.data.retryAfter).toBe(Number(refused[0]!.headers.get("retry-after")))
      const [least, most] = tool === "bucket" ? [170, 180] : [3_590, 3_780]
      expect(error.data.retryAfter).toBeGreaterThanOrEqual(least)
      expect(error.data.retryAfter).toBeLessThanOrEqual(most)
    })
  })

  withRedis(`a Redis that goes away, by ${name}`, () => {
    it("is no reason to refuse calls, unless that is wished, and counts again when it is back", async () => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {})
      await using redis = await redisServer()
      await using open = clients[name](redis.port)
      await open.ready()
      const limited = (onStoreError: "allow" | "refuse") =>
        server({ name: "s", version: "1" })
          .tool(tool({ name: "echo" }, () => "echo"))
          .use(rateLimit({ perHour: 1, onStoreError, name: onStoreError }))
          .provide(redisLayer({ client: open.client, prefix: freshPrefix(), timeout: 200 }))
      await using allowing = await connect(limited("allow"))
      await using refusing = await connect(limited("refuse"))
      for (const [client, name] of [
        [allowing, "allow"],
        [refusing, "refuse"]
      ] as const) {
        expect([await said(client, "echo"), await said(client, "echo")]).toEqual([
          "echo",
          `Rate limit "${name}" of 1 per hour reached: try again in 3600 seconds.`
        ])
      }
      redis.hold()
      expect(await said(allowing, "echo")).toBe("echo")
      expect(await said(refusing, "echo")).toBe(
        'Rate limit "refuse" of 1 per hour cannot be checked now: try again in 1 second.'
      )
      expect(
        log.mock.calls.map((args) => args.join(" ")).filter((line) => line.includes("cannot be asked"))
      ).toHaveLength(2)
      redis.release()
      await expect.poll(() => said(allowing, "echo"), { timeout: 10_000 }).toMatch(/reached/)
      await expect.poll(() => said(refusing, "echo"), { timeout: 10_000 }).toMatch(/reached/)
    })
  })
}
