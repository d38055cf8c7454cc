import * as Effect from "effect/Effect"
import { describe, expect, it, vi } from "vitest"
import { fetchHandler, fetchHandlerScoped } from "../../../lib/transports/http/fetch.ts"
import { fakeApp } from "../../kit/fake-ports.ts"

const post = (
  body: BodyInit | null,
  init: RequestInit & { readonly duplex?: "half" } = {},
  url = "http://localhost/mcp"
) =>
  new Request(url, {
    method: "POST",
    body,
    ...init,
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...init.headers }
  })

const call = (method: string, params?: object) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })

const chunks = (...parts: ReadonlyArray<string>) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const part of parts) {
        controller.enqueue(new TextEncoder().encode(part))
      }
      controller.close()
    }
  })

describe("a fetch handler", () => {
  it("answers what the node:http server answers", async () => {
    const handler = fetchHandler(fakeApp().app)
    const response: Response = await handler(post(call("later", { text: "größe" })))
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toBe("application/json")
    expect(await response.json()).toStrictEqual({ jsonrpc: "2.0", id: 1, result: { text: "größe" } })
    const prepared = await handler(post(call("prepared")))
    expect((await prepared.json()).result).toEqual({ tools: [{ name: "größe" }] })
    const accepted = await handler(post(JSON.stringify({ jsonrpc: "2.0", method: "notifications/x" })))
    expect([accepted.status, accepted.body]).toEqual([202, null])
    const unknown = await handler(post(call("status")))
    expect([unknown.status, unknown.headers.get("x-extra")]).toEqual([404, "1"])
  })

  it("passes the gate first", async () => {
    const handler = fetchHandler(fakeApp().app)
    expect((await handler(post("{}", {}, "http://localhost/else"))).status).toBe(404)
    expect((await handler(post("{}", {}, "http://evil.example/mcp"))).status).toBe(403)
    expect((await handler(post("{}", { headers: { host: "evil.example" } }))).status).toBe(403)
    const put = await handler(new Request("http://localhost/mcp?x", { method: "PUT" }))
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST, DELETE"])
    expect((await handler(new Request("http://localhost/mcp?x"))).status).toBe(406)
    const hosted = fetchHandler(fakeApp().app, { hosts: ["api.example.com"], path: "/" })
    expect((await hosted(post(call("echo"), {}, "https://api.example.com/"))).status).toBe(200)
  })

  it("reads bodies in pieces, and refuses the hostile ones", async () => {
    const handler = fetchHandler(fakeApp().app, { maxBodyBytes: 100 })
    const text = call("echo")
    const ok = await handler(post(chunks(text.slice(0, 7), text.slice(7)), { duplex: "half" }))
    expect((await ok.json()).result).toEqual({})
    const large = await handler(post(chunks("x".repeat(60), "x".repeat(60)), { duplex: "half" }))
    expect(large.status).toBe(413)
    expect((await large.json()).error).toEqual({
      code: -32600,
      message: "The body is larger than 100 bytes, the most this server reads."
    })
    expect((await handler(post("[".repeat(70)))).status).toBe(400)
    expect((await handler(post(new Uint8Array([0x22, 0xff, 0x22])))).status).toBe(400)
    expect((await handler(post(null))).status).toBe(400)
  })

  it.each([
    ["nobody asks who is calling", undefined],
    ["that is known at once", () => ({ id: "ann" })],
    // its body is read in a later turn than it came in
    ["that takes a turn", () => new Promise<{ id: string }>((known) => setImmediate(() => known({ id: "ann" })))]
  ])("answers 408 to a body that does not end, and cancels it, where %s", async (_, authenticate) => {
    const cancelled = vi.fn()
    const handler = fetchHandler(fakeApp().app, { bodyTimeout: 20, authenticate })
    const endless = new ReadableStream<Uint8Array>({ cancel: cancelled })
    expect((await handler(post(endless, { duplex: "half" }))).status).toBe(408)
    expect(cancelled).toHaveBeenCalledOnce()
  })

  it("says so where somebody read the body before", async () => {
    const request = post(call("echo"))
    await request.text()
    const response = await fetchHandler(fakeApp().app)(request)
    expect(response.status).toBe(500)
    expect((await response.json()).error.message).toContain("pass the request on unread")
  })

  it("refuses an option that there is none of", () => {
    expect(() => fetchHandler(fakeApp().app, { authentcate: () => undefined } as never)).toThrow(
      "There is no option `authentcate`; there are path,"
    )
  })

  it("says that a body is empty", async () => {
    const emptied = post(call("echo"))
    const reader = emptied.body!.getReader()
    while (!(await reader.read()).done) {
      // to its end
    }
    reader.releaseLock()
    for (const request of [post(""), post("", { headers: { "content-length": "abc" } }), post(null), emptied]) {
      const response = await fetchHandler(fakeApp().app)(request)
      expect([response.status, (await response.json()).error.code]).toEqual([400, -32700])
    }
  })

  it("streams notifications as events and closes after the answer", async () => {
    const response = await fetchHandler(fakeApp().app)(post(call("notify", { count: 2 })))
    expect(response.headers.get("content-type")).toBe("text/event-stream")
    expect(await response.text()).toBe(
      [
        { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1 } },
        { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 2 } },
        { jsonrpc: "2.0", id: 1, result: { done: true } }
      ]
        .map((message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`)
        .join("")
    )
  })

  it("streams a question as an event, and says where it cannot be put", async () => {
    const handler = fetchHandler(fakeApp().app)
    const asked = await handler(post(call("ask")))
    expect(asked.headers.get("content-type")).toBe("text/event-stream")
    expect(await asked.text()).toBe(
      'event: message\ndata: {"jsonrpc":"2.0","id":"asked-1","method":"roots/list"}\n\n' +
        'event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"why":"asked"}}\n\n'
    )
    const unheard = await handler(post(call("ask"), { headers: { accept: "application/json" } }))
    expect((await unheard.json()).result.why).toBe(
      "its Accept header does not admit text/event-stream, the only way to ask it"
    )
    const unread = await handler(post(call("ask", { count: 20_000 })))
    expect(await unread.text()).toContain('"result":{"why":"it does not read what it is sent"}')
  })

  it("ends a session by DELETE, whatever its body, once it knows who is calling", async () => {
    const app = fakeApp()
    const handler = fetchHandler(app.app, { authenticate: ({ headers }) => ({ id: headers.get("authorization")! }) })
    const end = (init: RequestInit) => handler(new Request("http://localhost/mcp", { method: "DELETE", ...init }))
    const ended = await end({ headers: { authorization: "ada" } })
    expect([ended.status, ended.body]).toStrictEqual([200, null])
    expect((await end({ headers: { authorization: "bob" }, body: "{" })).status).toBe(200)
    expect(app.received).toStrictEqual(["DELETE", "DELETE"])
    expect(app.principals.map(({ id }) => id)).toStrictEqual(["ada", "bob"])
  })

  it("interrupts when the request's signal aborts", async () => {
    const app = fakeApp()
    const abort = new AbortController()
    const held = app.next("held")
    const answer = fetchHandler(app.app)(post(call("hold"), { signal: abort.signal }))
    await held
    abort.abort()
    await answer
    expect(app.interrupts).toEqual(["disconnected"])
  })

  it("interrupts when the reader of events cancels", async () => {
    const app = fakeApp()
    const response = await fetchHandler(app.app)(post(call("notify-hold")))
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    expect(app.interrupts).toEqual(["disconnected"])
  })

  it("starts the app once, at the first request, for all that come meanwhile", async () => {
    const app = fakeApp()
    const handler = fetchHandler(app.app)
    expect(app.counts.starts).toBe(0)
    const responses = await Promise.all([1, 2, 3].map(() => handler(post(call("echo")))))
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200])
    expect(app.counts.starts).toBe(1)
  })

  it("answers a masked 500 where the app does not start, logs why, and tries again", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    let healthy = false
    const app = fakeApp(undefined, () => {
      if (!healthy) {
        throw new Error("secret: db is down")
      }
    })
    const handler = fetchHandler(app.app)
    const failed = await handler(post(call("echo")))
    expect(failed.status).toBe(500)
    expect(await failed.text()).not.toContain("secret")
    expect(log).toHaveBeenCalledOnce()
    healthy = true
    expect((await handler(post(call("echo")))).status).toBe(200)
  })

  it("disposes once: 503 for newcomers, in flight finishes, then the app closes", async () => {
    const app = fakeApp()
    const handler = fetchHandler(app.app)
    const held = app.next("held")
    const inFlight = handler(post(call("hold")))
    await held
    const disposed = Promise.all([handler.dispose(), handler.dispose()])
    expect((await handler(post(call("echo")))).status).toBe(503)
    expect(app.counts.disposals).toBe(0)
    app.release()
    expect((await inFlight).status).toBe(200)
    await disposed
    expect(app.counts.disposals).toBe(1)
  })

  it("interrupts what outlasts its grace period, and leaves an app it does not own open", async () => {
    const app = fakeApp()
    const handler = fetchHandler(app.app, { gracePeriod: 0 }, false)
    const held = app.next("held")
    const inFlight = handler(post(call("hold")))
    await held
    await handler.dispose()
    expect((await inFlight).status).toBe(503)
    expect(app.counts.disposals).toBe(0)
  })

  it("lives as long as a scope", async () => {
    const app = fakeApp()
    const status = await Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(fetchHandlerScoped(app.app), (handler) =>
          Effect.promise(async () => (await handler(post(call("echo")))).status)
        )
      )
    )
    expect([status, app.counts.disposals]).toEqual([200, 1])
    const failure = await Effect.runPromise(Effect.scoped(Effect.flip(fetchHandlerScoped(app.app, { maxDepth: 1 }))))
    expect(failure.message).toContain("Option `maxDepth` is 1")
  })
})
