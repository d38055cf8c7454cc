import { server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { golden, held } from "./server.ts"
import { connect, shakenHands } from "./wire.ts"

const pinged = { jsonrpc: "2.0", id: "p", result: {} }
const ping = { jsonrpc: "2.0", id: "p", method: "ping" }
const refused = (id: unknown, code: number, message: string) => ({ jsonrpc: "2.0", id, error: { code, message } })
const refusedUnread = (code: number, message: string) => ({ jsonrpc: "2.0", error: { code, message } })

describe("before initialize", () => {
  it("answers ping, and nothing else", async () => {
    await using wire = await connect(golden)
    // basic/lifecycle, "Initialization": pings may come before
    expect(await wire.ask(ping)).toStrictEqual(pinged)
    const message =
      'Send initialize before "tools/list", or the io.modelcontextprotocol/protocolVersion envelope of 2026-07-28 with it.'
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/list" })).toStrictEqual(refused(1, -32600, message))
  })
})

describe("messages", () => {
  const open = () => shakenHands(golden, "2025-11-25")

  it("answers an unknown method with -32601, and one of 2026-07-28 too", async () => {
    await using wire = await open()
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/destroy" })).toStrictEqual(
      refused(1, -32601, 'Method not found: "tools/destroy".')
    )
    expect(await wire.ask({ jsonrpc: "2.0", id: 2, method: "server/discover" })).toStrictEqual(
      refused(
        2,
        -32601,
        'Method not found: "server/discover"; this server does not serve it at revisions up to 2025-11-25.'
      )
    )
  })

  it("answers an unknown tool, prompt and argument with -32602", async () => {
    await using wire = await open()
    const ask = (method: string, params: unknown) => wire.ask({ jsonrpc: "2.0", id: 1, method, params })
    // server/tools, "Error Handling": unknown tools are protocol errors
    expect(await ask("tools/call", { name: "nope" })).toStrictEqual(
      refused(1, -32602, 'Unknown tool: "nope". tools/list names the ones there are.')
    )
    expect(await ask("prompts/get", { name: "nope" })).toStrictEqual(
      refused(1, -32602, 'Unknown prompt: "nope". prompts/list names the ones there are.')
    )
    expect(await ask("prompts/get", { name: "grüße" })).toStrictEqual(
      refused(1, -32602, 'Invalid arguments for prompt "grüße":\n- name: expected string, received nothing')
    )
    expect(await ask("tools/call", { name: "sum", arguments: [1, 2] })).toStrictEqual(
      refused(1, -32602, "tools/call: params.arguments must be an object, not [1,2].")
    )
    expect(await ask("resources/read", {})).toStrictEqual(
      refused(1, -32602, "resources/read: params.uri must be a string, the URI of a resource.")
    )
    expect(await ask("tools/list", { cursor: 7 })).toStrictEqual(
      refused(1, -32602, "params.cursor must be a string, not 7.")
    )
  })

  it("refuses what is no request with -32600, and repeats the id where it can be read", async () => {
    await using wire = await open()
    expect(await wire.ask(7)).toStrictEqual(refusedUnread(-32600, "A message must be a JSON-RPC object, not 7."))
    expect(await wire.ask({ id: 1, method: "ping" })).toStrictEqual(
      refused(1, -32600, 'jsonrpc must be "2.0"; it is missing.')
    )
    // basic/index, "Requests": the id MUST NOT be null, and is no fraction
    expect(await wire.ask({ jsonrpc: "2.0", id: null, method: "ping" })).toStrictEqual(
      refusedUnread(-32600, "id must be a string or an integer of at most 53 bits; it is null.")
    )
    expect(await wire.ask({ jsonrpc: "2.0", id: 1.5, method: "ping" })).toStrictEqual(
      refusedUnread(-32600, "id must be a string or an integer of at most 53 bits; it is 1.5.")
    )
    expect(await wire.ask({ jsonrpc: "2.0", id: 2, method: "ping", params: [] })).toStrictEqual(
      refused(2, -32600, "params must be an object, not [].")
    )
    expect(await wire.ask({ jsonrpc: "2.0", id: 3, method: 4 })).toStrictEqual(
      refused(3, -32600, "method must be a string; it is 4.")
    )
    expect(await wire.ask(ping)).toStrictEqual(pinged)
  })

  it("answers neither notifications nor stray responses", async () => {
    await using wire = await open()
    wire.send({ jsonrpc: "2.0", method: "notifications/roots/list_changed" })
    wire.send({ jsonrpc: "2.0", method: "tools/list" })
    wire.send({ jsonrpc: "2.0", id: 9, result: {} })
    wire.send({ jsonrpc: "2.0", id: 9, error: { code: -1, message: "no" } })
    expect(await wire.ask(ping)).toStrictEqual(pinged)
  })

  it("keeps ids of type string and number apart", async () => {
    await using wire = await open()
    wire.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hold" } })
    await held.until("started")
    expect(await wire.ask({ jsonrpc: "2.0", id: "1", method: "ping" })).toStrictEqual({
      jsonrpc: "2.0",
      id: "1",
      result: {}
    })
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "ping" })).toStrictEqual(
      refused(1, -32600, "Request id 1 is in use by a request in flight; use a new id for each request.")
    )
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })
    await held.until("finalized")
  })
})

describe("cancellation", () => {
  it("interrupts the call, runs its finalizers, and leaves it without an answer", async () => {
    await using wire = await shakenHands(golden, "2025-11-25")
    wire.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hold" } })
    expect(await held.until("started")).toStrictEqual(["started"])
    // basic/utilities/cancellation: unknown ids are ignored, "1" is not 1
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "1" } })
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7, reason: "mistake" } })
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled" })
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } })
    expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
    expect(await wire.ask(ping)).toStrictEqual(pinged)
    // its id is free again
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "ping" })).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {}
    })
  })

  it("ignores a request that is already answered", async () => {
    await using wire = await shakenHands(golden, "2025-11-25")
    expect(await wire.ask(ping)).toStrictEqual(pinged)
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "p" } })
    expect(await wire.ask(ping)).toStrictEqual(pinged)
  })
})

describe("logging/setLevel", () => {
  const talk = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "talk" } }
  const said = { jsonrpc: "2.0", id: 2, result: { content: [{ type: "text", text: "said" }] } }
  const setLevel = (level: unknown) => ({ jsonrpc: "2.0", id: 1, method: "logging/setLevel", params: { level } })

  it("holds back what is less severe, from the next request on", async () => {
    await using wire = await shakenHands(golden, "2025-11-25")
    expect(await wire.ask(setLevel("error"))).toStrictEqual({ jsonrpc: "2.0", id: 1, result: {} })
    expect(await wire.ask(talk)).toStrictEqual(said)
    expect(await wire.ask(setLevel("debug"))).toStrictEqual({ jsonrpc: "2.0", id: 1, result: {} })
    expect(await wire.ask(talk)).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "debug", data: "unheard" }
    })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "warning", logger: "storage", data: { disk: "full" } }
    })
    expect(await wire.next()).toStrictEqual(said)
  })

  it("names the levels to a client that invents one", async () => {
    await using wire = await shakenHands(golden, "2025-11-25")
    // server/utilities/logging, "Error Handling": -32602
    const levels = "debug, info, notice, warning, error, critical, alert, emergency"
    expect(await wire.ask(setLevel("loud"))).toStrictEqual(
      refused(1, -32602, `logging/setLevel: unknown level "loud"; use one of ${levels}.`)
    )
  })
})

it("sends no progress and no log message once a request is answered", async () => {
  let afterwards = async () => {}
  const leaky = tool({ name: "leaky" }, (_, { progress, log }) => {
    afterwards = async () => {
      await progress(2)
      await log.emergency("too late")
    }
    return progress(1).then(() => "answered")
  })
  await using wire = await shakenHands(server({ name: "leaky", version: "1" }).tool(leaky), "2025-11-25")
  const params = { name: "leaky", _meta: { progressToken: 1 } }
  expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/call", params })).toStrictEqual({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: 1, progress: 1 }
  })
  expect(await wire.next()).toStrictEqual({
    jsonrpc: "2.0",
    id: 1,
    result: { content: [{ type: "text", text: "answered" }] }
  })
  // basic/utilities/progress, "Behavior Requirements": notifications MUST stop after completion
  await afterwards()
  expect(await wire.ask(ping)).toStrictEqual(pinged)
})

describe("a log message", () => {
  const logging = tool({ name: "logging" }, async (_, { log }) => {
    await log.error({ size: 1n }).catch(() => {})
    await log.error(undefined)
    return "logged"
  })

  it("that is no JSON stays away, and one without data has null", async () => {
    await using wire = await shakenHands(server({ name: "logging", version: "1" }).tool(logging), "2025-11-25")
    // JSON-RPC 2.0 §5: an error object answers a request, so none may stand in for a notification;
    // server/utilities/logging: `data` is required
    expect(await wire.ask({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "logging" } })).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "error", data: null }
    })
    expect(await wire.next()).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { content: [{ type: "text", text: "logged" }] }
    })
  })
})
