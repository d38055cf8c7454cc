import { createServer } from "node:http"
import { Duplex, PassThrough, Writable } from "node:stream"
import {
  assemble,
  ClientLog,
  Context,
  Effect,
  type MessageTransport,
  Progress,
  serve,
  server,
  tool,
  toFetchHandler
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { portsOf } from "../../lib/protocol/ports.ts"
import { httpCore } from "../../lib/transports/http/core.ts"
import { exchange, type NodeState } from "../../lib/transports/http/node-exchange.ts"
import { settled } from "../kit/settled.ts"
import { envelope, gate } from "../kit/wire.ts"

const limit = 262_144

/** Tells its client n things as fast as it can, and counts them. */
const flooding = () => {
  const state = { sent: 0, interrupted: false }
  const flood = tool({ name: "flood", input: { n: v.number() } }, ({ n }) =>
    Effect.forEach(
      Array.from({ length: n }, (_, at) => at + 1),
      (at): Effect.Effect<void, never, ClientLog | Progress> => {
        state.sent = at
        return at % 2 === 0 ? ClientLog.info(`line ${at}`) : Progress.report(at, n, `step ${at}`)
      },
      { discard: true }
    ).pipe(
      Effect.as("done"),
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          state.interrupted = true
        })
      )
    )
  )
  return { state, sent: () => state.sent, main: server({ name: "flooding", version: "1" }).tool(flood) }
}

const call = (id: number, n: number, meta: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "flood", arguments: { n }, _meta: { progressToken: "t", ...meta } }
})
const sessionless = (id: number, n: number) =>
  call(id, n, { ...envelope(), "io.modelcontextprotocol/logLevel": "info" })
const head = { "content-type": "application/json", accept: "application/json, text/event-stream", host: "localhost" }
const modern = { ...head, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "flood" }

/** What each message says of its place, in the order they came. */
const numbersIn = (messages: ReadonlyArray<any>): Array<number> =>
  messages.flatMap(({ method, params }) =>
    method === "notifications/progress"
      ? [params.progress]
      : method === "notifications/message"
        ? [Number(params.data.slice(5))]
        : []
  )
const upTo = (n: number) => Array.from({ length: n }, (_, at) => at + 1)

const eventsIn = (text: string) => text.split("\n\n").filter((event) => event.includes("data: {"))
const messageOf = (event: string) => JSON.parse(event.slice(event.indexOf("data: ") + 6))

describe("a client that does not read", () => {
  it.each([
    ["2026-07-28", modern, sessionless],
    ["no session", head, call]
  ])(
    "suspends what tells it things at 256 KiB, and loses none of 100,000 when it reads; %s",
    { timeout: 60_000 },
    async (_, headers, request) => {
      const { sent, main } = flooding()
      await using handler = toFetchHandler(main)
      const n = 100_000
      const response = await handler(
        new Request("http://localhost/mcp", { method: "POST", headers, body: JSON.stringify(request(1, n)) })
      )
      const stopped = await settled(sent)
      const events = eventsIn(await response.text())
      const bytes = events.slice(0, stopped).map((event) => Buffer.byteLength(event) + 2)
      const waiting = bytes.reduce((sum, size) => sum + size, 0)
      // it stopped with the message that went beyond
      expect(waiting).toBeGreaterThan(limit)
      expect(waiting - bytes.at(-1)!).toBeLessThanOrEqual(limit)
      const messages = events.map(messageOf)
      expect(numbersIn(messages)).toEqual(upTo(n))
      expect(messages.at(-1)).toMatchObject({ id: 1, result: { content: [{ text: "done" }] } })
    }
  )

  it("suspends it over node's own server too, whose socket takes nothing", { timeout: 60_000 }, async () => {
    const { sent, main } = flooding()
    await using app = assemble(main)
    const core = httpCore({}, undefined)
    const state: NodeState = {
      core,
      port: portsOf(await app["~mcpipe/App"].running()).http(core.port),
      context: Context.empty(),
      draining: false,
      streams: new Set(),
      enter: () => {},
      leave: () => {}
    }
    let unread = 0
    const http = createServer((request, response) => {
      exchange(state, request, response)
      const write = response.write.bind(response)
      response.write = ((...args: Parameters<typeof write>) => {
        const more = write(...args)
        unread = Math.max(unread, response.writableLength)
        return more
      }) as never
    })
    const socket = stuckSocket()
    http.emit("connection", socket)
    const n = 50_000
    const body = JSON.stringify(sessionless(1, n))
    const lines = Object.entries({ ...modern, "content-length": `${body.length}` }).map(
      ([name, value]) => `${name}: ${value}`
    )
    socket.push(`POST /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`)
    await settled(sent)
    expect(sent()).toBeLessThan(10_000)
    expect(unread).toBeGreaterThan(limit)
    expect(unread).toBeLessThan(limit + 1_000)
    const text = await socket.readAll()
    expect(numbersIn(eventsIn(unchunked(text)).map(messageOf))).toEqual(upTo(n))
    socket.destroy()
  })

  it("that goes away lets go of what it suspended: on 2026-07-28 it is interrupted", async () => {
    const { sent, state, main } = flooding()
    await using handler = toFetchHandler(main, { gracePeriod: 60_000 })
    const body = JSON.stringify(sessionless(1, 1_000_000))
    const response = await handler(new Request("http://localhost/mcp", { method: "POST", headers: modern, body }))
    await settled(sent)
    await response.body!.cancel()
    const stopped = sent()
    await settled(sent)
    expect(sent()).toBe(stopped)
    expect(state.interrupted).toBe(true)
  })

  it("that goes away lets go of what it suspended: in a session it goes on to its end", async () => {
    const { sent, state, main } = flooding()
    await using handler = toFetchHandler(main, { gracePeriod: 60_000 })
    const send = (message: object, headers: Record<string, string> = {}) =>
      handler(
        new Request("http://localhost/mcp", {
          method: "POST",
          headers: { ...head, ...headers },
          body: JSON.stringify(message)
        })
      )
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } }
    const begun = await send({ jsonrpc: "2.0", id: 0, method: "initialize", params })
    const session = { "mcp-session-id": begun.headers.get("mcp-session-id")! }
    const response = await send(call(1, 20_000), session)
    await settled(sent)
    expect(sent()).toBeLessThan(20_000)
    await response.body!.cancel()
    await settled(sent)
    expect(sent()).toBe(20_000)
    expect(state.interrupted).toBe(false)
  })

  it("suspends it over stdio, whose output is read by nobody", { timeout: 60_000 }, async () => {
    const { sent, main } = flooding()
    const input = new PassThrough()
    const { write, readAll } = stuckUntilRead()
    let most = 0
    const output = new Writable({
      write: (chunk, encoding, done) => {
        most = Math.max(most, output.writableLength)
        write(chunk, encoding, done)
      }
    })
    const serving = await serve(main, { stdio: { input, output }, signals: false })
    const n = 50_000
    input.write(`${JSON.stringify(sessionless(1, n))}\n`)
    await settled(sent)
    expect(sent()).toBeLessThan(10_000)
    expect(most).toBeLessThan(limit + 1_000)
    const text = await readAll()
    const messages = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(numbersIn(messages)).toEqual(upTo(n))
    await serving.close()
  })

  it("suspends it over any transport that is slow to send", async () => {
    const { sent, main } = flooding()
    const goOn = gate<void>()
    const messages: Array<any> = []
    const transport: MessageTransport = {
      start: async () => {},
      close: async () => {},
      send: async (message) => {
        await goOn.opened
        messages.push(message)
      }
    }
    const serving = await serve(main, { transport, signals: false })
    transport.onmessage!(sessionless(1, 10_000))
    expect(await settled(sent)).toBe(65)
    goOn.open()
    while (messages.at(-1)?.id !== 1) await new Promise((resolve) => setImmediate(resolve))
    expect(numbersIn(messages)).toEqual(upTo(10_000))
    await serving.close()
  })
})

/** A stream that takes no byte until all are asked for; then it gives them up to the one that is told last. */
const stuckUntilRead = () => {
  const chunks: Array<string> = []
  let stuck: (() => void) | undefined = () => {}
  const whole = gate<string>()
  const write = (chunk: Buffer, _: string, done: () => void) => {
    const text = chunk.toString()
    chunks.push(text)
    if (stuck === undefined) done()
    else stuck = done
    if (text.includes('"text":"done"')) whole.open(chunks.join(""))
  }
  const readAll = () => {
    const done = stuck!
    stuck = undefined
    done()
    return whole.opened
  }
  return { write, readAll }
}

const stuckSocket = () => {
  const { write, readAll } = stuckUntilRead()
  const socket = new Duplex({ read: () => {}, write })
  const self = () => socket
  return Object.assign(socket, { readAll, setTimeout: self, setNoDelay: self, setKeepAlive: self })
}

/** Each write is a chunk of its own, so that sizes stand on lines of their own. */
const unchunked = (text: string): string => text.replaceAll(/\r\n[0-9a-f]+\r\n/g, "")
