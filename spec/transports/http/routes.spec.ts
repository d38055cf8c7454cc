import {
  type Authenticate,
  Changes,
  Context,
  Effect,
  type FetchOptions,
  Layer,
  PublicError,
  ResourceNotFound,
  refuse,
  ServeError,
  serve,
  server,
  tool,
  toFetchHandler
} from "mcpipe"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { DefinitionError } from "../../../lib/builder/errors.ts"
import { type Route, route } from "../../../lib/transports/http/routes.ts"
import { adapters } from "../../kit/http-peer.ts"
import { openSocket, readResponse, send } from "../../kit/raw-http.ts"
import { gate } from "../../kit/wire.ts"

class Db extends Context.Service<Db, { readonly order: (id: string) => string }>()("spec/Db") {}

const main = server({ name: "shop", version: "1" })
  .tool(tool({ name: "t" }, () => "told"))
  .provide(Layer.succeed(Db, { order: (id) => `order ${id}` }))

type Ask = (path: string, init?: RequestInit) => Promise<Response>

/** Serves routes through an adapter; gives how to ask for a path, and how to close. */
const open = async (
  adapter: (typeof adapters)[number],
  options: FetchOptions
): Promise<{ readonly ask: Ask; readonly close: () => Promise<void> }> => {
  const { gracePeriod, ...http } = options
  if (adapter === "node") {
    const serving = await serve(main, { http: { port: 0, ...http }, signals: false, gracePeriod })
    const { origin } = new URL(serving.url!)
    onTestFinished(serving.close)
    return { ask: (path, init) => fetch(`${origin}${path}`, init), close: serving.close }
  }
  const handler = toFetchHandler(main, options)
  onTestFinished(handler.dispose)
  return { ask: (path, init) => handler(new Request(`http://localhost${path}`, init)), close: handler.dispose }
}

const post = { method: "POST", body: "text" }

const byToken: Authenticate = ({ headers }) =>
  headers.get("authorization") === "Bearer ann" ? { id: "ann" } : refuse({ message: "Send a bearer token." })

const refusalOf = async (response: Response) => {
  const { error, ...rest }: any = await response.json()
  return { status: response.status, ...rest, ...error }
}

describe.each(adapters)("a route served by %s", (adapter) => {
  it("gives text, JSON, nothing or a whole response, from any form of handler", async () => {
    const routes = [
      route({ path: "/text" }, () => "Grüße"),
      route({ path: "/json" }, async () => ({ n: [1, null] })),
      route({ path: "/nothing" }, () => Effect.void),
      route({ path: "/whole" }, function* () {
        yield* Effect.void
        const headers: Array<[string, string]> = [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
          ["x-own", "yes"]
        ]
        return new Response("teapot", { status: 418, headers })
      })
    ]
    const { ask } = await open(adapter, { routes })
    const text = await ask("/text")
    expect([text.status, text.headers.get("content-type"), await text.text()]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "Grüße"
    ])
    const json = await ask("/json")
    expect([json.status, json.headers.get("content-type"), await json.text()]).toEqual([
      200,
      "application/json",
      '{"n":[1,null]}'
    ])
    const nothing = await ask("/nothing")
    expect([nothing.status, await nothing.text()]).toEqual([204, ""])
    const whole = await ask("/whole")
    expect([whole.status, whole.headers.getSetCookie(), whole.headers.get("x-own"), await whole.text()]).toEqual([
      418,
      ["a=1", "b=2"],
      "yes",
      "teapot"
    ])
  })

  it("tells its handler the values of the path, the URL, the body and the headers", async () => {
    const told = route(
      { path: "/orders/:id/*", method: ["POST", "PUT"] },
      async (request, { params, url, principal }) => ({
        params,
        query: url.searchParams.get("q"),
        path: url.pathname,
        body: await request.text(),
        method: request.method,
        type: request.headers.get("content-type"),
        anonymous: principal.anonymous
      })
    )
    const { ask } = await open(adapter, { routes: [told] })
    const headers = { "content-type": "text/x-own" }
    const answer = await ask("/orders/a%20b/c/d%2Fe?q=1", { method: "PUT", body: "the body", headers })
    expect(await answer.json()).toEqual({
      params: { id: "a b", "*": "c/d/e" },
      query: "1",
      path: "/orders/a%20b/c/d%2Fe",
      body: "the body",
      method: "PUT",
      type: "text/x-own",
      anonymous: true
    })
  })

  it("uses services of the server's layers, in Effects and beside them", async () => {
    const routes = [
      route({ path: "/one/:id", uses: { db: Db } }, (_, { db, params }) => db.order(params.id)),
      route({ path: "/two", uses: { db: Db } }, () => Effect.map(Db, (db) => db.order("2"))),
      route({ path: "/change", method: "POST" }, function* () {
        yield* Changes
        return "changed"
      })
    ]
    const { ask } = await open(adapter, { routes })
    expect(await (await ask("/one/1")).text()).toBe("order 1")
    expect(await (await ask("/two")).text()).toBe("order 2")
    expect(await (await ask("/change", { method: "POST" })).text()).toBe("changed")
  })

  it("releases what its handler acquired, before the response is sent", async () => {
    const order: Array<string> = []
    const acquiring = route({ path: "/x" }, function* () {
      yield* Effect.acquireRelease(Effect.void, () => Effect.sync(() => void order.push("released")))
      return "done"
    })
    const { ask } = await open(adapter, { routes: [acquiring] })
    await ask("/x").then(() => order.push("answered"))
    expect(order).toEqual(["released", "answered"])
  })

  it("serves HEAD as GET without its content, and names the methods it does serve", async () => {
    const routes = [route({ path: "/x" }, () => "four"), route({ path: "/x", method: ["POST", "DELETE"] }, () => "")]
    const { ask } = await open(adapter, { routes })
    const head = await ask("/x", { method: "HEAD" })
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "4", ""])
    const refused = await ask("/x", { method: "PATCH" })
    expect(refused.headers.get("allow")).toBe("GET, HEAD, POST, DELETE")
    expect(await refusalOf(refused)).toEqual({
      status: 405,
      jsonrpc: "2.0",
      code: -32600,
      message: "This path is served by GET, HEAD, POST, DELETE."
    })
  })

  it("leaves other paths to nobody, and MCP to MCP", async () => {
    const { ask } = await open(adapter, { routes: [route({ path: "/a/:x" }, () => "a")] })
    for (const path of ["/", "/a", "/a/", "/a/b/c", "/A/b"]) {
      expect(await refusalOf(await ask(path))).toMatchObject({
        status: 404,
        message: "Nothing is served at this path; MCP is served at /mcp."
      })
    }
    expect((await ask("/mcp", { method: "DELETE" })).status).toBe(400)
  })

  it("is chosen by how exact it is, whatever the order", async () => {
    const paths = ["/*", "/a/*", "/:x/b", "/a/:y", "/a/b", "/a/:y/c"]
    const routes = paths.map((path) => route({ path }, () => path))
    const { ask } = await open(adapter, { routes })
    const served = async (path: string) => (await ask(path)).text()
    expect(await served("/a/b")).toBe("/a/b")
    expect(await served("/a/z")).toBe("/a/:y")
    expect(await served("/z/b")).toBe("/:x/b")
    expect(await served("/a/z/c")).toBe("/a/:y/c")
    expect(await served("/a/z/d")).toBe("/a/*")
    expect(await served("/a/")).toBe("/a/*")
    expect(await served("/z")).toBe("/*")
    expect(await served("/")).toBe("/*")
  })

  it("falls to a less exact one that serves the method", async () => {
    const routes = [
      route({ path: "/a/:id" }, () => "exact"),
      route({ path: "/a/*", method: "POST" }, () => "loose"),
      route({ path: "/a/:name", method: "HEAD" }, () => new Response(null, { status: 201 }))
    ]
    const { ask } = await open(adapter, { routes })
    expect(await (await ask("/a/1")).text()).toBe("exact")
    expect(await (await ask("/a/1", post)).text()).toBe("loose")
    expect((await ask("/a/1", { method: "HEAD" })).status).toBe(201)
  })

  it("lets nobody escape a directory by what stands in the path", async () => {
    const routes = [route({ path: "/f/*" }, (_, { params }) => params["*"]), route({ path: "/n/:name" }, () => "")]
    const { ask } = await open(adapter, { routes })
    for (const [path, why] of [
      ["/f/..%2Fsecret", 'what stands for * has a ".." segment'],
      ["/f/%2Fetc", "what stands for * is an absolute path"],
      ["/f/a%00", "what stands for * contains a control character"],
      ["/f/%FF", "what stands for * is not percent-encoded UTF-8"],
      ["/n/a%2Fb", 'the value of :name holds a "/", a backslash or a control character'],
      ["/n/%2E%2E%5C", 'the value of :name holds a "/", a backslash or a control character']
    ] as const) {
      expect(await refusalOf(await ask(path))).toMatchObject({
        status: 400,
        message: `The path cannot be served: ${why}.`
      })
    }
    expect(await (await ask("/f/a/b.txt")).text()).toBe("a/b.txt")
  })

  it("asks who is calling unless told not to", async () => {
    const routes = [
      route({ path: "/mine" }, (_, { principal }) => principal.id),
      route({ path: "/open", authenticate: false }, (_, { principal }) => `${principal.anonymous}`)
    ]
    const { ask } = await open(adapter, { routes, authenticate: byToken })
    expect(await refusalOf(await ask("/mine"))).toMatchObject({ status: 401, message: "Send a bearer token." })
    expect(await (await ask("/mine", { headers: { authorization: "Bearer ann" } })).text()).toBe("ann")
    expect(await (await ask("/open")).text()).toBe("true")
  })

  it("keeps the reasons of a failure to itself, unless they are public", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const routes = [
      route({ path: "/thrown" }, () => {
        throw new Error("password is hunter2")
      }),
      route({ path: "/failed" }, () => Effect.fail("hunter2")),
      route({ path: "/rejected" }, () => Promise.reject(new Error("hunter2"))),
      route({ path: "/cyclic" }, () => {
        const cyclic: { self?: unknown } = {}
        cyclic.self = cyclic
        return cyclic
      }),
      route({ path: "/function" }, () => () => {}),
      route({ path: "/error" }, () => Response.error()),
      route({ path: "/public" }, () => Effect.fail(new PublicError("The till is empty."))),
      route({ path: "/missing" }, () => Effect.fail(new ResourceNotFound("There is no order 7."))),
      route({ path: "/refused" }, () => refuse({ status: 402, message: "Pay first.", headers: { "x-price": "3" } })),
      route({ path: "/died" }, () => Effect.die(refuse({ status: 409, message: "Taken." })))
    ]
    const { ask } = await open(adapter, { routes })
    const masked = ["/thrown", "/failed", "/rejected", "/cyclic", "/function", "/error"]
    for (const path of masked) {
      const { status, message } = await refusalOf(await ask(path))
      expect([status, message]).toEqual([
        500,
        expect.stringMatching(/^The server failed \(correlation id [0-9a-f-]{36}\)\.$/)
      ])
    }
    expect(log.mock.calls.map(([what]) => /the route (\S+) failed/.exec(what)?.[1])).toEqual(masked)
    expect(await refusalOf(await ask("/public"))).toMatchObject({ status: 500, message: "The till is empty." })
    expect(await refusalOf(await ask("/missing"))).toMatchObject({ status: 404, message: "There is no order 7." })
    const refused = await ask("/refused")
    expect(refused.headers.get("x-price")).toBe("3")
    expect(await refusalOf(refused)).toMatchObject({ status: 402, message: "Pay first." })
    expect(await refusalOf(await ask("/died"))).toMatchObject({ status: 409, message: "Taken." })
  })

  it("fails where JSON would not tell all that it gives, and says so in the log", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const routes = [
      route({ path: "/map" }, () => ({ counts: new Map([["a", 1]]) })),
      route({ path: "/bytes" }, () => new Uint8Array(2)),
      route({ path: "/stream" }, () => new ReadableStream())
    ]
    const { ask } = await open(adapter, { routes })
    for (const path of ["/map", "/bytes", "/stream"]) expect((await ask(path)).status).toBe(500)
    const said = log.mock.calls.map((parts) => /The (?:result|handler) .*/.exec(parts.join(" "))?.[0])
    expect(said).toEqual([
      "The result cannot be sent: $.counts is a Map; return Object.fromEntries(map), or an array: [...map].",
      "The handler gave a body without a Response; return new Response(body).",
      "The handler gave a body without a Response; return new Response(body)."
    ])
  })

  it("reads bodies within the server's limits", async () => {
    const routes = [route({ path: "/x", method: ["GET", "POST"] }, async (request) => (await request.text()).length)]
    const { ask } = await open(adapter, { routes, maxBodyBytes: 10 })
    expect(await (await ask("/x", { method: "POST", body: "0123456789" })).text()).toBe("10")
    expect(await refusalOf(await ask("/x", { method: "POST", body: "0123456789a" }))).toMatchObject({
      status: 413,
      message: "The body is larger than 10 bytes, the most this server reads."
    })
    expect(await (await ask("/x")).text()).toBe("0")
  })

  it("streams what its handler streams, as fast as it is read", async () => {
    let pulled = 0
    const chunk = new Uint8Array(65_536)
    const streaming = route(
      { path: "/x" },
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              if (++pulled > 400) controller.close()
              else controller.enqueue(chunk)
            }
          })
        )
    )
    const { ask } = await open(adapter, { routes: [streaming] })
    const response = await ask("/x")
    const reader = response.body!.getReader()
    let size = 0
    const first = await reader.read()
    await new Promise((resolve) => setImmediate(resolve))
    expect(pulled).toBeLessThan(400)
    for (let read = first; !read.done; read = await reader.read()) size += read.value.length
    expect([pulled, size]).toEqual([401, 400 * 65_536])
  })

  it("is interrupted, and its stream cancelled, when the client leaves", async () => {
    const began = gate()
    const interrupted = gate()
    const aborted = gate<unknown>()
    const cancelled = gate()
    const routes = [
      route({ path: "/wait" }, (request) => {
        request.signal.addEventListener("abort", () => aborted.open(request.signal.aborted))
        began.open()
        return Effect.onInterrupt(Effect.never, () => Effect.sync(interrupted.open))
      }),
      route({ path: "/stream" }, () => {
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(1)),
          cancel: () => cancelled.open()
        })
        return new Response(body)
      })
    ]
    const { ask } = await open(adapter, { routes })
    const leaving = new AbortController()
    const waiting = ask("/wait", { signal: leaving.signal }).catch(() => undefined)
    await began.opened
    leaving.abort()
    await interrupted.opened
    expect(await aborted.opened).toBe(true)
    await waiting
    const response = await ask("/stream")
    await response.body!.cancel()
    await cancelled.opened
  })

  it("is waited for while the server drains, and newcomers are refused", async () => {
    const began = gate()
    const held = gate()
    const holding = route({ path: "/hold" }, async () => {
      began.open()
      await held.opened
      return "finished"
    })
    const { ask, close } = await open(adapter, { routes: [holding], health: true, gracePeriod: 60_000 })
    expect(await (await ask("/health")).json()).toEqual({ status: "ok" })
    const first = ask("/hold")
    await began.opened
    const closing = close()
    expect(await refusalOf(await ask("/hold"))).toMatchObject({ status: 503 })
    const health = await ask("/health")
    expect([health.status, await health.text()]).toEqual([503, '{"status":"draining"}'])
    held.open()
    expect(await (await first).text()).toBe("finished")
    await closing
  })

  it("is answered 503 when the grace period is over", async () => {
    const began = gate()
    const interrupted = gate()
    const never = route({ path: "/never" }, () => {
      began.open()
      return Effect.onInterrupt(Effect.never, () => Effect.sync(interrupted.open))
    })
    const { ask, close } = await open(adapter, { routes: [never], gracePeriod: 0 })
    const answer = ask("/never")
    await began.opened
    const closing = close()
    expect((await answer).status).toBe(503)
    await interrupted.opened
    await closing
  })
})

describe("the health check", () => {
  it.each(adapters)("asks nobody's name and tells nothing else (%s)", async (adapter) => {
    const { ask } = await open(adapter, { health: "/live", authenticate: byToken })
    const response = await ask("/live")
    expect(response.status).toBe(200)
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(await response.text()).toBe('{"status":"ok"}')
    expect([(await ask("/live", { method: "HEAD" })).status, (await ask("/live", post)).status]).toEqual([200, 405])
    expect((await ask("/health")).status).toBe(404)
  })

  it("answers probes that know an address only, but to no page of another origin", async () => {
    await using serving = await serve(main, { http: { port: 0, health: true }, signals: false })
    const probe = (headers: Record<string, string>) =>
      send(serving.port!, { target: "/health", method: "GET", headers: { accept: "*/*", ...headers } })
    expect((await probe({ host: "10.1.2.3:8080" })).status).toBe(200)
    expect((await probe({ origin: "https://evil.example" })).status).toBe(403)
  })
})

describe("over a socket", () => {
  const routes = [route({ path: "/x", method: ["GET", "POST"] }, async (request) => request.text())]

  it("a route answers to the server's own names and pages only", async () => {
    await using serving = await serve(main, { http: { port: 0, routes }, signals: false })
    const ask = (headers: Record<string, string | undefined>) =>
      send(serving.port!, { target: "/x", method: "GET", headers })
    expect((await ask({})).status).toBe(200)
    expect((await ask({ host: "evil.example" })).status).toBe(403)
    expect((await ask({ origin: "https://evil.example" })).status).toBe(403)
  })

  it("a body that is too slow answers 408, and one of a GET 400", async () => {
    await using serving = await serve(main, { http: { port: 0, routes, bodyTimeout: 20 }, signals: false })
    const socket = await openSocket(serving.port!)
    socket.write(`POST /x HTTP/1.1\r\nhost: localhost:${serving.port}\r\ncontent-length: 5\r\n\r\nab`)
    expect((await readResponse(socket)).status).toBe(408)
    socket.destroy()
    const withBody = await send(serving.port!, { target: "/x", method: "GET", body: "content" })
    expect([withBody.status, JSON.parse(withBody.body).error.message]).toEqual([
      400,
      "A GET or HEAD request must have no body."
    ])
  })

  it("a stream that fails is cut, so that nobody takes it for whole", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const sent = gate<ReadableStreamDefaultController>()
    const failing = route({ path: "/fails" }, () => {
      const start = (controller: ReadableStreamDefaultController) => {
        controller.enqueue(new TextEncoder().encode("half"))
        sent.open(controller)
      }
      return new Response(new ReadableStream({ start }))
    })
    await using serving = await serve(main, { http: { port: 0, routes: [failing] }, signals: false })
    const response = await fetch(new URL("/fails", serving.url))
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("half")
    ;(await sent.opened).error(new Error("the disk is gone"))
    await expect(reader.read()).rejects.toThrow()
    expect(log.mock.calls[0]![0]).toMatch(/the body of a route's response failed/)
  })
})

describe("routes that cannot be served", () => {
  const serving = (options: FetchOptions) => () => toFetchHandler(main, options)
  const at = (path: string, method?: "GET" | "POST" | "HEAD") =>
    route({ path, ...(method && { method }) }, () => "") as Route

  it.each<[string, FetchOptions, string]>([
    [
      "at the path of MCP",
      { routes: [at("/mcp")] },
      'MCP at "/mcp" and route GET "/mcp" match the same requests: change the path of one.'
    ],
    [
      "at the path of the health check",
      { routes: [at("/health", "POST")], health: true },
      'The health check at "/health" and route POST "/health" match the same requests: change the path of one.'
    ],
    [
      "twice",
      { routes: [at("/a/:x"), at("/a/:y")] },
      'Route GET "/a/:x" and route GET "/a/:y" match the same requests: change the path of one.'
    ],
    [
      "as MCP and health check at once",
      { health: "/mcp" },
      'MCP at "/mcp" and the health check at "/mcp" match the same requests: change the path of one.'
    ],
    [
      "that are none",
      { routes: ["/x" as never] },
      'Option `routes[0]` is "/x": make routes with route({ path }, (request) => …).'
    ],
    ["that are no array", { routes: {} as never }, "Option `routes` is {}: use an array of routes."],
    [
      "as a health check without path",
      { health: "live" },
      'Option `health` is "live": use true, or a path such as "/health".'
    ]
  ])("are refused: %s", (_, options, message) => {
    expect(serving(options)).toThrow(new ServeError(message))
  })

  it("may share a path where their methods differ, and with MCP where they are less exact", () => {
    expect(serving({ routes: [at("/a"), at("/a", "POST"), at("/a", "HEAD"), at("/*"), at("/:x")] })).not.toThrow()
  })

  it("are refused at the paths of the legacy SSE endpoint, and less exact ones leave them alone", async () => {
    const http = (routes: ReadonlyArray<Route>) => ({ http: { port: 0, legacySse: true, routes }, signals: false })
    for (const path of ["/sse", "/messages"]) {
      await expect(serve(main, http([at(path)]))).rejects.toThrow(
        new ServeError(
          `Route GET "${path}" and the legacy SSE endpoint at "${path}" match the same requests: change the path of one.`
        )
      )
    }
    await using serving = await serve(main, http([at("/*")]))
    const response = await fetch(new URL("/sse", serving.url), { headers: { accept: "text/event-stream" } })
    expect(response.headers.get("content-type")).toContain("text/event-stream")
    await response.body!.cancel()
  })

  it("are refused where they use a service that no layer gives", async () => {
    const bare = server({ name: "bare", version: "1" }).tool(tool({ name: "t" }, () => ""))
    const routes = [route({ path: "/orders", uses: { db: Db } }, () => "")]
    await expect(serve(bare, { http: { port: 0, routes }, signals: false })).rejects.toThrow(
      new ServeError(
        'Route GET "/orders" uses the service spec/Db, which no layer of this server gives: add .provide(layer) for it.'
      )
    )
  })
})

describe("a route is refused where it is defined", () => {
  const handler = () => ""
  it.each<[string, () => unknown, string]>([
    [
      "without a slash",
      () => route({ path: "x" }, handler),
      'route "x": use a path that starts with "/" and has no query, such as "/orders/:id".'
    ],
    [
      "with a query",
      () => route({ path: "/x?y" }, handler),
      'route "/x?y": use a path that starts with "/" and has no query, such as "/orders/:id".'
    ],
    [
      "with a star inside",
      () => route({ path: "/*/x" }, handler),
      'route "/*/x": "*" stands for all that follows, so it must be the last segment.'
    ],
    [
      "with half a star",
      () => route({ path: "/x*" }, handler),
      'route "/x*": in "x*", ":" and "*" must begin the segment; write "%3A" or "%2A" for the characters.'
    ],
    [
      "with a name that is none",
      () => route({ path: "/:1" }, handler),
      'route "/:1": ":1" needs a name, a letter and then letters, digits and "_", such as ":id".'
    ],
    ["with one name twice", () => route({ path: "/:a/:a" }, handler), 'route "/:a/:a": two segments are called "a".'],
    [
      "with a method that is none",
      () => route({ path: "/", method: "get" as never }, handler),
      'route "/": method is "get"; use one or more of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.'
    ],
    [
      "without methods",
      () => route({ path: "/", method: [] }, handler),
      'route "/": method is []; use one or more of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.'
    ],
    [
      "with half a truth",
      () => route({ path: "/", authenticate: "no" as never }, handler),
      'route "/": authenticate is "no"; use true or false.'
    ],
    [
      "with a name that is taken",
      () => route({ path: "/", uses: { url: Db } as never }, handler),
      'route "/": uses.url would hide the handler\'s own url; choose another name.'
    ],
    [
      "with what is no service",
      () => route({ path: "/", uses: { db: {} } as never }, handler),
      'route "/": uses.db must be a service, such as a class that extends Context.Service.'
    ],
    [
      "without a handler",
      () => route({ path: "/" }, undefined as never),
      'route "/": the second argument must be its handler function.'
    ],
    [
      "without options",
      () => route(undefined as never, handler),
      "route(…) takes its options first, then its handler: route({ path }, () => …)."
    ]
  ])("%s", (_, define, message) => {
    expect(define).toThrow(new DefinitionError(message))
  })
})
