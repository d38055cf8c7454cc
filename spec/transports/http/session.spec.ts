import { Effect, Elicitation, RequestContext, Roots, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { adapters, httpPeer } from "../../kit/http-peer.ts"
import { eventsOf } from "../../kit/events.ts"
import { gate } from "../../kit/wire.ts"

const info = { name: "asking", version: "1" }
const forms = { elicitation: {} }

const ask = tool({ name: "ask", input: { n: v.optional(v.number(), 0) } }, function* ({ n }) {
  return `${n}: ${yield* Elicitation.text(`What is ${n}?`)}`
})

/** Holds until it is told to go on, and only then asks. */
const later = () => {
  const started = gate()
  const goOn = gate()
  const ended = gate<string>()
  const tooled = tool({ name: "later" }, () =>
    Effect.sync(started.open).pipe(
      Effect.andThen(Effect.promise(() => goOn.opened)),
      Effect.andThen(Elicitation.text("Still there?")),
      Effect.catch((failure) => Effect.succeed(failure.message)),
      Effect.tap((said) => Effect.sync(() => ended.open(said)))
    )
  )
  return { started, goOn, ended, later: tooled }
}

const rootsOf = Effect.map(Roots.list, (roots) => roots[0]!.uri)

const reply = (asked: any, text: string) => ({
  action: "accept",
  content: { [Object.keys(asked.params.requestedSchema.properties)[0]!]: text }
})

const text = (id: unknown, said: string) => ({
  jsonrpc: "2.0",
  id,
  result: { content: [{ type: "text", text: said }] }
})

const cancel = (requestId: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "enough" }
})

describe.each(adapters)("a session over the %s adapter", (adapter) => {
  it("asks on the stream of the call that asks, and takes the answer from another connection", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const session = await peer.begin(forms)
    const stream = await session.call(1, "ask", { n: 7 })
    const asked = await stream.next()
    expect(asked).toMatchObject({ jsonrpc: "2.0", id: "mcpipe-1", method: "elicitation/create" })
    expect(asked.params.message).toBe("What is 7?")
    expect(await session.answer(asked, reply(asked, "odd"))).toBe(202)
    expect(await stream.next()).toStrictEqual(text(1, "7: odd"))
    expect(await stream.next()).toBe(undefined)
  })

  it("gives fifty calls that ask at once each its own answer, the last asked being answered first", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const session = await peer.begin(forms)
    const numbers = Array.from({ length: 50 }, (_, n) => n)
    const streams = await Promise.all(numbers.map((n) => session.call(n, "ask", { n })))
    const asked = await Promise.all(streams.map((stream) => stream.next()))
    for (const one of [...asked].reverse()) await session.answer(one, reply(one, one.params.message))
    const answers = await Promise.all(streams.map((stream) => stream.next()))
    expect(answers).toStrictEqual(numbers.map((n) => text(n, `${n}: What is ${n}?`)))
  })

  it("keeps the questions of two sessions apart, though their ids are the same", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const [one, other] = [await peer.begin(forms), await peer.begin(forms)]
    const [first, second] = [await one.call(1, "ask", { n: 1 }), await other.call(1, "ask", { n: 2 })]
    const [asked, askedToo] = [await first.next(), await second.next()]
    expect(asked.id).toBe(askedToo.id)
    await other.answer(asked, reply(asked, "of the other"))
    expect(await second.next()).toStrictEqual(text(1, "2: of the other"))
    await one.answer(asked, reply(asked, "of the one"))
    expect(await first.next()).toStrictEqual(text(1, "1: of the one"))
  })

  it("interrupts a call its client cancels, and tells the client that its question is over", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const session = await peer.begin(forms)
    const stream = await session.call("a", "ask")
    const asked = await stream.next()
    expect((await session.send(cancel("a"))).status).toBe(202)
    expect(await stream.next()).toStrictEqual({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: asked.id, reason: "The server no longer needs the answer." }
    })
    // basic/utilities/cancellation: a cancelled request gets no answer
    expect(await stream.next()).toBe(undefined)
    // the answer was on its way; nobody minds
    expect(await session.answer(asked, reply(asked, "late"))).toBe(202)
  })

  it("ends the stream of a cancelled call that has said nothing yet", async () => {
    const { started, later: tooled } = later()
    await using peer = await httpPeer(adapter, server(info).tool(tooled))
    const session = await peer.begin(forms)
    const answered = session.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "later" } })
    await started.opened
    await session.send(cancel(1))
    const response = await answered
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([200, "text/event-stream"])
    expect(await response.text()).toBe("")
  })

  it("cancels nothing of another session, nor of no session", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const [one, other] = [await peer.begin(forms), await peer.begin(forms)]
    const stream = await one.call(1, "ask")
    const asked = await stream.next()
    expect((await other.send(cancel(1))).status).toBe(202)
    expect((await peer.request(cancel(1))).status).toBe(202)
    await one.answer(asked, reply(asked, "unharmed"))
    expect(await stream.next()).toStrictEqual(text(1, "0: unharmed"))
  })

  it("waits for the answer of a client that has left the stream it was asked on, and tells the rest where it comes back", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const session = await peer.begin(forms)
    const stream = await session.call(1, "ask")
    const asked = await stream.next()
    await stream.leave()
    expect(await session.answer(asked, reply(asked, "back again"))).toBe(202)
    const resumed = eventsOf(await session.listen(stream.lastId()))
    expect(await resumed.next()).toStrictEqual(text(1, "0: back again"))
    expect(await resumed.next()).toBe(undefined)
  })

  it("asks a client that takes no events in answer on its GET stream, and says so where there is none", async () => {
    await using peer = await httpPeer(adapter, server(info).tool(ask))
    const session = await peer.begin(forms)
    const call = (id: number) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "ask" } })
    const response = await session.send(call(1), { accept: "application/json" })
    const { result } = await response.json()
    expect(result).toStrictEqual({
      isError: true,
      content: [
        {
          type: "text",
          text: "The client did not answer elicitation/create: it takes no events in answer to its requests and has opened no stream by GET, so there is no way to ask it"
        }
      ]
    })
    const heard = eventsOf(await session.listen())
    const answered = session.send(call(2), { accept: "application/json" })
    const asked = await heard.next()
    expect(await session.answer(asked, reply(asked, "over there"))).toBe(202)
    expect(await (await answered).json()).toStrictEqual(text(2, "0: over there"))
  })

  it("that is ended answers what is in flight with 404, in its stream where that has begun", async () => {
    const { started, later: tooled } = later()
    await using peer = await httpPeer(adapter, server(info).add(ask, tooled))
    const session = await peer.begin(forms)
    const stream = await session.call(1, "ask")
    const asked = await stream.next()
    const silent = session.send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "later" } })
    await started.opened
    const ended = await session.end()
    expect([ended.status, await ended.text()]).toStrictEqual([200, ""])
    const message = "The session of this request has ended; send initialize to begin a new one."
    const error = (id: number) => ({ jsonrpc: "2.0", id, error: { code: -32600, message } })
    expect((await stream.next()).params).toStrictEqual({
      requestId: asked.id,
      reason: "The server no longer needs the answer."
    })
    expect(await stream.next()).toStrictEqual(error(1))
    expect(await stream.next()).toBe(undefined)
    expect([(await silent).status, await (await silent).json()]).toStrictEqual([404, error(2)])
    expect(await session.answer(asked, reply(asked, "late"))).toBe(404)
    expect((await session.end()).status).toBe(404)
  })

  it("takes answers while the server drains, and refuses requests", async () => {
    const peer = await httpPeer(adapter, server(info).tool(ask), { gracePeriod: 60_000 })
    const session = await peer.begin(forms)
    const stream = await session.call(1, "ask")
    const asked = await stream.next()
    const closing = peer.close()
    const refused = await session.send({ jsonrpc: "2.0", id: 2, method: "ping" })
    expect([refused.status, (await refused.json()).id]).toStrictEqual([503, 2])
    expect((await session.end()).status).toBe(503)
    const stateless = await peer.request({ jsonrpc: "2.0", method: "notifications/initialized" })
    expect(stateless.status).toBe(503)
    expect(await session.answer(asked, reply(asked, "in time"))).toBe(202)
    expect(await stream.next()).toStrictEqual(text(1, "0: in time"))
    await closing
  })

  it("is unknown to another principal, who can neither answer, cancel nor end anything in it", async () => {
    const authenticate = ({ headers }: { readonly headers: { get: (name: string) => string | undefined } }) => ({
      id: headers.get("authorization") ?? "nobody"
    })
    await using peer = await httpPeer(adapter, server(info).tool(ask), { authenticate })
    const session = await peer.begin(forms, { authorization: "ada" })
    const stream = await session.call(1, "ask")
    const asked = await stream.next()
    const mallory = { authorization: "mallory" }
    const forged = { jsonrpc: "2.0", id: asked.id, result: reply(asked, "forged") }
    expect((await session.send(forged, mallory)).status).toBe(404)
    expect((await session.send(cancel(1), mallory)).status).toBe(404)
    expect((await session.send({ jsonrpc: "2.0", id: 5, method: "ping" }, mallory)).status).toBe(404)
    expect((await session.end(mallory)).status).toBe(404)
    expect(await session.answer(asked, reply(asked, "mine"))).toBe(202)
    expect(await stream.next()).toStrictEqual(text(1, "0: mine"))
  })

  it("takes answers in batches on 2025-03-26, and asks on the stream of a batch", async () => {
    const sample = tool({ name: "who" }, function* () {
      const { sessionId, client, revision } = yield* RequestContext
      return JSON.stringify([sessionId, client.info?.name, revision])
    })
    const roots = tool({ name: "roots" }, function* () {
      const asks = yield* Effect.all([rootsOf, rootsOf], { concurrency: 2 })
      return JSON.stringify(asks)
    })
    await using peer = await httpPeer(adapter, server(info).add(sample, roots))
    const session = await peer.begin({ roots: {} }, {}, "2025-03-26")
    const call = (id: number, name: string) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } })
    const stream = eventsOf(await session.send([call(1, "roots"), call(2, "who")]))
    const asked = [await stream.next(), await stream.next()]
    expect(asked.map(({ method }) => method)).toStrictEqual(["roots/list", "roots/list"])
    const answers = asked.map(({ id }) => ({ jsonrpc: "2.0", id, result: { roots: [{ uri: `file:///${id}` }] } }))
    const taken = await session.send([...answers.reverse(), { jsonrpc: "2.0", method: "notifications/initialized" }])
    expect([taken.status, await taken.text()]).toStrictEqual([202, ""])
    const [first, second] = await stream.next()
    expect(first).toStrictEqual(text(1, '["file:///mcpipe-1","file:///mcpipe-2"]'))
    expect(second).toStrictEqual(text(2, JSON.stringify([session.id, "by-hand", "2025-03-26"])))
  })
})

// over a network nobody can say when the server hears of it
it("a call goes on whose client has left, and what it then asks fails where the client cannot come back", async () => {
  const { started, goOn, ended, later: tooled } = later()
  // closing waits for what goes on, and for nothing that has ended
  await using peer = await httpPeer("fetch", server(info).tool(tooled), { gracePeriod: 60_000 })
  const session = await peer.begin(forms)
  const leaving = new AbortController()
  const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "later" } }
  // nothing was told yet, so there is no event that the client could come back to
  const left = session.send(call, {}, { signal: leaving.signal })
  await started.opened
  leaving.abort()
  expect((await left).status).toBe(499)
  goOn.open()
  // 2025-11-25 basic/transports: "Disconnection SHOULD NOT be interpreted as the client cancelling its request"
  expect(await ended.opened).toBe("The client did not answer elicitation/create: the stream it was asked on is gone")
})
