import { expect, it } from "vitest"
import worker from "../../examples/quickstart/fetch.ts"
import { start } from "../kit/spawn.ts"
import { timeout } from "./clients.ts"

const call = (url: string) =>
  worker.fetch(
    new Request(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "add"
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: {
          name: "add",
          arguments: { a: 2, b: 3 },
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}
          }
        }
      })
    })
  )

it("the fetch handler answers under the host it was given, and under no other", async () => {
  const response = await call("https://mcp.example.com/mcp")
  expect(response.status).toBe(200)
  expect((await response.json()).result.content).toEqual([{ type: "text", text: "5" }])
  expect((await call("https://evil.example.com/mcp")).status).toBe(403)
  await worker.fetch.dispose()
})

it("the in-memory program prints its answer and ends", { timeout }, async () => {
  await using child = start("examples/quickstart/memory.ts", { deadline: timeout })
  expect(await child.ended()).toEqual({ code: 0, signal: null })
  expect(child.stdout()).toBe("[ { type: 'text', text: '5' } ]\n")
})

it("the HTTP program says where it listens, and ends on SIGTERM", { timeout }, async () => {
  await using child = start("examples/quickstart/http.ts", { env: { PORT: "0" }, deadline: timeout })
  expect(await child.errorLine("Listening")).toMatch(/^Listening at http:\/\/127\.0\.0\.1:\d+\/mcp$/)
  child.signal("SIGTERM")
  expect(await child.ended()).toEqual({ code: 0, signal: null })
})
