import { once } from "node:events"
import { assemble, Effect, resource, serve, server, tool } from "mcpipe"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { route } from "../../../lib/transports/http/routes.ts"
import { type HttpOptions, httpSettings, listen } from "../../../lib/transports/http/node.ts"
import { fakePorts } from "../../kit/fake-ports.ts"
import { openSocket, rawHead, readResponse, send } from "../../kit/raw-http.ts"
import { settled } from "../../kit/settled.ts"
import { envelope, gate } from "../../kit/wire.ts"

const start = async (options: HttpOptions = {}) => {
  const fake = fakePorts()
  const listener = await listen(fake.ports, httpSettings({ port: 0, ...options }))
  onTestFinished(() => listener.drain(0))
  return { ...fake, ...listener }
}

const posted = (port: number, message: object, headers: Readonly<Record<string, string>> = {}) => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message })
  return rawHead(port, { "content-length": String(body.length), ...headers }) + body
}

/** A request of 2026-07-28, whole. */
const modern = (
  port: number,
  id: number,
  method: string,
  params: { readonly name?: string; readonly [key: string]: unknown }
) => {
  const named = params.name === undefined ? undefined : { "mcp-name": params.name }
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...named }
  return posted(port, { id, method, params: { ...params, _meta: envelope() } }, headers)
}

/** Waits for as many requests as that. */
const arrived = async (received: ReadonlyArray<unknown>, count: number) => {
  while (received.length < count) await new Promise((resolve) => setImmediate(resolve))
}

/** Everything that a socket hears until it is closed. */
const heardBy = async (socket: Awaited<ReturnType<typeof openSocket>>) => {
  let text = ""
  socket.on("data", (chunk) => {
    text += chunk
  })
  await once(socket, "close")
  return text
}

describe("requests pipelined on a connection that breaks", () => {
  it("are all interrupted, so that a server that closes waits for none of them", async () => {
    const { port, interrupts, received, next, drain } = await start()
    const socket = await openSocket(port)
    socket.write([1, 2, 3].map((id) => posted(port, { id, method: "hold" })).join(""))
    await arrived(received, 3)
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    await drain(60_000)
    expect(interrupts).toEqual(["disconnected", "disconnected", "disconnected"])
  })

  it("are interrupted too where they come to hold the connection before it breaks", async () => {
    const { port, interrupts, received, next, drain, release } = await start()
    const socket = await openSocket(port)
    const answers = (id: number) =>
      new Promise<void>((resolve) => {
        let text = ""
        socket.on("data", (chunk) => {
          text += chunk
          if (text.includes(`"id":${id},`)) resolve()
        })
      })
    const third = answers(3)
    socket.write(posted(port, { id: 1, method: "hold" }) + posted(port, { id: 2, method: "echo" }))
    socket.write(posted(port, { id: 3, method: "hold" }))
    await arrived(received, 3)
    release()
    await third
    socket.write(posted(port, { id: 4, method: "hold" }) + posted(port, { id: 5, method: "hold" }))
    await arrived(received, 5)
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    await drain(60_000)
    expect(interrupts).toEqual(["disconnected", "disconnected"])
  })

  it("do not wait for room to tell more", async () => {
    const { port, interrupts, received, sent, next, drain } = await start()
    const socket = await openSocket(port)
    const flood = { id: 2, method: "flood", params: { count: 2_000, text: "x".repeat(1_000) } }
    socket.write(posted(port, { id: 1, method: "hold" }) + posted(port, flood))
    await arrived(received, 2)
    expect(await settled(sent)).toBeLessThan(1_000)
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    await drain(60_000)
    expect(interrupts).toEqual(["disconnected", "disconnected"])
    expect(await settled(sent)).toBe(2_000)
  })

  it("leave nothing that was answered already, or whose body had not come yet", async () => {
    const { port, interrupts, received, next, drain } = await start()
    const socket = await openSocket(port)
    const unfinished = `${rawHead(port, { "content-length": "1000" })}{`
    socket.write(posted(port, { id: 1, method: "hold" }) + posted(port, { id: 2, method: "echo" }) + unfinished)
    await arrived(received, 2)
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    await drain(60_000)
    expect(received).toHaveLength(2)
    expect(interrupts).toEqual(["disconnected"])
  })

  const open = async (options: HttpOptions = {}) => {
    const [begun, left] = [gate(), gate()]
    const slow = tool({ name: "slow" }, () =>
      Effect.sync(begun.open).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(left.open)),
        Effect.as("done")
      )
    )
    const note = resource({ uri: "note://{id}" }, ({ id }) => id)
    const app = assemble(server({ name: "s", version: "1" }).add(slow, note), { maxListens: 1 })
    const http = { port: 0, ...options }
    const serving = await serve(app, { http, signals: false, gracePeriod: 60_000 })
    onTestFinished(serving.close)
    return { port: Number(new URL(serving.url!).port), begun, left }
  }

  it("give their subscriptions back", async () => {
    const { port, begun, left } = await open()
    const socket = await openSocket(port)
    const listening = modern(port, 2, "subscriptions/listen", {
      notifications: { resourceSubscriptions: ["note://1"] }
    })
    socket.write(modern(port, 1, "tools/call", { name: "slow" }) + listening)
    await begun.opened
    socket.destroy()
    await left.opened
    const other = await openSocket(port)
    other.write(listening)
    const [heard] = await once(other, "data")
    expect(String(heard)).toContain("HTTP/1.1 200")
    other.destroy()
  })

  it("listen to a session no longer, which then ends unused", async () => {
    const { port, begun, left } = await open({ sessions: { idleTimeout: 1_000 } })
    vi.useFakeTimers({ toFake: ["performance"] })
    onTestFinished(() => void vi.useRealTimers())
    const socket = await openSocket(port)
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } }
    socket.write(posted(port, { id: 1, method: "initialize", params }))
    const session = { "mcp-session-id": (await readResponse(socket)).headers["mcp-session-id"]! }
    const listening = rawHead(port, { "content-type": undefined, ...session }, "/mcp", "GET")
    socket.write(modern(port, 1, "tools/call", { name: "slow" }) + listening)
    await begun.opened
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" })
    vi.advanceTimersByTime(10_000)
    expect((await send(port, { body: ping, headers: session })).status).toBe(200)
    socket.destroy()
    await left.opened
    vi.advanceTimersByTime(10_000)
    expect((await send(port, { body: ping, headers: session })).status).toBe(404)
  })

  it("abort the routes that serve them", async () => {
    const [entered, aborted] = [gate(), gate<unknown>()]
    const waits = route({ path: "/waits" }, (request) => {
      request.signal.addEventListener("abort", () => aborted.open(request.signal.reason))
      entered.open()
      return Effect.never
    })
    const { port, begun } = await open({ routes: [waits] })
    const socket = await openSocket(port)
    const asked = rawHead(port, { "content-type": undefined }, "/waits", "GET")
    socket.write(modern(port, 1, "tools/call", { name: "slow" }) + asked)
    await Promise.all([begun.opened, entered.opened])
    socket.destroy()
    expect(await aborted.opened).toMatchObject({ message: "The client has left." })
  })
})

describe("requests pipelined at a server that closes", () => {
  const answersOf = (text: string) =>
    text
      .split("HTTP/1.1 ")
      .slice(1)
      .map((one) => [/"id":(\d)/.exec(one)![1], /^connection: (.+)$/im.exec(one)![1]!.trim()])

  it("are all answered, and only the last answer says that the connection ends", async () => {
    const { port, received, drain, release } = await start()
    const socket = await openSocket(port)
    const text = heardBy(socket)
    socket.write([1, 2, 3].map((id) => posted(port, { id, method: "hold" })).join(""))
    await arrived(received, 3)
    const closed = drain(60_000)
    release()
    expect(answersOf(await text)).toEqual([
      ["1", "keep-alive"],
      ["2", "keep-alive"],
      ["3", "close"]
    ])
    await closed
  })

  it("are answered too where their bodies are yet to come", async () => {
    const { port, received, drain, release } = await start()
    const socket = await openSocket(port)
    const text = heardBy(socket)
    const late = posted(port, { id: 2, method: "echo" })
    socket.write(posted(port, { id: 1, method: "hold" }) + late.slice(0, -10))
    await arrived(received, 1)
    const closed = drain(60_000)
    socket.write(late.slice(-10))
    await arrived(received, 2)
    release()
    expect(answersOf(await text)).toEqual([
      ["1", "keep-alive"],
      ["2", "close"]
    ])
    await closed
  })
})
