import {
  assemble,
  Effect,
  EventStore,
  type FetchHandler,
  Progress,
  server,
  ToolError,
  tool,
  toFetchHandler
} from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { type Growth, growthOf } from "../fuzz/heap.ts"
import { calling, headersOf } from "./process.ts"

const deadline = 20 * 60_000
const calls = 200_000

/** With those to warm up. */
const made = 220_000

/** A listener, a map entry or a scope kept for each call is tens of bytes at the least. */
const bound = 5

// streams are kept for clients that come back, by default in up to 64 MiB: so much is full before the first sample
const events = EventStore.layerMemory({ maxBytes: 1_048_576 })

const main = server({ name: "soak", version: "1" })
  .provide(events)
  .add(
    tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b),
    tool({ name: "later" }, () => Effect.as(Effect.yieldNow, "later")),
    tool({ name: "steps" }, () => Effect.as(Progress.report(1, 1, "one"), "told")),
    tool({ name: "fails" }, () => Effect.fail(new ToolError("no")))
  )

const kinds = [
  ["add", { a: 1, b: 2 }],
  ["later", {}],
  ["steps", {}],
  ["fails", {}],
  ["add", { a: "one" }],
  ["nothing", {}]
] as const

const told = (what: string, { slope, samples }: Growth, rate: number): void => {
  const megabytes = samples.map((bytes) => (bytes / 1_048_576).toFixed(2)).join(" ")
  console.log(
    `R-15, ${what}: ${slope.toFixed(3)} bytes a call at ${rate.toFixed(0)} calls/s; heap in MiB: ${megabytes}`
  )
}

const soak = async (what: string, call: (id: number) => Promise<unknown>): Promise<void> => {
  let id = 0
  const run = async (count: number) => {
    for (let made = 0; made < count; made += 50) await Promise.all(Array.from({ length: 50 }, () => call(++id)))
  }
  const since = performance.now()
  const growth = await growthOf(calls, 20, run)
  told(what, growth, (made / (performance.now() - since)) * 1_000)
  expect(growth.slope).toBeLessThan(bound)
}

const ask = async (
  handler: FetchHandler,
  message: object,
  headers: Readonly<Record<string, string>>
): Promise<number> => {
  const response = await handler(
    new Request("http://localhost/mcp", { method: "POST", headers, body: JSON.stringify(message) })
  )
  await response.text()
  return response.status
}

it(
  "200,000 calls on 2026-07-28 leave nothing behind",
  async () => {
    await using app = assemble(main)
    await using handler = toFetchHandler(app)
    let served = 0
    await soak("200,000 sessionless calls", async (id) => {
      const [name, args] = kinds[id % kinds.length]!
      const message = calling(id, name, args, { progressToken: id })
      if ((await ask(handler, message, headersOf(message))) === 200) served++
    })
    expect(served).toBe(made)
  },
  deadline
)

it(
  "200,000 calls in 16 sessions leave nothing behind",
  async () => {
    await using app = assemble(main)
    await using handler = toFetchHandler(app)
    const json = { "content-type": "application/json", accept: "application/json, text/event-stream" }
    const clientInfo = { name: "soak", version: "1" }
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }
    const sessions = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params })
        const response = await handler(new Request("http://localhost/mcp", { method: "POST", headers: json, body }))
        await response.text()
        return {
          ...json,
          "mcp-session-id": response.headers.get("mcp-session-id")!,
          "mcp-protocol-version": "2025-11-25"
        }
      })
    )
    let served = 0
    await soak("200,000 calls in 16 sessions", async (id) => {
      const [name, args] = kinds[id % kinds.length]!
      const message = {
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: { name, arguments: args, _meta: { progressToken: id } }
      }
      if ((await ask(handler, message, sessions[id % sessions.length]!)) === 200) served++
    })
    expect(served).toBe(made)
  },
  deadline
)
