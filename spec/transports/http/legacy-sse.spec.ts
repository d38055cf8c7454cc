import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js"
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, Elicitation, type HttpOptions, Principal, Progress, RequestContext, serve, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { httpSettings } from "../../../lib/transports/http/node.ts"
import { send } from "../../kit/raw-http.ts"
import { gate } from "../../kit/wire.ts"

const open = async (options: HttpOptions = {}) => {
  const started = gate<void>()
  const goOn = gate<void>()
  const hello = tool({ name: "hello" }, function* () {
    const { revision, sessionId, http } = yield* RequestContext
    const { id } = yield* Principal
    return JSON.stringify([id, revision, typeof sessionId, http === undefined])
  })
  const ask = tool({ name: "ask" }, () => Elicitation.text("Who?"))
  // the client drops progress that comes in one turn with the answer, so each report waits until it was seen
  const seen = [gate<void>(), gate<void>(), gate<void>()]
  const steps = tool({ name: "steps" }, () =>
    Effect.as(
      Effect.forEach(seen, ({ opened }, at) =>
        Effect.andThen(
          Progress.report(at + 1),
          Effect.promise(() => opened)
        )
      ),
      "done"
    )
  )
  const hold = tool({ name: "hold" }, () =>
    Effect.as(
      Effect.andThen(
        Effect.sync(() => started.open()),
        Effect.promise(() => goOn.opened)
      ),
      "held"
    )
  )
  const main = server({ name: "old", version: "1" }).add(hello, ask, steps, hold)
  const http = { port: 0, legacySse: true, ...options }
  const serving = await serve(main, { http, signals: false, gracePeriod: 60_000 })
  const connect = async (path = "/sse", headers: Record<string, string> = {}) => {
    const client = new Client({ name: "sse", version: "1" }, { capabilities: { elicitation: {} } })
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({
      action: "accept",
      content: { [Object.keys((params as any).requestedSchema.properties)[0]!]: "ada" }
    }))
    const transport = new SSEClientTransport(new URL(path, serving.url!), { requestInit: { headers } })
    await client.connect(transport)
    const text = async (name: string, options = {}) =>
      ((await client.callTool({ name }, undefined, options)) as any).content[0].text
    return { client, text, transport }
  }
  return { serving, connect, started, goOn, seen, port: serving.port!, [Symbol.asyncDispose]: serving.close }
}

/** The path and query that the stream's first event names. */
const endpointOf = (transport: SSEClientTransport): string => {
  const { pathname, search } = (transport as unknown as { _endpoint: URL })._endpoint
  return `${pathname}${search}`
}

describe("a client of the 2024-11-05 transport", () => {
  it("is served, asked and told", async () => {
    await using at = await open()
    const { client, text } = await at.connect()
    expect((await client.listTools()).tools).toHaveLength(4)
    expect(await text("hello")).toBe(JSON.stringify(["anonymous", "2025-11-25", "string", true]))
    expect(await text("ask")).toBe("ada")
    const told: Array<number> = []
    const onprogress = ({ progress }: { progress: number }) => {
      told.push(progress)
      at.seen[progress - 1]?.open()
    }
    expect(await text("steps", { onprogress })).toBe("done")
    expect(told).toEqual([1, 2, 3])
    await client.close()
  })

  it("finds it where the options say", async () => {
    await using at = await open({ legacySse: { path: "/old/events", messagesPath: "/old/post" } })
    const { client, text } = await at.connect("/old/events")
    expect(await text("ask")).toBe("ada")
    await client.close()
    expect((await send(at.port, { method: "GET", target: "/sse" })).status).toBe(404)
  })

  it("has what it left unfinished interrupted, and its session is unknown then", async () => {
    await using at = await open()
    const { client, transport, text } = await at.connect()
    const held = text("hold").catch(() => "gone")
    await at.started.opened
    const target = endpointOf(transport)
    await client.close()
    expect(await held).toBe("gone")
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
    let status = 0
    // over a network nobody can say when the server hears of it
    while (status !== 404) status = (await send(at.port, { target, body })).status
    expect(status).toBe(404)
  })

  it("is told the answers to what is in flight while the server drains", async () => {
    const at = await open()
    const { client, text } = await at.connect()
    const held = text("hold")
    await at.started.opened
    const closing = at.serving.close()
    await expect(text("hello")).rejects.toThrow("shutting down")
    at.goOn.open()
    expect(await held).toBe("held")
    await closing
    await client.close()
  })

  it("speaks for its own session only", async () => {
    const authenticate: HttpOptions["authenticate"] = ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" })
    await using at = await open({ authenticate })
    const { client, transport, text } = await at.connect("/sse", { "x-user": "ada" })
    expect(JSON.parse(await text("hello"))[0]).toBe("ada")
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
    const target = endpointOf(transport)
    expect((await send(at.port, { target, body, headers: { "x-user": "mallory" } })).status).toBe(404)
    expect((await send(at.port, { target, body, headers: { "x-user": "ada" } })).status).toBe(202)
    await client.close()
  })
})

describe("the endpoint of the 2024-11-05 transport", () => {
  const answer = ({ status, headers, body }: Awaited<ReturnType<typeof send>>) => [
    status,
    headers["allow"],
    JSON.parse(body).error?.message
  ]

  it("is not there unless asked for", async () => {
    await using at = await open({ legacySse: false })
    expect((await send(at.port, { method: "GET", target: "/sse" })).status).toBe(404)
    expect((await send(at.port, { target: "/messages?sessionId=x", body: "{}" })).status).toBe(404)
  })

  it("has the same gate as the rest, and its own methods", async () => {
    await using at = await open()
    const get = (headers: object) => send(at.port, { method: "GET", target: "/sse", headers: headers as never })
    expect((await get({ host: "evil.example" })).status).toBe(403)
    expect((await get({ origin: "https://evil.example" })).status).toBe(403)
    expect((await get({ accept: "application/json" })).status).toBe(406)
    const body = "{}"
    const post = (headers: object, target = "/messages?sessionId=x") =>
      send(at.port, { target, body, headers: headers as never })
    expect((await post({ host: "evil.example" })).status).toBe(403)
    expect((await post({ "content-type": "text/plain" })).status).toBe(415)
    // clients try streamable HTTP first, and fall back on a 4xx
    expect(answer(await post({}, "/sse"))).toEqual([
      405,
      "GET",
      "This is the stream of the 2024-11-05 transport: open it by GET."
    ])
    expect(answer(await send(at.port, { method: "GET", target: "/messages?sessionId=x" }))).toEqual([
      405,
      "POST",
      "Messages of the 2024-11-05 transport are posted here."
    ])
    const unknown = "The sessionId of the query is not known here, or its stream has ended; open a new one by GET."
    for (const target of ["/messages?sessionId=x", "/messages", "/messages?sessionId=__proto__"]) {
      expect(answer(await post({}, target))).toEqual([404, undefined, unknown])
    }
  })

  it("refuses bodies as the rest does", async () => {
    await using at = await open({ maxBodyBytes: 1_000, maxDepth: 8 })
    const { client, transport } = await at.connect()
    const target = endpointOf(transport)
    expect((await send(at.port, { target, body: "{" })).status).toBe(400)
    expect((await send(at.port, { target, body: "[".repeat(20) + "]".repeat(20) })).status).toBe(400)
    expect((await send(at.port, { target, body: `"${"x".repeat(2_000)}"` })).status).toBe(413)
    await client.close()
  })

  it.each([
    [{ legacySse: "yes" }, 'Option `legacySse` is "yes": use true, or { path, messagesPath }.'],
    [
      { legacySse: { path: "sse" } },
      'Option `legacySse.path` is "sse": use a path that starts with "/" and has no query.'
    ],
    [
      { legacySse: { messagesPath: "/m?x" } },
      'Option `legacySse.messagesPath` is "/m?x": use a path that starts with "/" and has no query.'
    ],
    [
      { path: "/sse", legacySse: true },
      'Options `path`, `legacySse.path` and `legacySse.messagesPath` must differ: they are "/sse", "/sse" and "/messages".'
    ]
  ])("refuses the options %o", (options, message) => {
    expect(() => httpSettings(options as never)).toThrow(message)
  })
})
