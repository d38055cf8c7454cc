import { assemble, resource, serve, server, tool } from "mcpipe"
import { expect, it } from "vitest"
import type { HttpSink } from "../../lib/protocol/exchange.ts"
import type { HttpSession } from "../../lib/protocol/http-session.ts"
import { sessionsOf } from "../../lib/protocol/sessions.ts"
import { anonymous } from "../../lib/services/principal.ts"
import { reachable } from "./heap.ts"
import { client, type Open, session, times } from "./load.ts"
import { calling, headersOf, request } from "./process.ts"

/** What a session's connections cost is node's and the client's; here they cost nothing. */
const connection: HttpSink = {
  events: true,
  begin: () => {},
  event: () => undefined,
  close: () => {},
  notify: () => undefined,
  ask: () => undefined,
  reply: () => {}
}

it("idle sessions take at most 4 KiB of heap each, their side of an open stream included", async () => {
  await using app = assemble(server({ name: "any", version: "1" }))
  const sessions = sessionsOf(await app["~mcpipe/App"].running(), { max: 20_000 })
  const open = (n: number) => {
    const agreed = {
      revision: "2025-11-25" as const,
      capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
      clientInfo: { name: `client ${n}`, version: "1" }
    }
    const begun = sessions.begin(agreed, anonymous) as HttpSession
    begun.notified({ jsonrpc: "2.0", method: "notifications/initialized" })
    begun.streams.listen(connection, undefined)
  }
  for (let n = 0; n < 1_000; n++) open(n)
  const before = await reachable()
  for (let n = 0; n < 3_000; n++) open(n)
  expect(((await reachable()) - before) / 3_000).toBeLessThanOrEqual(4_096)
  expect(sessions.size()).toBe(4_000)
})

it("200 sessions with an open stream, and 200 listening, are all acknowledged, and others are answered", async () => {
  const main = server({ name: "idle", version: "1" }).add(
    tool({ name: "echo" }, () => "still there"),
    resource({ uri: "idle://one" }, () => "one")
  )
  await using serving = await serve(main, { http: { port: 0 }, signals: false, gracePeriod: 0 })
  const load = client(serving.port!)
  const open: Array<Open> = []
  const first = async (one: Open) => {
    open.push(one)
    return String(await new Promise((resolve) => one.response.once("data", resolve)))
  }
  await times(200, 20, async (n) => {
    const { "content-type": _, ...headers } = await session(load)
    const get = await load.open(undefined, { ...headers, accept: "text/event-stream" }, "GET")
    expect([get.response.statusCode, await first(get)]).toEqual([200, "id: g1.0\ndata: \n\n"])
    const message = request(n, "subscriptions/listen", { notifications: { resourceSubscriptions: ["idle://one"] } })
    const post = await load.open(JSON.stringify(message), headersOf(message))
    expect(await first(post)).toContain('"method":"notifications/subscriptions/acknowledged"')
  })
  const echo = calling(1, "echo")
  const { status, text } = await load.ask(JSON.stringify(echo), headersOf(echo))
  expect([status, JSON.parse(text).result.content[0].text]).toEqual([200, "still there"])
  expect(open).toHaveLength(400)
  for (const { sent } of open) sent.destroy()
  load.close()
})
