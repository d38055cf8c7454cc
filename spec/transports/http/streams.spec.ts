import { Changes, ClientLog, Effect, RequestContext, resource, Roots, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { eventsOf } from "../../kit/events.ts"
import { adapters, type HttpPeerOptions, httpPeer, type HttpSession } from "../../kit/http-peer.ts"
import { gate } from "../../kit/wire.ts"

const info = { name: "streaming", version: "1" }

/** Logs 1 … n, waiting before each for the spec to say so, and answers. */
const counting = () => {
  const gates: Array<ReturnType<typeof gate<void>>> = []
  const at = (n: number) => (gates[n] ??= gate<void>())
  const count = tool({ name: "count", input: { n: v.number(), free: v.optional(v.boolean(), true) } }, ({ n, free }) =>
    Effect.as(
      Effect.forEach(
        Array.from({ length: n }, (_, i) => i + 1),
        (i) => Effect.andThen(free ? Effect.void : Effect.promise(() => at(i).opened), ClientLog.info(i))
      ),
      `counted to ${n}`
    )
  )
  return { at, count }
}

const note = resource({ uri: "note://one", name: "one" }, () => "text")
const touch = tool({ name: "touch" }, function* () {
  yield* (yield* Changes).resourceUpdated("note://one")
  return "touched"
})

const subscribe = async (session: HttpSession) => {
  await session.send({ jsonrpc: "2.0", method: "notifications/initialized" })
  const request = { jsonrpc: "2.0", id: "s", method: "resources/subscribe", params: { uri: "note://one" } }
  expect((await session.send(request)).status).toBe(200)
}

const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args }
})
const said = (id: number, text: string) => ({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } })
const logged = (data: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data }
})
const updated = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "note://one" } }

const refusal = async (response: Response) => {
  const { error } = await response.json()
  return [response.status, error.code, error.message]
}

describe.each(adapters)("the GET streams of a session over the %s adapter", (adapter) => {
  const open = (options?: HttpPeerOptions) => httpPeer(adapter, server(info).add(note, touch), options)

  it("carry what belongs to no request, with an id to come back to", async () => {
    await using peer = await open()
    const session = await peer.begin()
    await subscribe(session)
    const response = await session.listen()
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toBe("text/event-stream")
    const heard = eventsOf(response)
    await session.send(call(1, "touch"))
    expect(await heard.next()).toStrictEqual(updated)
    expect(heard.lastId()).toBe("g1.1")
    await heard.leave()
  })

  it("begin without an event where the client's revision would not understand it", async () => {
    await using peer = await open()
    const session = await peer.begin({}, {}, "2025-06-18")
    await subscribe(session)
    const heard = eventsOf(await session.listen())
    await session.send(call(1, "touch"))
    expect(await heard.next()).toStrictEqual(updated)
    expect(heard.lastId()).toBe("g1.1")
    await heard.leave()
  })

  it("tell at once what changed while none was open, and not once for each change", async () => {
    await using peer = await open()
    const session = await peer.begin()
    await subscribe(session)
    for (const id of [1, 2, 3, 4, 5]) await session.send(call(id, "touch"))
    const heard = eventsOf(await session.listen())
    expect(await heard.next()).toStrictEqual(updated)
    const rest = heard.next()
    await session.end()
    // the first may have been on its way already; all later ones are one
    if ((await rest) !== undefined) expect(await heard.next()).toBe(undefined)
  })

  it("go on with what was missed where the client comes back with Last-Event-ID, each event once", async () => {
    await using peer = await open()
    const session = await peer.begin()
    await subscribe(session)
    const first = eventsOf(await session.listen())
    await session.send(call(1, "touch"))
    await first.next()
    await session.send(call(2, "touch"))
    await first.next()
    // the second was read, and got lost all the same
    const second = eventsOf(await session.listen("g1.1"))
    expect(await first.next()).toBe(undefined)
    expect(await second.next()).toStrictEqual(updated)
    expect(second.lastId()).toBe("g1.2")
    await session.send(call(3, "touch"))
    expect(await second.next()).toStrictEqual(updated)
    expect(second.lastId()).toBe("g1.3")
    await second.leave()
  })

  it("do not end each other, and each message goes to one of them, the newest", async () => {
    await using peer = await open()
    const session = await peer.begin()
    await subscribe(session)
    const old = eventsOf(await session.listen())
    const young = eventsOf(await session.listen())
    await session.send(call(1, "touch"))
    expect(await young.next()).toStrictEqual(updated)
    expect(young.lastId()).toBe("g2.1")
    await young.leave()
    const next = old.next()
    // over a network nobody can say when the server hears of it; a message sent too early could be had with Last-Event-ID
    for (let id = 2; old.lastId() !== "g1.1"; id++) {
      await session.send(call(id, "touch"))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await next).toStrictEqual(updated)
    await old.leave()
  })

  it("end with their session", async () => {
    await using peer = await open()
    const session = await peer.begin()
    const streams = [eventsOf(await session.listen()), eventsOf(await session.listen())]
    await session.end()
    for (const stream of streams) expect(await stream.next()).toBe(undefined)
    expect((await session.listen()).status).toBe(404)
  })

  it("end when the server is closed, and send their clients elsewhere", async () => {
    const peer = await open({ gracePeriod: 60_000 })
    const session = await peer.begin()
    const heard = eventsOf(await session.listen())
    const ended = heard.next()
    await peer.close()
    expect(await ended).toBe(undefined)
    expect(heard.retry()).toBe(1000)
  })

  it("are refused to whoever names no session, an unknown one, another's or another revision", async () => {
    const authenticate: HttpPeerOptions["authenticate"] = ({ headers }) => ({
      id: headers.get("authorization") ?? "nobody"
    })
    await using peer = await open({ authenticate })
    const session = await peer.begin({}, { authorization: "ada" })
    const get = (headers: Record<string, string>) =>
      peer.request(undefined, { accept: "text/event-stream", ...headers }, { method: "GET" })
    expect(await refusal(await get({}))).toStrictEqual([
      400,
      -32600,
      "GET listens to a session; send the Mcp-Session-Id that the answer to initialize had."
    ])
    const unknown = (id: string) =>
      `Mcp-Session-Id "${id}" is not known here, or its session has ended; send initialize to begin a new one.`
    expect(await refusal(await get({ "mcp-session-id": "guessed" }))).toStrictEqual([404, -32600, unknown("guessed")])
    const foreign = { ...session.headers, authorization: "mallory" }
    expect(await refusal(await get(foreign))).toStrictEqual([404, -32600, unknown(session.id)])
    expect((await get({ ...foreign, "last-event-id": "g1.0" })).status).toBe(404)
    expect((await get({ ...session.headers, "mcp-protocol-version": "2024-01-01" })).status).toBe(400)
    expect((await get({ ...session.headers, accept: "application/json" })).status).toBe(406)
    expect((await get({ ...session.headers, "mcp-protocol-version": "2026-07-28" })).status).toBe(405)
  })

  it("are refused where the event is none of this session, with 400: a 404 would end the session", async () => {
    await using peer = await open()
    const session = await peer.begin()
    const heard = eventsOf(await session.listen())
    const message = (id: string) =>
      `Last-Event-ID "${id}" is not known in this session, or its stream is kept no longer; send GET without it to listen from now on.`
    for (const id of ["", "x", "g1", "g1.", "g1.-1", "p1.0", "g2.0", "g99.1", "g1.7", "G1.0", "g1.0 ", "__proto__.1"]) {
      const refused = await session.listen(id)
      // what a header cannot tell apart is trimmed
      const trimmed = id.trim()
      if (trimmed === "g1.0") await refused.body!.cancel()
      else expect(await refusal(refused), id).toStrictEqual([400, -32600, message(trimmed)])
    }
    await heard.leave()
  })
})

describe.each(adapters)("the stream of a call over the %s adapter", (adapter) => {
  it("can be gone on with from any of its events, and ends with the answer", async () => {
    const { count } = counting()
    await using peer = await httpPeer(adapter, server(info).add(count))
    const session = await peer.begin()
    const stream = await session.call(1, "count", { n: 3 })
    const all: Array<unknown> = []
    for (let message = await stream.next(); message !== undefined; message = await stream.next()) all.push(message)
    const told = [logged(1), logged(2), logged(3), said(1, "counted to 3")]
    expect(all).toStrictEqual(told)
    expect(stream.lastId()).toBe("p1.4")
    for (const n of [0, 1, 2, 3]) {
      const resumed = eventsOf(await session.listen(`p1.${n}`))
      for (const message of told.slice(n)) expect(await resumed.next()).toStrictEqual(message)
      expect(await resumed.next()).toBe(undefined)
    }
    // there is no more to be had
    expect((await session.listen("p1.4")).status).toBe(400)
  })

  it("is gone on with while it runs, on the newest connection alone", async () => {
    const { at, count } = counting()
    await using peer = await httpPeer(adapter, server(info).add(count))
    const session = await peer.begin()
    at(1).open()
    const first = await session.call(1, "count", { n: 4, free: false })
    expect(await first.next()).toStrictEqual(logged(1))
    const second = eventsOf(await session.listen("p1.0"))
    expect(await first.next()).toBe(undefined)
    expect(await second.next()).toStrictEqual(logged(1))
    at(2).open()
    expect(await second.next()).toStrictEqual(logged(2))
    await second.leave()
    at(3).open()
    const third = eventsOf(await session.listen(second.lastId()))
    expect(await third.next()).toStrictEqual(logged(3))
    at(4).open()
    expect(await third.next()).toStrictEqual(logged(4))
    expect(await third.next()).toStrictEqual(said(1, "counted to 4"))
    expect(await third.next()).toBe(undefined)
  })

  it("is told to nobody else: streams of one session, and of two, keep apart", async () => {
    const { count } = counting()
    await using peer = await httpPeer(adapter, server(info).add(count))
    const [one, two] = [await peer.begin(), await peer.begin()]
    const read = async (session: HttpSession, id: number, n: number) => {
      const stream = await session.call(id, "count", { n })
      while ((await stream.next()) !== undefined);
      return stream.lastId()
    }
    expect(await read(one, 1, 1)).toBe("p1.2")
    expect(await read(one, 2, 2)).toBe("p2.3")
    expect(await read(two, 3, 3)).toBe("p1.4")
    const answers = async (session: HttpSession, id: string) => {
      const stream = eventsOf(await session.listen(id))
      const seen: Array<any> = []
      for (let message = await stream.next(); message !== undefined; message = await stream.next()) seen.push(message)
      return seen.at(-1)
    }
    expect(await answers(one, "p1.0")).toStrictEqual(said(1, "counted to 1"))
    expect(await answers(one, "p2.0")).toStrictEqual(said(2, "counted to 2"))
    expect(await answers(two, "p1.0")).toStrictEqual(said(3, "counted to 3"))
    expect((await two.listen("p2.0")).status).toBe(400)
  })

  it("is closed where its handler says so, and has the rest for the client that comes back", async () => {
    const goOn = gate<void>()
    const poll = tool({ name: "poll" }, function* () {
      yield* RequestContext.closeStream(50)
      yield* Effect.promise(() => goOn.opened)
      yield* ClientLog.info("back")
      return "polled"
    })
    await using peer = await httpPeer(adapter, server(info).tool(poll))
    const session = await peer.begin()
    const stream = await session.call(1, "poll")
    expect(await stream.next()).toBe(undefined)
    expect([stream.lastId(), stream.retry()]).toStrictEqual(["p1.0", 50])
    const resumed = eventsOf(await session.listen("p1.0"))
    goOn.open()
    expect(await resumed.next()).toStrictEqual(logged("back"))
    expect(await resumed.next()).toStrictEqual(said(1, "polled"))
    expect(await resumed.next()).toBe(undefined)
  })

  it("is not closed for clients that could not come back", async () => {
    const poll = tool({ name: "poll" }, () => Effect.as(RequestContext.closeStream(), "stayed"))
    await using peer = await httpPeer(adapter, server(info).tool(poll))
    const old = await peer.begin({}, {}, "2025-06-18")
    expect(await (await old.send(call(1, "poll"))).json()).toStrictEqual(said(1, "stayed"))
    const session = await peer.begin()
    const json = await session.send(call(1, "poll"), { accept: "application/json" })
    expect(await json.json()).toStrictEqual(said(1, "stayed"))
    expect(await (await peer.request(call(1, "poll"))).json()).toStrictEqual(said(1, "stayed"))
  })

  it("that is cancelled has nothing more for whoever comes back", async () => {
    const { at, count } = counting()
    await using peer = await httpPeer(adapter, server(info).add(count))
    const session = await peer.begin()
    at(1).open()
    const stream = await session.call(1, "count", { n: 2, free: false })
    await stream.next()
    await session.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })
    expect(await stream.next()).toBe(undefined)
    expect((await session.listen("p1.1")).status).toBe(400)
  })

  it("begins by itself where the answer takes long, so that its client can come back", async () => {
    const goOn = gate<void>()
    const slow = tool({ name: "slow" }, () =>
      Effect.as(
        Effect.promise(() => goOn.opened),
        "at last"
      )
    )
    await using peer = await httpPeer(adapter, server(info).tool(slow), { keepAlive: 100 })
    const session = await peer.begin()
    const stream = await session.call(1, "slow")
    const answer = stream.next()
    await stream.leave().catch(() => {})
    await answer.catch(() => {})
    goOn.open()
    const resumed = eventsOf(await session.listen("p1.0"))
    expect(await resumed.next()).toStrictEqual(said(1, "at last"))
  })
})

describe.each(adapters)("streams of events over the %s adapter", (adapter) => {
  it("show signs of life while nothing else happens, in both eras", async () => {
    const goOn = gate<void>()
    const slow = tool({ name: "slow" }, () =>
      Effect.as(
        Effect.promise(() => goOn.opened),
        "at last"
      )
    )
    await using peer = await httpPeer(adapter, server(info).tool(slow), { keepAlive: 100 })
    const session = await peer.begin()
    const heard = eventsOf(await session.listen())
    const inSession = await session.call(1, "slow")
    const sessionless = eventsOf(
      await peer.request(
        {
          ...call(2, "slow"),
          params: {
            ...call(2, "slow").params,
            _meta: {
              "io.modelcontextprotocol/protocolVersion": "2026-07-28",
              "io.modelcontextprotocol/clientCapabilities": {},
              "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" }
            }
          }
        },
        { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "slow" }
      )
    )
    const answers = [inSession.next(), sessionless.next()]
    const silence = heard.next()
    const alive = () => [heard, inSession, sessionless].every((events) => events.comments() >= 2)
    while (!alive()) await new Promise((resolve) => setImmediate(resolve))
    goOn.open()
    expect((await answers[0]).result.content[0].text).toBe("at last")
    expect((await answers[1]).result.content[0].text).toBe("at last")
    await session.end()
    expect(await silence).toBe(undefined)
  })
})

describe.each(adapters)("a server that answers by JSON only, over the %s adapter", (adapter) => {
  const roots = tool({ name: "roots" }, () => Effect.map(Roots.list, (found) => found.map(({ uri }) => uri).join()))
  const open = () => httpPeer(adapter, server(info).add(counting().count, roots), { responses: "json" })

  it("answers every POST by JSON, and tells the rest on the GET stream", async () => {
    await using peer = await open()
    const session = await peer.begin()
    const heard = eventsOf(await session.listen())
    const response = await session.send(call(1, "count", { n: 2 }))
    expect(response.headers.get("content-type")).toBe("application/json")
    expect(await response.json()).toStrictEqual(said(1, "counted to 2"))
    expect([await heard.next(), await heard.next()]).toStrictEqual([logged(1), logged(2)])
    await heard.leave()
  })

  it("asks there too", async () => {
    await using peer = await open()
    const session = await peer.begin({ roots: {} })
    const heard = eventsOf(await session.listen())
    const answered = session.send(call(1, "roots"))
    const asked = await heard.next()
    expect(asked).toStrictEqual({ jsonrpc: "2.0", id: "mcpipe-1", method: "roots/list", params: {} })
    expect(await session.answer(asked, { roots: [{ uri: "file:///a" }] })).toBe(202)
    expect(await (await answered).json()).toStrictEqual(said(1, "file:///a"))
    await heard.leave()
  })

  it("leaves out what nobody listens for, and is of no use to who admits events only", async () => {
    await using peer = await open()
    const session = await peer.begin()
    expect(await (await session.send(call(1, "count", { n: 2 }))).json()).toStrictEqual(said(1, "counted to 2"))
    const refused = await session.send(call(1, "count", { n: 2 }), { accept: "text/event-stream" })
    expect(await refusal(refused)).toStrictEqual([
      406,
      -32600,
      "The Accept header must admit application/json: this server answers by nothing else."
    ])
  })
})

describe.each(adapters)("a server without sessions, over the %s adapter", (adapter) => {
  it("begins none, and has neither GET nor DELETE", async () => {
    await using peer = await httpPeer(adapter, server(info).add(note), { sessions: false })
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } }
    const begun = await peer.request({ jsonrpc: "2.0", id: 1, method: "initialize", params })
    expect([begun.status, begun.headers.get("mcp-session-id")]).toStrictEqual([200, null])
    const { result } = await begun.json()
    // nobody could be told of changes
    expect(result.capabilities.resources).toStrictEqual({})
    const list = { jsonrpc: "2.0", id: 2, method: "resources/list" }
    const listed = await peer.request(list, { "mcp-protocol-version": "2025-11-25", "mcp-session-id": "whatever" })
    expect((await listed.json()).result.resources).toHaveLength(1)
    for (const method of ["GET", "DELETE"]) {
      const refused = await peer.request(undefined, { "mcp-session-id": "whatever" }, { method })
      expect([refused.status, refused.headers.get("allow")]).toStrictEqual([405, "POST"])
    }
  })
})
