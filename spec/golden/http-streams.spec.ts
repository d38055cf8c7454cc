import { Changes, ClientLog, Effect, RequestContext, resource, serve, server, tool } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { send } from "../kit/raw-http.ts"
import { gate } from "../kit/wire.ts"
import { accepted, post } from "./post.ts"

let goOn = gate<void>()
const note = resource({ uri: "note://1" }, () => "text")
const touch = tool({ name: "touch" }, function* () {
  yield* (yield* Changes).resourceUpdated("note://1")
  return "touched"
})
const talk = tool({ name: "talk" }, function* () {
  yield* ClientLog.info("one")
  yield* Effect.promise(() => goOn.opened)
  yield* ClientLog.info("two")
  return "said"
})
const poll = tool({ name: "poll" }, function* () {
  yield* RequestContext.closeStream(2_500)
  return "polled"
})

let serving: Awaited<ReturnType<typeof serve>>
let port: number
beforeAll(async () => {
  const main = server({ name: "golden", version: "1" }).add(note, touch, talk, poll)
  serving = await serve(main, { http: { port: 0 }, signals: false })
  port = serving.port!
})
afterAll(() => serving.close())

const begin = async (protocolVersion: string) => {
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: "by-hand", version: "0" } }
  const { headers } = await post(port, { jsonrpc: "2.0", id: "init", method: "initialize", params })
  const session = { "mcp-session-id": headers["mcp-session-id"]! }
  await post(port, { jsonrpc: "2.0", method: "notifications/initialized" }, session)
  return session
}
const end = (session: Record<string, string>) =>
  send(port, { method: "DELETE", headers: { ...session, "content-type": undefined } })

/** Opens a stream; the head, and a wait for all that it held once it has ended. */
const listen = async (session: Record<string, string>, lastEventId?: string) => {
  const headers = { ...session, accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) }
  const response = await fetch(serving.url!, { headers })
  const { date: _, connection: __, "keep-alive": ___, ...rest } = Object.fromEntries(response.headers)
  return { status: response.status, headers: rest, text: () => response.text() }
}

const head = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
  "transfer-encoding": "chunked"
}
const call = (id: number, name: string) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } })
const subscribe = { jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri: "note://1" } }
const updated = '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"note://1"}}'

describe.each([
  ["2024-11-05", ""],
  ["2025-03-26", ""],
  ["2025-06-18", ""],
  // 2025-11-25 basic/transports: an event with an id and no data, which earlier clients do not understand
  ["2025-11-25", "id: g1.0\ndata: \n\n"]
])("a GET stream of %s", (revision, primed) => {
  it("has ids that name the stream and the place in it, byte for byte", async () => {
    const session = await begin(revision)
    const { text, ...answered } = await listen(session)
    expect(answered).toStrictEqual({ status: 200, headers: head })
    expect((await post(port, subscribe, session)).body).toStrictEqual({ jsonrpc: "2.0", id: 1, result: {} })
    await post(port, call(2, "touch"), session)
    // in a turn of its own, as changes are told
    const again = await listen(session)
    expect((await end(session)).status).toBe(200)
    expect(`${await text()}${await again.text()}`).toBe(
      `${primed}event: message\nid: g1.1\ndata: ${updated}\n\n${primed.replace("g1", "g2")}`
    )
  })
})

describe("the stream of a call", () => {
  it("is gone on with byte for byte as it was, then as it is", async () => {
    goOn = gate<void>()
    const session = await begin("2025-11-25")
    const response = await fetch(serving.url!, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...session },
      body: JSON.stringify(call(1, "talk"))
    })
    const one =
      'event: message\nid: p1.1\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"one"}}\n\n'
    const two = one.replace("p1.1", "p1.2").replace('"one"', '"two"')
    const said =
      'event: message\nid: p1.3\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"said"}]}}\n\n'
    const { text, ...answered } = await listen(session, "p1.0")
    expect(answered).toStrictEqual({ status: 200, headers: head })
    // the connection it had is closed, with no word about it: the client has lost it
    expect(await response.text()).toBe(`id: p1.0\ndata: \n\n${one}`)
    goOn.open()
    expect(await text()).toBe(`${one}${two}${said}`)
    expect(await (await listen(session, "p1.2")).text()).toBe(said)
  })

  it("that is closed says when to come back", async () => {
    const session = await begin("2025-11-25")
    const closed = await post(port, call(1, "poll"), session)
    // 2025-11-25 basic/transports: "it SHOULD send an SSE event with a standard retry field before closing the connection"
    expect(closed).toStrictEqual({ status: 200, headers: head, body: "id: p1.0\ndata: \n\nretry: 2500\n\n" })
    expect(await (await listen(session, "p1.0")).text()).toBe(
      'event: message\nid: p1.1\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"polled"}]}}\n\n'
    )
  })
})

describe("GET", () => {
  const get = async (headers: Record<string, string | undefined>) => {
    const response = await send(port, {
      method: "GET",
      headers: { accept: "text/event-stream", "content-type": undefined, ...headers }
    })
    return { status: response.status, body: JSON.parse(response.body) }
  }
  const refused = (status: number, message: string) => ({
    status,
    body: { jsonrpc: "2.0", error: { code: -32600, message } }
  })

  it("is refused with 400 without a session, 404 in an unknown one and 406 where no events are admitted", async () => {
    expect(await get({})).toStrictEqual(
      refused(400, "GET listens to a session; send the Mcp-Session-Id that the answer to initialize had.")
    )
    expect(await get({ "mcp-session-id": "guessed" })).toStrictEqual(
      refused(
        404,
        'Mcp-Session-Id "guessed" is not known here, or its session has ended; send initialize to begin a new one.'
      )
    )
    expect(await get({ ...(await begin("2025-11-25")), accept: "application/json" })).toStrictEqual(
      refused(406, "The Accept header of a GET must admit text/event-stream, which is what it is answered by.")
    )
  })

  it("is refused with 400 where the event is unknown: 404 would tell the client that its session has ended", async () => {
    const session = await begin("2025-11-25")
    expect(await get({ ...session, "last-event-id": "p1.0" })).toStrictEqual(
      refused(
        400,
        'Last-Event-ID "p1.0" is not known in this session, or its stream is kept no longer; send GET without it to listen from now on.'
      )
    )
    expect(await post(port, { jsonrpc: "2.0", method: "notifications/initialized" }, session)).toStrictEqual(accepted)
  })

  it("is not there on 2026-07-28", async () => {
    expect(await get({ "mcp-protocol-version": "2026-07-28" })).toStrictEqual(
      refused(405, "MCP is served by POST only.")
    )
  })
})
