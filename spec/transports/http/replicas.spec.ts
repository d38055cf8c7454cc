import { ClientLog, Effect, Elicitation, RequestContext, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { eventsOf } from "../../kit/events.ts"
import { type HttpPeer, type HttpPeerOptions, httpPeer, type HttpSession } from "../../kit/http-peer.ts"
import { type ReplicaOptions, replicas } from "../../kit/replicas.ts"
import { gate } from "../../kit/wire.ts"

const call = (id: number, name: string) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } })
const said = (id: number, text: string) => ({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } })
const logged = (data: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data }
})
const forms = { elicitation: {} }
const answerOf = (asked: any, text: string) => ({
  action: "accept",
  content: { [Object.keys(asked.params.requestedSchema.properties)[0]!]: text }
})

/** One server behind a balancer: two processes of it, which share what `replicas` keeps. */
const pair = async (options: ReplicaOptions & HttpPeerOptions = {}) => {
  const { relays, before, ...http } = options
  const stores = replicas({ relays, before })
  const goOn = gate<void>()
  const ended = gate<string>()
  const who = tool({ name: "who" }, function* () {
    const { sessionId, client, revision } = yield* RequestContext
    return JSON.stringify([sessionId, client.info?.name, revision, Object.keys(client.capabilities)])
  })
  const ask = tool({ name: "ask" }, () => Elicitation.text("Who?"))
  const talk = tool({ name: "talk" }, () => Effect.as(ClientLog.info("hello"), "talked"))
  const hold = tool({ name: "hold" }, () =>
    ClientLog.info("holding").pipe(
      Effect.andThen(Effect.promise(() => goOn.opened)),
      Effect.andThen(ClientLog.info("going on")),
      Effect.as("held"),
      Effect.onInterrupt(() => Effect.sync(() => ended.open("interrupted")))
    )
  )
  const main = () => server({ name: "twin", version: "1" }).add(who, ask, talk, hold).provide(stores.layer)
  const a = await httpPeer("fetch", main(), http)
  const b = await httpPeer("fetch", main(), http)
  const close = async () => {
    await a.close()
    await b.close()
  }
  return { a, b, stores, goOn, ended, [Symbol.asyncDispose]: close }
}

/** The same session, spoken in through another process. */
const through = (peer: HttpPeer, { headers }: HttpSession) => ({
  send: (message: unknown, more: Record<string, string> = {}) => peer.request(message, { ...headers, ...more }),
  listen: (lastEventId?: string) =>
    peer.request(
      undefined,
      { ...headers, accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) },
      { method: "GET" }
    ),
  end: () => peer.request(undefined, headers, { method: "DELETE" })
})

describe("a session of two processes that share their stores", () => {
  it("is served by the one it did not begin at, with all it agreed on", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const expected = JSON.stringify([session.id, "by-hand", "2025-11-25", ["elicitation"]])
    expect(await (await other.send(call(1, "who"))).json()).toStrictEqual(said(1, expected))
  })

  it("waits for a store that takes its time, also with the answer to initialize", async () => {
    const slow = () => Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    await using twins = await pair({ before: slow })
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const both = await Promise.all([other.send(call(1, "who")), other.send(call(2, "talk"))])
    expect(both.map(({ status }) => status)).toStrictEqual([200, 200])
    const stream = eventsOf(both[1]!)
    expect(await stream.next()).toStrictEqual(logged("hello"))
    expect(await stream.next()).toStrictEqual(said(2, "talked"))
  })

  it("is unknown at both to another principal", async () => {
    const authenticate: HttpPeerOptions["authenticate"] = ({ headers }) => ({ id: headers.get("authorization") ?? "-" })
    await using twins = await pair({ authenticate })
    const session = await twins.a.begin(forms, { authorization: "ada" })
    const other = through(twins.b, session)
    expect((await other.send(call(1, "who"), { authorization: "mallory" })).status).toBe(404)
    expect((await other.send(call(1, "who"))).status).toBe(200)
  })

  it("that has ended at one is unknown at the other", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const heard = eventsOf(await other.listen())
    const ended = heard.next()
    expect((await session.end()).status).toBe(200)
    expect(await ended).toBe(undefined)
    expect((await other.send(call(1, "who"))).status).toBe(404)
    expect((await session.send(call(1, "who"))).status).toBe(404)
  })

  it("takes at one the answer to what the other asked, and no other answer for it", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const streams = [await session.call(1, "ask"), eventsOf(await other.send(call(2, "ask")))]
    const asked = [await streams[0]!.next(), await streams[1]!.next()]
    expect(asked[0].id).not.toBe(asked[1].id)
    const answer = (to: any, text: string) => ({ jsonrpc: "2.0", id: to.id, result: answerOf(to, text) })
    expect((await other.send(answer(asked[0], "one"))).status).toBe(202)
    expect((await session.send(answer(asked[1], "two"))).status).toBe(202)
    expect(await streams[0]!.next()).toStrictEqual(said(1, "one"))
    expect(await streams[1]!.next()).toStrictEqual(said(2, "two"))
  })

  it("hears at one what is cancelled at the other", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const stream = await session.call(1, "hold")
    await stream.next()
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }
    const other = through(twins.b, session)
    expect((await other.send(call(2, "who"))).status).toBe(200)
    expect((await other.send(cancel)).status).toBe(202)
    expect(await twins.ended.opened).toBe("interrupted")
    expect(await stream.next()).toBe(undefined)
  })

  it("has the log level that either was told", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const talk = async (to: { send: (message: unknown) => Promise<Response> }) =>
      (await to.send(call(9, "talk"))).headers.get("content-type")
    const setLevel = (level: string) => ({ jsonrpc: "2.0", id: 1, method: "logging/setLevel", params: { level } })
    await session.send(setLevel("error"))
    expect(await talk(other)).toBe("application/json")
    await other.send(setLevel("debug"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await talk(session)).toBe("text/event-stream")
  })

  it("goes on at one with the stream that the other began: its client comes back until it is told the answer", async () => {
    await using twins = await pair()
    const session = await twins.a.begin(forms)
    const stream = await session.call(1, "hold")
    expect(await stream.next()).toStrictEqual(logged("holding"))
    const other = through(twins.b, session)
    const missed = eventsOf(await other.listen(stream.lastId()!.replace(/\d+$/, "0")))
    expect(await missed.next()).toStrictEqual(logged("holding"))
    expect(await missed.next()).toBe(undefined)
    expect(missed.retry()).toBe(1000)
    // the client has left that connection
    expect(await stream.next()).toBe(undefined)
    twins.goOn.open()
    await new Promise((resolve) => setImmediate(resolve))
    const rest = eventsOf(await other.listen(missed.lastId()))
    expect(await rest.next()).toStrictEqual(logged("going on"))
    expect(await rest.next()).toStrictEqual(said(1, "held"))
    expect(await rest.next()).toBe(undefined)
    expect((await other.listen(rest.lastId())).status).toBe(400)
  })

  it("asks over the GET stream of the other where POSTs are answered by JSON only", async () => {
    await using twins = await pair({ responses: "json" })
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const heard = eventsOf(await other.listen())
    await new Promise((resolve) => setImmediate(resolve))
    const answered = session.send(call(1, "ask"))
    const asked = await heard.next()
    expect(asked.method).toBe("elicitation/create")
    await other.send({ jsonrpc: "2.0", id: asked.id, result: answerOf(asked, "there") })
    expect(await (await answered).json()).toStrictEqual(said(1, "there"))
    await heard.leave()
  })

  it("is served at both without a relay too, except that answers must go to whoever asked", async () => {
    await using twins = await pair({ relays: false })
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    const stream = await session.call(1, "ask")
    const asked = await stream.next()
    const answer = { jsonrpc: "2.0", id: asked.id, result: answerOf(asked, "ada") }
    expect((await other.send(answer)).status).toBe(202)
    expect((await session.send(answer)).status).toBe(202)
    expect(await stream.next()).toStrictEqual(said(1, "ada"))
  })
})

describe("where the stores cannot be reached", () => {
  const broken = () => {
    const state = { broken: false }
    const before = () => (state.broken ? Effect.die(new Error("secret address")) : Effect.void)
    return { state, before }
  }

  it("a session that is known goes on, one that has to be looked up answers 500 and keeps the reason to itself", async () => {
    const { state, before } = broken()
    await using twins = await pair({ before })
    const session = await twins.a.begin(forms)
    const other = through(twins.b, session)
    state.broken = true
    const stream = await session.call(1, "talk")
    expect(await stream.next()).toStrictEqual(logged("hello"))
    expect(await stream.next()).toStrictEqual(said(1, "talked"))
    const refused = await other.send(call(2, "who"))
    expect(refused.status).toBe(500)
    expect(await refused.text()).not.toContain("secret")
    state.broken = false
    expect((await other.send(call(3, "who"))).status).toBe(200)
  })

  it("no session begins", async () => {
    const { state, before } = broken()
    await using twins = await pair({ before })
    state.broken = true
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } }
    const refused = await twins.a.request({ jsonrpc: "2.0", id: 1, method: "initialize", params })
    expect([refused.status, refused.headers.get("mcp-session-id")]).toStrictEqual([500, null])
    expect(await refused.text()).not.toContain("secret")
  })
})
