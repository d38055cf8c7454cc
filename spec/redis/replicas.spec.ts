import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import {
  Changes,
  ClientLog,
  Durable,
  Effect,
  Elicitation,
  RequestContext,
  resource,
  type Serving,
  Session,
  serve,
  server,
  tool
} from "mcpipe"
import { redisLayer } from "mcpipe/redis"
import * as v from "valibot"
import { expect, it, onTestFinished, vi } from "vitest"
import { type Events, eventsOf } from "../kit/events.ts"
import { clients, freshPrefix, packages, useRedis, withRedis } from "../kit/redis.ts"
import { gate } from "../kit/wire.ts"

const counter = Session.state("counter", v.number(), { initial: () => 0 })

/** One replica; `name` is for the spec, everything else is the same in all. */
const replica = (name: string, held: Promise<void>) => {
  const who = tool({ name: "who" }, function* () {
    return `${name} ${(yield* RequestContext).sessionId}`
  })
  const count = tool({ name: "count" }, () => counter.update((n) => n + 1).pipe(Effect.map((n) => `${n} at ${name}`)))
  const ask = tool({ name: "ask", input: { n: v.number() } }, function* ({ n }) {
    return `${yield* Elicitation.text(`Who is ${n}?`)}, says ${name}`
  })
  const report = tool({ name: "report" }, function* () {
    const rows = yield* Durable.step("rows", Effect.succeed("row ".repeat(10_000)))
    const [first, second] = [yield* Elicitation.text("Send it?"), yield* Elicitation.text("Really?")]
    return `${rows.length} characters, ${first}, ${second}, says ${name}`
  })
  const hold = tool({ name: "hold" }, function* () {
    yield* ClientLog.info("holding")
    yield* Effect.promise(() => held)
    yield* ClientLog.info("going on")
    return `held by ${name}`
  })
  const note = resource({ uri: "note://{id}" }, ({ id }) => id)
  const touch = tool({ name: "touch", input: { id: v.string() } }, function* ({ id }) {
    yield* (yield* Changes).resourceUpdated(`note://${id}`)
    return `touched by ${name}`
  })
  return server({ name: "replica", version: "1.0.0" }).add(who, count, ask, report, hold, note, touch)
}

const textOf = (result: any): string => result.content[0].text

for (const name of packages) {
  withRedis(`replicas that share a Redis by ${name}, behind a balancer that gives each request to the next`, () => {
    const { open, server: redis } = useRedis(clients[name])

    /** Two servers over HTTP, and a `fetch` that takes turns between them. */
    const balanced = async () => {
      const layer = () => redisLayer({ client: open().client, prefix, timeout: 1_000 })
      const prefix = freshPrefix()
      const held = gate()
      const options = { http: { port: 0 }, signals: false, requestStateKeys: ["the same key at both, 32 or more"] }
      const serving = (name: string): Promise<Serving> => serve(replica(name, held.opened).provide(layer()), options)
      const servings = [await serving("a"), await serving("b")]
      let turn = 0
      const at = (replica: 0 | 1, init: RequestInit) => fetch(servings[replica]!.url!, init)
      const next = (_: unknown, init: RequestInit = {}) => at((turn++ % 2) as 0 | 1, init)
      onTestFinished(async () => {
        held.open()
        for (const { close } of servings) await close()
      })
      /** The processes that hear of a session: each is told of what happens at the others from then on. */
      const heard = async (session: string, count: number) => {
        while (Number((await open().send("PUBSUB", "NUMSUB", `${prefix}session:${session}`))[1]) !== count);
      }
      return { at, next, held, heard }
    }

    /** The official client, whose user answers with a question's last word. */
    const connect = async (next: Awaited<ReturnType<typeof balanced>>["next"], mode: "legacy" | "auto") => {
      const client = new Client(
        { name: "official", version: "1" },
        { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } }
      )
      client.setRequestHandler("elicitation/create", ({ params }: any) => {
        const [field] = Object.keys(params.requestedSchema.properties)
        return { action: "accept", content: { [field!]: params.message.match(/(\w+)\?$/)[1] } } as any
      })
      const transport = new StreamableHTTPClientTransport(new URL("http://balancer/mcp"), { fetch: next })
      await client.connect(transport)
      onTestFinished(() => client.close())
      const call = async (name: string, args: Record<string, unknown> = {}) =>
        textOf(await client.callTool({ name, arguments: args }))
      return { client, transport, call }
    }

    it("serve one session, which each knows", async () => {
      const { next } = await balanced()
      const { transport, call } = await connect(next, "legacy")
      const said: Array<string> = []
      for (let round = 0; round < 4; round++) said.push(await call("who"))
      expect(new Set(said)).toEqual(new Set([`a ${transport.sessionId}`, `b ${transport.sessionId}`]))
    })

    it("keep what a session holds, together", async () => {
      const { next } = await balanced()
      const { call } = await connect(next, "legacy")
      const counted: Array<string> = []
      for (let round = 0; round < 4; round++) counted.push(await call("count"))
      expect(counted.map((text) => text.split(" ")[0])).toEqual(["1", "2", "3", "4"])
      expect(new Set(counted.map((text) => text.at(-1)))).toEqual(new Set(["a", "b"]))
    })

    it("ask at one what is answered at the other", async () => {
      const { next } = await balanced()
      const { call } = await connect(next, "legacy")
      const said = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => call("ask", { n })))
      expect(said.map((text) => text.split(",")[0])).toEqual(["1", "2", "3", "4", "5", "6"])
    })

    it.each(["legacy", "auto"] as const)("go on with a call whose journal is over 16 kB, %s", async (mode) => {
      const { next } = await balanced()
      const { call, client } = await connect(next, mode)
      expect(client.getNegotiatedProtocolVersion()).toBe(mode === "auto" ? "2026-07-28" : "2025-11-25")
      for (let round = 0; round < 2; round++) {
        expect(await call("report")).toMatch(/^40000 characters, it, Really, says [ab]$/)
      }
    })

    it("tell a client of one what was changed at the other", async () => {
      const { next } = await balanced()
      const { client, call } = await connect(next, "legacy")
      const updated: Array<string> = []
      let wanted = gate()
      client.setNotificationHandler("notifications/resources/updated", ({ params }: any) => {
        updated.push(params.uri)
        wanted.open()
      })
      await client.subscribeResource({ uri: "note://1" })
      for (let round = 1; round <= 4; round++) {
        wanted = gate()
        await call("touch", { id: "2" })
        await call("touch", { id: "1" })
        await wanted.opened
        expect(updated).toEqual(Array.from({ length: round }, () => "note://1"))
      }
    })

    /** A session by hand, at either replica. */
    const begin = async (twins: Awaited<ReturnType<typeof balanced>>) => {
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" }
      const post = (replica: 0 | 1, body: unknown, more: object = {}) =>
        twins.at(replica, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) })
      const clientInfo = { name: "by-hand", version: "0" }
      const params = { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo }
      const answered = await post(0, { jsonrpc: "2.0", id: 0, method: "initialize", params })
      const id = answered.headers.get("mcp-session-id")!
      const mine = { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" }
      const request = (replica: 0 | 1, body: unknown) => post(replica, body, mine)
      const call = (replica: 0 | 1, id: number, name: string, args: object = {}) =>
        request(replica, { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })
      const listen = async (replica: 0 | 1, lastEventId: string): Promise<Events> => {
        const resuming = { ...mine, accept: "text/event-stream", "last-event-id": lastEventId }
        const response = await twins.at(replica, { headers: resuming })
        expect(response.status).toBe(200)
        return eventsOf(response)
      }
      const end = (replica: 0 | 1) => twins.at(replica, { method: "DELETE", headers: mine })
      return { id, request, call, listen, end }
    }

    it("ask at one that has just heard of the session, and take the answer at the other at once", async () => {
      const twins = await balanced()
      const session = await begin(twins)
      const stream = eventsOf(await session.call(1, 1, "ask", { n: 1 }))
      const { id, params } = await stream.next()
      const content = { [Object.keys(params.requestedSchema.properties)[0]!]: "ada" }
      await session.request(0, { jsonrpc: "2.0", id, result: { action: "accept", content } })
      expect(textOf((await stream.next()).result)).toBe("ada, says b")
    })

    it("give at one the rest of a stream that was begun at the other, each event once", async () => {
      const twins = await balanced()
      const session = await begin(twins)
      const began = eventsOf(await session.call(0, 1, "hold"))
      const told = [await began.next()]
      await began.leave()
      await session.call(1, 2, "who")
      await twins.heard(session.id, 2)
      twins.held.open()
      let lastId = began.lastId()!
      while (told.length < 3) {
        const rest = await session.listen(1, lastId)
        for (let event = await rest.next(); event !== undefined; event = await rest.next()) told.push(event)
        lastId = rest.lastId() ?? lastId
      }
      const logged = (data: string) => ({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "info", data }
      })
      expect(told).toEqual([
        logged("holding"),
        logged("going on"),
        { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "held by a" }] } }
      ])
    })

    it("forget a session together", async () => {
      const twins = await balanced()
      const session = await begin(twins)
      expect((await session.call(1, 1, "who")).status).toBe(200)
      await twins.heard(session.id, 2)
      expect((await session.end(1)).status).toBe(200)
      await twins.heard(session.id, 0)
      for (const replica of [0, 1] as const) expect((await session.call(replica, 2, "who")).status).toBe(404)
      expect(await open().send("KEYS", `*${session.id}*`)).toEqual([])
    })

    it("answer 500 without a word of why while Redis is gone, and go on with the next request when it is back", async () => {
      const twins = await balanced()
      const session = await begin(twins)
      redis().hold()
      const logged = vi.spyOn(console, "error").mockImplementation(() => {})
      const refused = await session.call(1, 1, "who")
      expect(refused.status).toBe(500)
      expect(await refused.text()).not.toMatch(/redis|EVALSHA|127\.0\.0\.1/i)
      expect(logged.mock.calls.flat().map(String).join()).toContain("Redis did not answer EVALSHA within 1000 ms")
      // what one knows already it goes on with
      expect((await session.call(0, 2, "who")).status).toBe(200)
      redis().release()
      expect((await session.call(1, 3, "who")).status).toBe(200)
    })
  })
}
