import { Effect, middleware, PublicError, server, toFetchHandler, tool } from "mcpipe"
import { describe, expect, it, vi } from "vitest"
import { connectWire, envelope } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }
const hello = tool({ name: "hello" }, () => "hello")
const eras = ["sessionless", "2025-11-25"] as const

describe.each(eras)("a message hook (%s)", (speak) => {
  it("gives the message that is gone on with, the first hook outermost", async () => {
    const seen: Array<string> = []
    const hook = (name: string) =>
      middleware({
        message: (message: any) => {
          seen.push(`${name} ${message.method}`)
          return message.params?.name === "hi" ? { ...message, params: { ...message.params, name: "hello" } } : message
        }
      })
    await using wire = await connectWire(server(info).use(hook("a")).use(hook("b")).tool(hello), { speak })
    expect(await wire.text("hi")).toBe("hello")
    expect(seen.slice(-2)).toEqual(["a tools/call", "b tools/call"])
  })

  it("refuses with a public error under the request's id, and masks any other", async () => {
    const refusing = middleware({
      message: (message: any) => {
        if (message.params?.name === "hello") throw new PublicError("Not today.")
        if (message.params?.name === "odd") throw new Error("secret")
        return message
      }
    })
    await using wire = await connectWire(server(info).use(refusing).tool(hello), { speak })
    const call = (name: string) => wire.request("tools/call", { name, arguments: {} })
    expect((await call("hello")).error).toEqual({ code: -32600, message: "Not today." })
    const { error } = await call("odd")
    expect(error.code).toBe(-32603)
    expect(error.message).not.toContain("secret")
    expect((await wire.request("tools/list", {})).result.tools).toHaveLength(1)
  })
})

it.each<[string, () => unknown]>([
  ["nothing", () => undefined],
  ["a number", () => 5],
  ["an object that is no message", () => ({})],
  ["a message that has no JSON", () => ({ jsonrpc: "2.0", id: 1n, method: "ping" })],
  ["a promise", async () => ({ jsonrpc: "2.0", id: 1, method: "ping" })],
  ["a promise that rejects", async () => Promise.reject(new Error("secret"))]
])("a message hook that gives %s fails the request under its id, and the next is served", async (_, gives) => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {})
  const odd = middleware({ message: (message: any) => (message.params?.name === "odd" ? gives() : message) })
  await using wire = await connectWire(server(info).use(odd).tool(hello))
  const { error } = await wire.request("tools/call", { name: "odd", arguments: {} })
  expect(error).toEqual({ code: -32603, message: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/) })
  expect(logged.mock.calls.join()).toContain("A message hook must give a JSON-RPC message at once")
  expect(await wire.text("hello")).toBe("hello")
  logged.mockRestore()
})

it("what a client sends that is no message is refused as that, hooks or not", async () => {
  await using wire = await connectWire(server(info).use(middleware({ message: (message: any) => ({ ...message }) })))
  wire.send({ jsonrpc: "2.0", id: 1.5, method: "ping" })
  expect((await wire.next(({ error }) => error !== undefined)).error.code).toBe(-32600)
})

it("a message hook sees what comes over HTTP too", async () => {
  const refusing = middleware({
    message: () => {
      throw new PublicError("Closed.")
    }
  })
  await using handler = toFetchHandler(server(info).use(refusing).tool(hello))
  const response = await handler(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/list"
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/list", params: { _meta: envelope() } })
    })
  )
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ jsonrpc: "2.0", id: 7, error: { code: -32600, message: "Closed." } })
})

describe("a notification hook", () => {
  const forever = tool({ name: "forever" }, () => Effect.never)

  it("that does not go on drops a cancellation; one that does lets it through", async () => {
    const seen: Array<unknown> = []
    const keeping = (keep: boolean) =>
      middleware({
        notification: (next, notification) => {
          seen.push(notification)
          return keep && notification.method === "notifications/cancelled" ? Effect.void : next(notification)
        }
      })
    for (const keep of [true, false]) {
      await using wire = await connectWire(server(info).use(keeping(keep)).add(forever, hello), { speak: "2025-11-25" })
      void wire.request("tools/call", { name: "forever", arguments: {} })
      const id = wire.lastId()
      wire.notify("notifications/cancelled", { requestId: id, reason: "enough" })
      expect(seen.at(-1)).toEqual({ method: "notifications/cancelled", params: { requestId: id, reason: "enough" } })
      // an id in use is refused: whether it is says whether the call is still there
      wire.send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "hello", arguments: {} } })
      const answer = await wire.next((message) => message.id === id)
      expect(answer.error?.code).toBe(keep ? -32600 : undefined)
    }
  })

  it("may change what comes, and one that fails drops it and leaves the connection be", async () => {
    const odd = middleware({
      *notification(next, { method, params }) {
        if (params?.["reason"] === "odd") return yield* Effect.die(new Error("no"))
        yield* next({ method, params: { ...params, requestId: Number(params?.["requestId"]) } })
      }
    })
    await using wire = await connectWire(server(info).use(odd).add(forever, hello), { speak: "2025-11-25" })
    const called = wire.request("tools/call", { name: "forever", arguments: {} })
    void called
    wire.notify("notifications/cancelled", { requestId: wire.lastId(), reason: "odd" })
    wire.notify("notifications/cancelled", { requestId: `${wire.lastId()}` })
    const id = wire.lastId()
    wire.send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "hello", arguments: {} } })
    expect((await wire.next((message) => message.id === id)).result.content[0].text).toBe("hello")
  })
})
