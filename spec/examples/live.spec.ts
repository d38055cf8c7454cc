import { expect, it } from "vitest"
import live from "../../examples/live/server.ts"
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

it("main.ts answers beside MCP", { timeout: 40_000 }, async () => {
  await using child = start("examples/live/main.ts", { env: { PORT: "0" }, deadline: 30_000 })
  const line = await child.errorLine(/Listening at \S+/)
  const { origin } = new URL(line.slice(line.indexOf("http")))
  expect(await (await fetch(`${origin}/hello/Ada`)).text()).toBe("Hello, Ada!")
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: "ok" })
})
