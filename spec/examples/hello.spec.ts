import { expect, it } from "vitest"
import { start } from "../kit/spawn.ts"
import { timeout } from "./clients.ts"

it("the smallest server adds two numbers on stdio", { timeout }, async () => {
  await using child = start("examples/hello/main.ts", { deadline: timeout })
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "hand", version: "1" } }
  const { result } = await child.request({ id: 1, method: "initialize", params })
  expect(result.serverInfo).toEqual({ name: "hello", version: "1.0.0" })
  const called = await child.request({
    id: 2,
    method: "tools/call",
    params: { name: "add", arguments: { a: 2, b: 3 } }
  })
  expect(called.result.content).toEqual([{ type: "text", text: "5" }])
  child.end()
  expect(await child.ended()).toEqual({ code: 0, signal: null })
})
