import { resource, server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { connectWire, envelope, gate } from "../kit/wire.ts"
import { listen, post, requestOf } from "./over-http.ts"

const main = server({ name: "s", version: "1" }).tool(tool({ name: "hello" }, () => "hello"))

const batch = [
  { jsonrpc: "2.0", id: "of-nobody", result: {} },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: "hello" } }
]
const answer = { jsonrpc: "2.0", id: 9, result: { content: [{ type: "text", text: "hello" }] } }

it("a batch that holds a response and a notification beside a request answers the request on a connection", async () => {
  await using wire = await connectWire(main, { speak: "2025-03-26" })
  wire.send(batch)
  expect(await wire.next((message) => message.id === 9)).toStrictEqual(answer)
  // nobody is told off for a response
  expect(wire.received.filter((message) => message.error !== undefined)).toStrictEqual([])
  expect((await wire.request("ping")).result).toStrictEqual({})
})

it("the same over HTTP, in an array, and after it what no response can be for", async () => {
  await using serving = await listen(main)
  const { status, message } = await post(serving.url, {
    ...requestOf("2025-03-26", "unused"),
    body: JSON.stringify(batch)
  })
  expect(status).toBe(200)
  expect(message).toHaveLength(2)
  expect(message[0]).toMatchObject({ error: { code: -32600 } })
  expect(message[1]).toStrictEqual(answer)
})

it("a batch that holds a subscription of 2026-07-28 refuses it and answers the rest", async () => {
  const readable = main.add(resource({ uri: "doc://readme", name: "readme" }, () => "read me"))
  await using wire = await connectWire(readable, { speak: "2025-03-26" })
  const params = { notifications: { resourceSubscriptions: ["doc://readme"] }, _meta: envelope() }
  wire.send([{ jsonrpc: "2.0", id: "stream", method: "subscriptions/listen", params }, batch[2]])
  expect(await wire.next((message) => message.id === 9)).toStrictEqual(answer)
  expect(wire.received.find((message) => message.id === "stream")).toStrictEqual({
    jsonrpc: "2.0",
    id: "stream",
    error: {
      code: -32600,
      message: "A request of 2026-07-28 cannot be part of a batch, which is of revision 2025-03-26; send it alone."
    }
  })
  // alone it is served, beside the handshake
  wire.send({ jsonrpc: "2.0", id: "stream", method: "subscriptions/listen", params })
  await wire.next((message) => message.method === "notifications/subscriptions/acknowledged")
})

it("a batch that comes while the server shuts down is refused, and the call before it finishes", async () => {
  const started = gate()
  const finish = gate<string>()
  const slow = tool({ name: "slow" }, () => {
    started.open()
    return finish.opened
  })
  const wire = await connectWire(server({ name: "s", version: "1" }).tool(slow), {
    speak: "2025-03-26",
    gracePeriod: 10_000
  })
  const inFlight = wire.text("slow")
  await started.opened
  const closing = wire.close()
  while ((await wire.request("ping")).error === undefined);
  wire.send([{ jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: "slow" } }])
  const refused = await wire.next((message) => message.error !== undefined && message.id === undefined)
  expect(refused.error.message).toContain("shutting down")
  finish.open("finished")
  expect(await inFlight).toBe("finished")
  await closing
  expect(wire.received.filter((message) => message.id === 9)).toStrictEqual([])
})
