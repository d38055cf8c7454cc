import { expect, it } from "vitest"
import live from "../../examples/live/server.ts"
import { eventsOf } from "../kit/events.ts"
import { httpPeer } from "../kit/http-peer.ts"
import { clients, useRedis, withRedis } from "../kit/redis.ts"
import { start } from "../kit/spawn.ts"
import { connectWire } from "../kit/wire.ts"

it("tells a client of a new page, and of a page that changed", async () => {
  await using wire = await connectWire(live, { speak: "2025-11-25" })
  const uris = async () => (await wire.request("resources/list")).result.resources.map(({ uri }: any) => uri)
  expect(await uris()).toEqual(["page://start"])
  expect(await wire.text("write", { page: "news", text: "Nothing yet." })).toBe("There is a new page, news.")
  await wire.next(({ method }) => method === "notifications/resources/list_changed")
  expect(await uris()).toEqual(["page://start", "page://news"])
  await wire.request("resources/subscribe", { uri: "page://news" })
  expect(await wire.text("write", { page: "news", text: "It rains." })).toBe("news has changed.")
  const updated = await wire.next(({ method }) => method === "notifications/resources/updated")
  expect(updated.params).toEqual({ uri: "page://news" })
  const read = await wire.request("resources/read", { uri: "page://news" })
  expect(read.result.contents[0].text).toBe("It rains.")
})

it("lets a client go that waits for a long call, and has the answer when it comes back", async () => {
  await using peer = await httpPeer("node", live)
  const session = await peer.begin()
  const stream = await session.call(1, "reindex")
  expect(await stream.next()).toBeUndefined()
  expect(stream.retry()).toBe(5_000)
  const answer = await eventsOf(await session.listen(stream.lastId())).next()
  expect(answer).toMatchObject({ id: 1, result: { structuredContent: { start: 1 } } })
})

it("main.ts answers beside MCP", { timeout: 40_000 }, async () => {
  await using child = start("examples/live/main.ts", { env: { PORT: "0" }, deadline: 30_000 })
  const line = await child.errorLine(/Listening at \S+/)
  const { origin } = new URL(line.slice(line.indexOf("http")))
  expect(await (await fetch(`${origin}/hello/Ada`)).text()).toBe("Hello, Ada!")
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: "ok" })
})

withRedis("replicas.ts with a Redis", () => {
  const { server } = useRedis(clients.redis)

  it("answers, and ends on SIGTERM", { timeout: 40_000 }, async () => {
    const env = { PORT: "0", REDIS_URL: `redis://127.0.0.1:${server().port}`, REQUEST_STATE_KEY: "k".repeat(44) }
    await using child = start("examples/live/replicas.ts", { env, deadline: 30_000 })
    const line = await child.errorLine(/Listening at \S+/)
    const { origin } = new URL(line.slice(line.indexOf("http")))
    expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: "ok" })
    child.signal("SIGTERM")
    expect(await child.ended()).toEqual({ code: 0, signal: null })
  })
})
