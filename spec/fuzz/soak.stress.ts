import { Agent, request } from "node:http"
import { assemble, type MessageTransport, serve } from "mcpipe"
import { expect, it } from "vitest"
import { envelope } from "../kit/wire.ts"
import { fixture } from "./fixture.ts"
import { type Growth, growthOf } from "./heap.ts"

const timeout = 10 * 60_000

/** A listener, a map entry or a scope kept for each call is tens of bytes at the least. */
const bound = 5

const told = (what: string, { slope, samples }: Growth): void => {
  const megabytes = samples.map((bytes) => (bytes / 1_048_576).toFixed(2)).join(" ")
  console.log(`${what}: ${slope.toFixed(3)} bytes a call; heap in MiB: ${megabytes}`)
}

/** Calls of all kinds in turn: plain, asynchronous, with progress, failing and refused; both eras alternate. */
const callOf = (id: number) => {
  const params = [
    { name: "add", arguments: { a: id, b: 1 } },
    { name: "later", arguments: { text: "soon" } },
    { name: "steps", arguments: { count: 1 } },
    { name: "told" },
    { name: "add", arguments: { a: "1" } },
    { name: `nowhere_${id}` }
  ][(id >> 1) % 6]!
  const meta = { progressToken: id, ...(id % 2 === 0 ? envelope() : undefined) }
  return { jsonrpc: "2.0", id, method: "tools/call", params: { ...params, _meta: meta } }
}

it(
  "200,000 calls over one connection in memory leave nothing behind",
  async () => {
    let answered = 0
    let resume = () => {}
    const transport: MessageTransport = {
      start: async () => {},
      send: async (message) => {
        if (message.id !== undefined && ++answered % 100 === 0) resume()
      },
      close: async () => {}
    }
    await using app = assemble(fixture)
    await using _ = await serve(app, { transport, signals: false })
    const clientInfo = { name: "soak", version: "0" }
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }
    transport.onmessage!({ jsonrpc: "2.0", id: "hello", method: "initialize", params })
    answered = 0
    let id = 0
    const run = async (calls: number) => {
      for (let made = 0; made < calls; made += 100) {
        const all = new Promise<void>((resolve) => {
          resume = resolve
        })
        for (let one = 0; one < 100; one++) transport.onmessage!(callOf(++id))
        await all
      }
    }
    const growth = await growthOf(200_000, 20, run)
    told("200,000 calls in memory", growth)
    expect(answered).toBe(220_000)
    expect(growth.slope).toBeLessThan(bound)
  },
  timeout
)

it(
  "50,000 calls over HTTP leave nothing behind",
  async () => {
    await using app = assemble(fixture)
    await using serving = await serve(app, { http: { port: 0 }, signals: false })
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    let id = 0
    let answered = 0
    const call = () =>
      new Promise<void>((resolve, reject) => {
        const message = callOf(++id)
        const sessionless = message.id % 2 === 0
        const headers = {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": sessionless ? "2026-07-28" : "2025-11-25",
          ...(sessionless ? { "mcp-method": message.method, "mcp-name": message.params.name } : undefined)
        }
        const sent = request({ agent, port: serving.port, path: "/mcp", method: "POST", headers }, (response) => {
          if (response.statusCode === 200) answered++
          response.resume().on("end", resolve).on("error", reject)
        })
        sent.on("error", reject).end(JSON.stringify(message))
      })
    const run = async (calls: number) => {
      for (let made = 0; made < calls; made += 50) await Promise.all(Array.from({ length: 50 }, call))
    }
    const growth = await growthOf(50_000, 20, run)
    agent.destroy()
    told("50,000 calls over HTTP", growth)
    expect(answered).toBe(55_000)
    // a quarter of the calls, and a client in the same heap: one sample weighs more
    expect(growth.slope).toBeLessThan(3 * bound)
  },
  timeout
)
