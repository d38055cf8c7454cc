import { server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it, onTestFinished } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { connectionOf } from "../../lib/protocol/connection.ts"
import { appOf, type AssembleOptions, assembleServer } from "../../lib/runtime/app.ts"
import { pingSettings } from "../../lib/runtime/ping-settings.ts"
import { connect } from "../../lib/testing/index.ts"
import { virtualTime } from "../../lib/testing/virtual-clock.ts"
import { adapters, httpPeer } from "../kit/http-peer.ts"

const ask = tool({ name: "ask" }, async (_, { elicit }) => (await elicit("Where to?", { city: v.string() })).city)
const main = server({ name: "pinging", version: "1" }).tool(ask)
const ping = { interval: 1_000, timeout: 200 }

/** An app in a time that only moves by hand. */
const appIn = async (options: AssembleOptions) => {
  const time = await virtualTime()
  const app = appOf(assembleServer(main as never, options), time.context)
  onTestFinished(async () => {
    await app.dispose()
    await time.close()
  })
  return { app, running: await app["~mcpipe/App"].running(), clock: time.clock }
}

/** A handshake client by hand, over a connection that loses nothing. */
const connected = async (options: AssembleOptions = { ping }) => {
  const { running, clock } = await appIn(options)
  const received: Array<any> = []
  const heard = { listener: (_: any) => {} }
  const connection = connectionOf(running, {
    send: (message) => {
      received.push(message)
      heard.listener(message)
      return undefined
    }
  })
  onTestFinished(() => connection.interrupt("disconnected"))
  const send = (message: object) => connection.receive({ jsonrpc: "2.0", ...message })
  const clientInfo = { name: "by-hand", version: "0" }
  const params = { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo }
  send({ id: "hello", method: "initialize", params })
  return {
    connection,
    clock,
    send,
    heard,
    received,
    initialized: () => send({ method: "notifications/initialized" }),
    pings: () => received.filter(({ method }) => method === "ping")
  }
}

describe("a client over a connection", () => {
  it("is pinged once it has initialized, so long after each answer", async () => {
    const { clock, send, pings, initialized, heard } = await connected()
    await clock.adjust("10 seconds")
    expect(pings()).toEqual([])
    heard.listener = ({ id, method }) => method === "ping" && send({ id, result: {} })
    initialized()
    await clock.adjust("999 millis")
    expect(pings()).toEqual([])
    await clock.adjust("1 millis")
    expect(pings()).toEqual([{ jsonrpc: "2.0", id: expect.any(String), method: "ping", params: {} }])
    await clock.adjust("2 seconds")
    expect(pings()).toHaveLength(3)
    initialized()
    await clock.adjust("1 second")
    expect(pings()).toHaveLength(4)
  })

  it("that does not answer is given up: what it was asked fails, and what it is asked then is asked", async () => {
    const { clock, send, received, initialized } = await connected()
    initialized()
    send({ id: 1, method: "tools/call", params: { name: "ask" } })
    await clock.adjust("1100 millis")
    const question = received.find(({ method }) => method === "elicitation/create")
    expect(received.some(({ id }) => id === 1)).toBe(false)
    await clock.adjust("100 millis")
    expect(received.find(({ id }) => id === 1).result).toMatchObject({
      isError: true,
      content: [{ text: "The client did not answer elicitation/create: it did not answer a ping within 200 ms" }]
    })
    expect(received.filter(({ method }) => method === "notifications/cancelled")).toHaveLength(2)
    // it was only slow
    send({ id: question.id, result: { action: "accept", content: { city: "Oslo" } } })
    send({ id: 2, method: "tools/call", params: { name: "ask" } })
    await clock.adjust("1 millis")
    const again = received.findLast(({ method }) => method === "elicitation/create")
    send({ id: again.id, result: { action: "accept", content: { city: "Bergen" } } })
    await clock.adjust("1 millis")
    expect(received.find(({ id }) => id === 2).result.content).toEqual([{ type: "text", text: "Bergen" }])
  })

  it("that knows no ping is there all the same", async () => {
    const { clock, send, received, initialized, heard } = await connected()
    heard.listener = ({ id, method }) =>
      method === "ping" && send({ id, error: { code: -32601, message: "Method not found" } })
    initialized()
    send({ id: 1, method: "tools/call", params: { name: "ask" } })
    await clock.adjust("1 minute")
    expect(received.some(({ id }) => id === 1)).toBe(false)
  })

  it.each(["end", "ended", "interrupt"] as const)("is pinged no more after `%s`", async (how) => {
    const { connection, clock, pings, initialized } = await connected()
    initialized()
    if (how === "interrupt") connection.interrupt("disconnected")
    else connection[how]()
    await clock.adjust("1 minute")
    expect(pings()).toEqual([])
  })

  it("is not pinged by default", async () => {
    const { clock, pings, initialized } = await connected({})
    initialized()
    await clock.adjust("1 day")
    expect(pings()).toEqual([])
  })

  it("of 2026-07-28 is not pinged, which has no requests of servers", async () => {
    await using client = await connect(main, { ping, clock: "virtual" })
    await client.list.tools()
    await client.clock.adjust("1 minute")
    expect(JSON.stringify(client.traffic)).not.toContain('"ping"')
  })
})

describe.each(adapters)("a session over HTTP by %s", (adapter) => {
  const get = { method: "GET" }
  const accept = { accept: "text/event-stream" }

  /** The first message of a stream that is no priming event. */
  const reading = (response: Response) => {
    const reader = response.body!.getReader()
    const decoder = new TextDecoder()
    let text = ""
    return {
      until: async (part: string): Promise<string> => {
        while (!text.includes(part)) {
          const { done, value } = await reader.read()
          if (done) return text
          text += decoder.decode(value, { stream: true })
        }
        return text
      },
      leave: () => reader.cancel()
    }
  }

  it("is pinged on its GET stream, which closes where nobody answers", async () => {
    const { app, clock } = await appIn({ ping })
    await using peer = await httpPeer(adapter, app)
    const session = await peer.begin({ elicitation: {} })
    await session.send({ jsonrpc: "2.0", method: "notifications/initialized" })
    const stream = reading(await session.send(undefined, accept, get))
    await clock.adjust("1 second")
    const [, id] = /"id":"([^"]+)","method":"ping"/.exec(await stream.until('"ping"'))!
    expect(await session.answer({ id }, {})).toBe(202)
    await clock.adjust("1 second")
    const asking = await session.call(1, "ask")
    await clock.adjust("200 millis")
    const seen = await stream.until("never")
    expect(seen.match(/"method":"ping"/g)).toHaveLength(2)
    expect(seen).toContain("retry: ")
    const messages: Array<any> = []
    for (let one = await asking.next(); one !== undefined; one = await asking.next()) messages.push(one)
    expect(messages.at(-1).result.isError).toBe(true)
    // the session is still there for a client that comes back
    const again = reading(await session.send(undefined, accept, get))
    await clock.adjust("1 second")
    expect(await again.until('"ping"')).toContain('"method":"ping"')
    await again.leave()
  })

  it("is not pinged while it does not listen", async () => {
    const { app, clock } = await appIn({ ping })
    await using peer = await httpPeer(adapter, app)
    const session = await peer.begin()
    await clock.adjust("1 hour")
    const stream = reading(await session.send(undefined, accept, get))
    await clock.adjust("1 second")
    // the first request that this client was ever sent
    expect(await stream.until('"ping"')).toContain('"id":"mcpipe-1","method":"ping"')
    await stream.leave()
  })
})

describe("the option", () => {
  it("has a default timeout, and may be false", () => {
    expect(pingSettings({ ping: { interval: 30_000 } })).toEqual({ interval: 30_000, timeout: 10_000 })
    expect([pingSettings({}), pingSettings({ ping: false })]).toEqual([undefined, undefined])
  })

  it.each([
    [true, "Option ping is true: use { interval, timeout }, or false."],
    [{}, "Option ping.interval is nothing: use an integer from 100 to 86400000."],
    [{ interval: 99 }, "Option ping.interval is 99: use an integer from 100 to 86400000."],
    [{ interval: 100, timeout: 0 }, "Option ping.timeout is 0: use an integer from 1 to 86400000."],
    [{ interval: 100, every: 1 }, "Option ping.every is unknown: use { interval, timeout }."]
  ])("of %j is refused", (option, message) => {
    expect(() => pingSettings({ ping: option as never })).toThrow(new DefinitionError(message))
  })
})
