import { once } from "node:events"
import { PassThrough } from "node:stream"
import { serve } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { accepted, events, json, post } from "./post.ts"
import { golden, held } from "./server.ts"
import { connect, shakenHands } from "./wire.ts"

const unsupported = {
  jsonrpc: "2.0",
  error: { code: -32600, message: "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time." }
}
const ping = (id: unknown) => ({ jsonrpc: "2.0", id, method: "ping" })
const pinged = (id: unknown) => ({ jsonrpc: "2.0", id, result: {} })
const notification = { jsonrpc: "2.0", method: "notifications/initialized" }

describe("over a connection", () => {
  it("carries the answers of a batch one by one where a transport takes single messages only", async () => {
    await using wire = await shakenHands(golden, "2025-03-26")
    wire.send([ping(1), notification, { jsonrpc: "2.0", id: 2, method: "nope" }, ping("3")])
    expect(await wire.next()).toStrictEqual(pinged(1))
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      id: 2,
      error: { code: -32601, message: 'Method not found: "nope".' }
    })
    expect(await wire.next()).toStrictEqual(pinged("3"))
  })

  it("answers nothing to a batch of notifications", async () => {
    await using wire = await shakenHands(golden, "2025-03-26")
    wire.send([notification, notification])
    expect(await wire.ask(ping(1))).toStrictEqual(pinged(1))
  })

  it("waits no longer for a request of a batch that was cancelled", async () => {
    await using wire = await shakenHands(golden, "2025-03-26")
    wire.send([{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hold" } }, ping(2)])
    await held.until("started")
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })
    expect(await wire.next()).toStrictEqual(pinged(2))
    expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
    expect(await wire.ask(ping(1))).toStrictEqual(pinged(1))
  })

  it("refuses an empty batch", async () => {
    await using wire = await shakenHands(golden, "2025-03-26")
    // JSON-RPC 2.0 §6: an empty array is an invalid request, answered by one object
    expect(await wire.ask([])).toStrictEqual({
      jsonrpc: "2.0",
      error: { code: -32600, message: "A batch holds 1 to 100 messages, not 0." }
    })
  })

  it.each(["2024-11-05", "2025-06-18", "2025-11-25"])("refuses batches on %s", async (revision) => {
    await using wire = await shakenHands(golden, revision)
    // 2025-06-18 changelog: "Remove support for JSON-RPC batching"
    expect(await wire.ask([ping(1)])).toStrictEqual(unsupported)
  })

  it("refuses a batch before the handshake, since initialize must not be part of one", async () => {
    await using wire = await connect(golden)
    // 2025-03-26 basic/lifecycle, "Initialization"
    const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "x", version: "0" } }
    expect(await wire.ask([{ jsonrpc: "2.0", id: 0, method: "initialize", params }])).toStrictEqual(unsupported)
  })

  it("answers a batch with one line on stdio", async () => {
    const input = new PassThrough()
    const output = new PassThrough().setEncoding("utf8")
    await using _ = await serve(golden, { stdio: { input, output }, signals: false })
    const params = '{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"x","version":"0"}}'
    input.write(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}\n`)
    await once(output, "data")
    input.write('[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]\n')
    const [lines] = await once(output, "data")
    expect(lines).toBe('[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]\n')
  })
})

describe("over HTTP", () => {
  let serving: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    serving = await serve(golden, { http: { port: 0 }, signals: false })
  })
  afterAll(() => serving.close())
  const old = { "mcp-protocol-version": "2025-03-26" }

  it("answers a batch with an array in its order", async () => {
    const batch = [ping(1), notification, { jsonrpc: "2.0", id: 2 }, ping("3")]
    const answer = [
      pinged(1),
      { jsonrpc: "2.0", id: 2, error: { code: -32600, message: "method must be a string; it is missing." } },
      pinged("3")
    ]
    expect(await post(serving.port!, batch, old)).toStrictEqual(json(200, answer))
    // basic/transports: a request without the header is taken for 2025-03-26
    expect(await post(serving.port!, batch)).toStrictEqual(json(200, answer))
  })

  it("answers a batch of notifications with 202 and no body", async () => {
    expect(await post(serving.port!, [notification, notification], old)).toStrictEqual(accepted)
  })

  it("streams notifications as they come, and the answers as one event", async () => {
    const batch = [ping(1), { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "talk" } }]
    expect(await post(serving.port!, batch, old)).toStrictEqual(
      events(
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"storage","data":{"disk":"full"}}}',
        '[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"said"}]}}]'
      )
    )
  })

  it.each(["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"])("refuses batches on %s", async (revision) => {
    const answer = await post(serving.port!, [ping(1)], { "mcp-protocol-version": revision })
    expect(answer).toStrictEqual(json(400, unsupported))
  })

  it("refuses initialize as part of a batch", async () => {
    const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "x", version: "0" } }
    const { status, body } = await post(serving.port!, [{ jsonrpc: "2.0", id: 0, method: "initialize", params }])
    // 2025-03-26 basic/lifecycle, "Initialization": "MUST NOT be part of a JSON-RPC batch"
    expect({ status, body }).toMatchObject({ status: 200, body: [{ id: 0, error: { code: -32600 } }] })
  })
})
