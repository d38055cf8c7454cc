import { ClientLog, type Middleware, middleware, PublicError, Roots, serve, server, tool } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { send } from "../kit/raw-http.ts"
import { request as sessionless, result as sessionlessResult } from "./envelope.ts"
import { accepted, json, post, resumable } from "./post.ts"
import * as at from "./revisions.ts"
import { golden, held } from "./server.ts"

const roots = tool({ name: "roots" }, function* () {
  return (yield* Roots.list).map(({ uri }) => uri).join()
})

let serving: Awaited<ReturnType<typeof serve>>
let port: number
beforeAll(async () => {
  serving = await serve(golden.tool(roots), { http: { port: 0 }, signals: false })
  port = serving.port!
})
afterAll(() => serving.close())

const initialize = (protocolVersion: string, capabilities: object = {}) => ({
  jsonrpc: "2.0",
  id: "init",
  method: "initialize",
  params: { protocolVersion, capabilities, clientInfo: { name: "by-hand", version: "0" } }
})

const begin = async (revision: string, capabilities?: object) => {
  const { headers } = await post(port, initialize(revision, capabilities))
  return { "mcp-session-id": headers["mcp-session-id"]! }
}

const ping = { jsonrpc: "2.0", id: 1, method: "ping" }
const pinged = json(200, { jsonrpc: "2.0", id: 1, result: {} })
const error = (message: string, id?: unknown) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  error: { code: -32600, message }
})
const unknown = (id: string) =>
  `Mcp-Session-Id "${id}" is not known here, or its session has ended; send initialize to begin a new one.`

describe.each(at.revisions)("a session of %s", (revision) => {
  it("begins with initialize, and knows its revision without a header", async () => {
    const { status, headers, body } = await post(port, initialize(revision))
    expect({ status, body }).toStrictEqual({
      status: 200,
      body: { jsonrpc: "2.0", id: "init", result: at.initialized[revision] }
    })
    const session = { "mcp-session-id": headers["mcp-session-id"]! }
    expect(await post(port, { jsonrpc: "2.0", method: "notifications/initialized" }, session)).toStrictEqual(accepted)
    const list = { jsonrpc: "2.0", id: 1, method: "prompts/list" }
    const listed = json(200, { jsonrpc: "2.0", id: 1, result: { prompts: at.prompts[revision] } })
    expect(await post(port, list, session)).toStrictEqual(listed)
    expect(await post(port, list, { ...session, "mcp-protocol-version": revision })).toStrictEqual(listed)
  })

  it("answers in the revision it agreed on where a header names another one, and refuses one nobody serves", async () => {
    const session = await begin(revision)
    const other = revision === "2025-06-18" ? "2025-03-26" : "2025-06-18"
    const list = { jsonrpc: "2.0", id: 1, method: "prompts/list" }
    expect(await post(port, list, { ...session, "mcp-protocol-version": other })).toStrictEqual(
      json(200, { jsonrpc: "2.0", id: 1, result: { prompts: at.prompts[revision] } })
    )
    // 2025-11-25 basic/transports, "Protocol Version Header": 400
    expect(await post(port, ping, { ...session, "mcp-protocol-version": "2001-01-01" })).toStrictEqual(
      json(400, error(`MCP-Protocol-Version is "2001-01-01", but this session agreed on ${revision}.`, 1))
    )
  })

  it("asks on the stream of a call, and takes the answer from another request, byte for byte", async () => {
    const session = await begin(revision, { roots: {} })
    const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "roots" } }
    const answered = await fetch(serving.url!, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...session },
      body: JSON.stringify(call)
    })
    const { body, ...head } = resumable(
      revision,
      '{"jsonrpc":"2.0","id":"mcpipe-1","method":"roots/list","params":{}}',
      '{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"file:///home/ada"}]}}'
    )
    const { date: _, connection: __, "keep-alive": ___, ...headers } = Object.fromEntries(answered.headers)
    expect({ status: answered.status, headers }).toStrictEqual(head)
    const result = { roots: [{ uri: "file:///home/ada" }] }
    expect(await post(port, { jsonrpc: "2.0", id: "mcpipe-1", result }, session)).toStrictEqual(accepted)
    expect(await answered.text()).toBe(body)
  })

  it("remembers the level it was told, which is no business of other sessions", async () => {
    const [session, other] = [await begin(revision), await begin(revision)]
    const setLevel = { jsonrpc: "2.0", id: 1, method: "logging/setLevel", params: { level: "error" } }
    expect(await post(port, setLevel, session)).toStrictEqual(pinged)
    const talk = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "talk" } }
    const said = { jsonrpc: "2.0", id: 3, result: { content: [{ type: "text", text: "said" }] } }
    expect(await post(port, talk, session)).toStrictEqual(json(200, said))
    expect(await post(port, talk, other)).toStrictEqual(
      resumable(
        revision,
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"storage","data":{"disk":"full"}}}',
        JSON.stringify(said)
      )
    )
  })

  it("ends with DELETE, and is unknown from then on", async () => {
    const session = await begin(revision)
    const end = () => send(port, { method: "DELETE", headers: { ...session, "content-type": undefined } })
    const { status, headers, body } = await end()
    expect([status, headers["content-length"], body]).toStrictEqual([200, "0", ""])
    const id = session["mcp-session-id"]
    // basic/transports, "Session Management": 404, so that the client begins anew
    expect(await post(port, ping, session)).toStrictEqual(json(404, error(unknown(id), 1)))
    const again = await end()
    expect([again.status, JSON.parse(again.body)]).toStrictEqual([404, error(unknown(id))])
  })
})

describe("a session", () => {
  it("that nobody began is unknown, whatever is sent in it", async () => {
    const session = { "mcp-session-id": "guessed" }
    const refused = json(404, error(unknown("guessed")))
    expect(await post(port, { jsonrpc: "2.0", method: "notifications/initialized" }, session)).toStrictEqual(refused)
    expect(await post(port, { jsonrpc: "2.0", id: "mcpipe-1", result: {} }, session)).toStrictEqual(refused)
    expect(await post(port, [ping], session)).toStrictEqual(refused)
    expect(await post(port, ping, { "mcp-session-id": "" })).toStrictEqual(json(404, error(unknown(""), 1)))
  })

  it("begins anew with initialize that names one, and does not where it names none there is", async () => {
    const old = await begin("2025-11-25")
    const { status, headers } = await post(port, initialize("2025-06-18"), old)
    expect(status).toBe(200)
    expect(headers["mcp-session-id"]).not.toBe(old["mcp-session-id"])
    expect(await post(port, ping, old)).toStrictEqual(pinged)
    // 2025-11-25 basic/transports, "Session Management": a client begins anew without a session id
    const lost = await post(port, initialize("2025-06-18"), { "mcp-session-id": "ended long ago" })
    expect([lost.status, lost.headers["mcp-session-id"]]).toEqual([404, undefined])
  })

  it("begins for a client that takes events only, too", async () => {
    const { headers, body } = await post(port, initialize("2025-11-25"), { accept: "text/event-stream" })
    expect(headers["content-type"]).toBe("text/event-stream")
    expect(body).toContain('"protocolVersion":"2025-11-25"')
    expect(await post(port, ping, { "mcp-session-id": headers["mcp-session-id"]! })).toStrictEqual(pinged)
  })

  it("does not begin where initialize is refused", async () => {
    const { status, headers } = await post(port, { ...initialize("2025-11-25"), params: {} })
    expect([status, headers]).toStrictEqual([200, { "content-type": "application/json" }])
  })

  it("does not begin for a client that says too much of itself", async () => {
    const asked = await post(port, initialize("2025-11-25", { experimental: { x: "y".repeat(65_536) } }))
    expect(asked).toStrictEqual(
      json(200, {
        jsonrpc: "2.0",
        id: "init",
        error: {
          code: -32602,
          message:
            "initialize: params.capabilities and params.clientInfo hold 65596 characters, more than the 65536 this server remembers."
        }
      })
    )
  })

  it("refuses an id in use by one of its requests, and by no other session's", async () => {
    const [session, other] = [await begin("2025-11-25"), await begin("2025-11-25")]
    const hold = post(port, { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "hold" } }, session)
    await held.until("started")
    const message = "Request id 1 is in use by a request in flight; use a new id for each request."
    expect(await post(port, ping, session)).toStrictEqual(json(400, error(message, 1)))
    expect(await post(port, ping, other)).toStrictEqual(pinged)
    expect(await post(port, ping)).toStrictEqual(pinged)
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }
    expect(await post(port, cancel, session)).toStrictEqual(accepted)
    expect(await held.until("finalized")).toStrictEqual(["interrupted", "finalized"])
    // basic/utilities/cancellation: no answer; basic/transports: a request is answered by events or JSON
    expect(await hold).toStrictEqual({ status: 200, headers: { "content-type": "text/event-stream" }, body: "" })
    expect(await post(port, ping, session)).toStrictEqual(pinged)
  })

  it("has batches on 2025-03-26 only", async () => {
    const refused = error("JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.")
    // the session decides, and not what a request without a header is taken for
    expect(await post(port, [ping], await begin("2025-11-25"))).toStrictEqual(json(400, refused))
    expect(await post(port, [ping], await begin("2025-03-26"))).toStrictEqual(
      json(200, [{ jsonrpc: "2.0", id: 1, result: {} }])
    )
  })

  it("is ignored by 2026-07-28", async () => {
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" }
    const listed = await post(port, sessionless(1, "tools/call", { name: "roots" }), {
      ...headers,
      ...(await begin("2025-11-25", { roots: {} })),
      "mcp-method": "tools/call",
      "mcp-name": "roots"
    })
    // asked in its own way, it has no capability either
    expect([listed.status, listed.headers]).toStrictEqual([400, { "content-type": "application/json" }])
    const call = sessionless(1, "tools/call", { name: "letters" })
    const named = { ...headers, "mcp-method": "tools/call", "mcp-name": "letters", "mcp-session-id": "guessed" }
    expect(await post(port, call, named)).toStrictEqual(
      json(200, sessionlessResult(1, { content: [{ type: "text", text: '["a","b"]' }], structuredContent: ["a", "b"] }))
    )
  })
})

describe("a request hook around initialize", () => {
  const open = (hook: Middleware) =>
    serve(server({ name: "hooked", version: "1" }).use(hook), { http: { port: 0 }, signals: false })

  it("that logs sends the id of the session with its first event", async () => {
    const talking = middleware(function* (next) {
      yield* ClientLog.log("info", "hello")
      return yield* next
    })
    const serving = await open(talking)
    const { headers, body } = await post(serving.port!, initialize("2025-11-25"))
    expect(headers["content-type"]).toBe("text/event-stream")
    expect(String(body).split("\n\n")[0]).toBe(
      'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"hello"}}'
    )
    const session = { "mcp-session-id": headers["mcp-session-id"]! }
    expect((await post(serving.port!, ping, session)).status).toBe(200)
    await serving.close()
  })

  it("that refuses it leaves no session", async () => {
    const refusing = middleware(function* (next, { method }) {
      if (method === "initialize") throw new PublicError("Closed on Sundays.")
      return yield* next
    })
    const serving = await open(refusing)
    const { status, headers } = await post(serving.port!, initialize("2025-11-25"))
    expect([status, headers["mcp-session-id"]]).toStrictEqual([200, undefined])
    await serving.close()
  })
})
