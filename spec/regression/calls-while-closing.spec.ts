import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { setImmediate } from "node:timers/promises"
import { assemble, Context, Effect, lifespan, server, toFetchHandler, tool } from "mcpipe"
import { expect, it } from "vitest"
import { openSocket, rawHead } from "../kit/raw-http.ts"
import { connectWire, gate } from "../kit/wire.ts"
import { listen, post, requestOf } from "./over-http.ts"

class Db extends Context.Service<Db, { readonly state: string }>()("app/Db") {}

it.each(["2026-07-28", "2025-11-25"])(
  "a call after its app was disposed of answers 503, and its handler does not meet released layers (%s)",
  async (revision) => {
    const db = { state: "open" }
    const seen: Array<string> = []
    const read = tool({ name: "read", uses: { db: Db } }, (_, { db }) => {
      seen.push(db.state)
      return db.state
    })
    const layer = lifespan(
      Db,
      () => db,
      () => {
        db.state = "released"
      }
    )
    const app = assemble(server({ name: "s", version: "1" }).tool(read).provide(layer))
    await using serving = await listen(app)
    const call = () => post(serving.url, requestOf(revision, "tools/call", { name: "read" }))
    expect((await call()).message.result.content[0].text).toBe("open")
    await app.dispose()
    expect(db.state).toBe("released")
    const { status, message } = await call()
    expect(status).toBe(503)
    expect(message.error.message).toContain("shutting down")
    expect(seen).toStrictEqual(["open"])
  }
)

it("on a connection that is still open, too", async () => {
  let runs = 0
  const app = assemble(server({ name: "s", version: "1" }).tool(tool({ name: "count" }, () => ++runs)))
  await using wire = await connectWire(app)
  expect(await wire.text("count")).toBe("1")
  await app.dispose()
  expect((await wire.request("tools/call", { name: "count" })).error.message).toContain("shutting down")
  expect(runs).toBe(1)
})

/** Sends a call, waits until it runs, leaves, and waits until the server has noticed. */
const callAndLeave = async (port: number, revision: string, started: Promise<void>, write = (body: string) => body) => {
  const arrived = gate<ServerResponse>()
  const take = (message: unknown) => arrived.open((message as { response: ServerResponse }).response)
  subscribe("http.server.request.start", take)
  const { headers, body: single } = requestOf(revision, "tools/call", { name: "slow" })
  const body = write(single)
  const socket = await openSocket(port)
  socket.write(rawHead(port, { ...headers, "content-length": String(body.length) }) + body)
  const response = await arrived.opened
  unsubscribe("http.server.request.start", take)
  await started
  const noticed = once(response, "close")
  socket.destroy()
  await noticed
}

/** A server whose one call ends when a spec says so, and writes down how. */
const slowly = () => {
  const events: Array<string> = []
  const started = gate()
  const finish = gate()
  const slow = tool({ name: "slow" }, async (_, { signal }) => {
    started.open()
    await finish.opened
    events.push(signal.aborted ? "aborted" : "finished")
  })
  return { events, started, finish, main: server({ name: "s", version: "1" }).tool(slow) }
}

it.each([
  ["call", "2025-11-25", (body: string) => body],
  ["batch", "2025-03-26", (body: string) => `[${body},{"jsonrpc":"2.0","id":2,"method":"ping"}]`]
])("closing waits for a handshake %s whose client has left: leaving does not cancel it", async (_, revision, write) => {
  const { events, started, finish, main } = slowly()
  const serving = await listen(main, 10_000)
  await callAndLeave(serving.port!, revision, started.opened, write)
  const closing = serving.close().then(() => events.push("closed"))
  // only a server that still waits for something answers newcomers
  const ping = requestOf("2025-03-26", "ping")
  expect((await post(serving.url, ping)).status).toBe(503)
  expect((await post(serving.url, { ...ping, body: `[${ping.body}]` })).status).toBe(503)
  expect(events).toStrictEqual([])
  finish.open()
  await closing
  expect(events).toStrictEqual(["finished", "closed"])
})

it("a fetch handler waits for a handshake call whose client has left, too", async () => {
  const { events, started, finish, main } = slowly()
  const handle = toFetchHandler(main, { hosts: ["localhost"] })
  const leaving = new AbortController()
  const requested = (signal: AbortSignal | null) =>
    new Request("http://localhost/mcp", { ...requestOf("2025-11-25", "tools/call", { name: "slow" }), signal })
  const left = handle(requested(leaving.signal))
  await started.opened
  leaving.abort()
  expect((await left).status).toBe(499)
  const disposing = handle.dispose().then(() => events.push("disposed"))
  expect((await handle(requested(null))).status).toBe(503)
  // a handler that waits for nothing would be disposed of within a turn
  await setImmediate()
  expect(events).toStrictEqual([])
  finish.open()
  await disposing
  expect(events).toStrictEqual(["finished", "disposed"])
})

it("a sessionless call ends as soon as its client has left, and closing has nothing to wait for", async () => {
  const started = gate()
  const interrupted = gate()
  const slow = tool({ name: "slow" }, () =>
    Effect.sync(started.open).pipe(
      Effect.andThen(Effect.never),
      Effect.onInterrupt(() => Effect.sync(interrupted.open))
    )
  )
  const serving = await listen(server({ name: "s", version: "1" }).tool(slow), 60_000)
  await callAndLeave(serving.port!, "2026-07-28", started.opened)
  await interrupted.opened
  await serving.close()
})
