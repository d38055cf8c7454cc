import { once } from "node:events"
import { assemble, Changes, Context, Effect, resource, serve, server, tool } from "mcpipe"
import { describe, expect, it, vi } from "vitest"
import { eventsOf } from "../../kit/events.ts"
import { adapters, type HttpPeer, httpPeer } from "../../kit/http-peer.ts"
import { openSocket, rawHead } from "../../kit/raw-http.ts"
import { shelf } from "../../kit/shelf.ts"
import { envelope, gate } from "../../kit/wire.ts"

const info = { name: "notes", version: "1.0.0" }
const note = resource({ uri: "note://{id}" }, ({ id }) => id)

const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" }
const body = (id: string | number, notifications: object) => ({
  jsonrpc: "2.0",
  id,
  method: "subscriptions/listen",
  params: { notifications, _meta: envelope() }
})

const listen = async (peer: HttpPeer, id: string | number, notifications: object, init: RequestInit = {}) => {
  const response = await peer.request(body(id, notifications), headers, init)
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"])
  return eventsOf(response)
}

const appOf = async (main = server(info).add(note)) => {
  const app = assemble(main, { maxListens: 2 })
  const running = await app["~mcpipe/App"].running()
  const changes = Context.getUnsafe(running.context(running.assembly.root) as Context.Context<any>, Changes)
  return { app, touch: (uri: string) => Effect.runSync(changes.resourceUpdated(uri)) }
}

const of = (id: string | number) => ({ "io.modelcontextprotocol/subscriptionId": id })
const ended = (id: string | number) => ({
  jsonrpc: "2.0",
  id,
  result: { resultType: "complete", _meta: { ...of(id), "io.modelcontextprotocol/serverInfo": info } }
})
const acknowledged = (id: string | number, notifications: object) => ({
  jsonrpc: "2.0",
  method: "notifications/subscriptions/acknowledged",
  params: { _meta: of(id), notifications }
})
const updated = (id: string | number, uri: string) => ({
  jsonrpc: "2.0",
  method: "notifications/resources/updated",
  params: { _meta: of(id), uri }
})

describe.each(adapters)("subscriptions/listen over HTTP, %s", (adapter) => {
  it("streams what was asked for, several times beside each other", async () => {
    const plugins = shelf({ kinds: ["prompts"] })
    const { app, touch } = await appOf(server(info).add(note).source(plugins.source))
    await using peer = await httpPeer(adapter, app)
    const one = await listen(peer, 1, { resourceSubscriptions: ["note://1"] })
    const two = await listen(peer, "1", { promptsListChanged: true, resourceSubscriptions: ["note://2"] })
    expect(await one.next()).toEqual(acknowledged(1, { resourceSubscriptions: ["note://1"] }))
    expect(await two.next()).toEqual(
      acknowledged("1", { promptsListChanged: true, resourceSubscriptions: ["note://2"] })
    )
    touch("note://1")
    touch("note://2")
    expect(await one.next()).toEqual(updated(1, "note://1"))
    expect(await two.next()).toEqual(updated("1", "note://2"))
    await app.dispose()
  })

  it("makes room where a client goes away, and answers in band where there is none", async () => {
    const { app, touch } = await appOf()
    await using peer = await httpPeer(adapter, app)
    const asked = { resourceSubscriptions: ["note://1"] }
    const [one, two] = [await listen(peer, 1, asked), await listen(peer, 2, asked)]
    await one.next()
    await two.next()
    const refused = await peer.request(body(3, asked), headers)
    expect([refused.status, await refused.json()]).toEqual([
      200,
      {
        jsonrpc: "2.0",
        id: 3,
        error: {
          code: -32603,
          message:
            "This server has 2 subscriptions/listen streams open, the most it takes: end one, or try again later."
        }
      }
    ])
    await one.leave()
    const third = await vi.waitFor(() => listen(peer, 4, asked), { interval: 5 })
    expect(await third.next()).toEqual(acknowledged(4, asked))
    touch("note://1")
    expect(await two.next()).toEqual(updated(2, "note://1"))
    expect(await third.next()).toEqual(updated(4, "note://1"))
    await app.dispose()
  })

  it("ends with its result before the server waits for anything else", async () => {
    const go = gate()
    const started = gate()
    const slow = tool({ name: "slow" }, async () => {
      started.open()
      await go.opened
      return "done"
    })
    const { app, touch } = await appOf(server(info).add(note, slow))
    const peer = await httpPeer(adapter, app, { gracePeriod: 2_000_000_000 })
    const stream = await listen(peer, "s", { resourceSubscriptions: ["note://1"] })
    await stream.next()
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow", _meta: envelope() } }
    const calling = peer.request(call, {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "slow"
    })
    await started.opened
    touch("note://1")
    const closing = peer.close()
    expect(await stream.next()).toEqual(updated("s", "note://1"))
    expect(await stream.next()).toEqual(ended("s"))
    expect(await stream.next()).toBe(undefined)
    go.open()
    expect(((await (await calling).json()) as any).result.content[0].text).toBe("done")
    await closing
    await app.dispose()
  })

  it("is refused where the request admits no events", async () => {
    const { app } = await appOf()
    await using peer = await httpPeer(adapter, app)
    const response = await peer.request(body(1, { resourceSubscriptions: ["note://1"] }), {
      ...headers,
      accept: "application/json"
    })
    expect(response.status).toBe(406)
    expect(((await response.json()) as any).error.message).toBe(
      "subscriptions/listen is answered by a stream of events, which the request's Accept header or this server's operator does not admit."
    )
    await app.dispose()
  })

  it("is not served at all where nothing can be told", async () => {
    const { app } = await appOf(server(info).add(tool({ name: "t" }, () => "")) as never)
    await using peer = await httpPeer(adapter, app)
    const response = await peer.request(body(1, { toolsListChanged: true }), headers)
    expect([response.status, ((await response.json()) as any).error.code]).toEqual([404, -32601])
    await app.dispose()
  })
})

describe("a client that does not read its stream", () => {
  it("is told of each thing that changed once it reads again, and not of each time that it changed", async () => {
    const uris = Array.from({ length: 1_000 }, (_, n) => `note://${n}-${"x".repeat(2_000)}`)
    const { app, touch } = await appOf()
    const serving = await serve(app, { http: { port: 0 }, signals: false })
    const socket = await openSocket(serving.port!)
    const text = JSON.stringify(body(1, { resourceSubscriptions: uris }))
    socket.write(rawHead(serving.port!, { ...headers, "content-length": String(Buffer.byteLength(text)) }))
    socket.write(text)
    let unread = ""
    let events = 0
    const told = new Set<string>()
    let look = () => {}
    socket.setEncoding("utf8")
    socket.on("data", (chunk) => {
      const whole = (unread + chunk).split("\n\n")
      unread = whole.pop()!
      for (const event of whole) {
        events++
        const uri = /"uri":"(note:\/\/\d+)-/.exec(event)
        if (uri !== null) told.add(uri[1]!)
      }
      look()
    })
    const until = (fits: () => boolean) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (fits()) resolve()
        }
        look()
      })
    // the acknowledgement
    await until(() => events === 1)
    socket.pause()
    for (let round = 0; round < 50; round++) {
      for (const uri of uris) touch(uri)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    socket.resume()
    await until(() => told.size === 1_000)
    // what the kernel's buffers took meanwhile, and one notice for each that waited
    expect(events).toBeLessThan(15_000)
    socket.destroy()
    await once(socket, "close")
    await serving.close()
    await app.dispose()
  })
})
