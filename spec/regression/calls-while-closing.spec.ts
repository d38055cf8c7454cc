import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { assemble, Context, Effect, lifespan, server, tool } from "mcpipe"
import { expect, it } from "vitest"
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
const callAndLeave = async (url: string, revision: string, started: Promise<void>) => {
  const arrived = gate<ServerResponse>()
  const take = (message: unknown) => arrived.open((message as { response: ServerResponse }).response)
  subscribe("http.server.request.start", take)
  const leaving = new AbortController()
  const left = fetch(url, { ...requestOf(revision, "tools/call", { name: "slow" }), signal: leaving.signal }).catch(
    (error: Error) => error.name
  )
  const response = await arrived.opened
  unsubscribe("http.server.request.start", take)
  await started
  const noticed = once(response, "close")
  leaving.abort()
  expect(await left).toBe("AbortError")
  await noticed
}

it("closing waits for a handshake call whose client has left: leaving does not cancel it", async () => {
  const events: Array<string> = []
  const started = gate()
  const finish = gate()
  const slow = tool({ name: "slow" }, async (_, { signal }) => {
    started.open()
    await finish.opened
    events.push(signal.aborted ? "aborted" : "finished")
  })
  const serving = await listen(server({ name: "s", version: "1" }).tool(slow), 10_000)
  await callAndLeave(serving.url, "2025-11-25", started.opened)
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
  await callAndLeave(serving.url, "2026-07-28", started.opened)
  await interrupted.opened
  await serving.close()
})
