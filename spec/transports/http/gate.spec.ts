import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { httpSettings, type HttpListener, type HttpOptions, listen } from "../../../lib/transports/http/node.ts"
import { fakePorts } from "../../kit/fake-ports.ts"
import { send } from "../../kit/raw-http.ts"

const echo = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo", params: { a: 1 } })
const listeners: Array<HttpListener> = []

const start = async (options: HttpOptions = {}) => {
  const fake = fakePorts()
  const listener = await listen(fake.ports, httpSettings({ port: 0, ...options }))
  listeners.push(listener)
  return { ...fake, port: listener.port }
}

afterAll(() => Promise.all(listeners.map((listener) => listener.drain(0))))

const error = (code: number, message: string) => ({ jsonrpc: "2.0", error: { code, message } })

describe("the gate of an HTTP server with default options", () => {
  let port: number
  let received: Array<unknown>
  beforeAll(async () => {
    ;({ port, received } = await start())
  })

  const refusals: Array<
    [title: string, request: Parameters<typeof send>[1], status: number, body: object, headers?: Record<string, string>]
  > = [
    [
      "another path",
      { target: "/mcp/else" },
      404,
      error(-32600, "Nothing is served at this path; MCP is served at /mcp.")
    ],
    [
      "a Host that is not loopback (DNS rebinding)",
      { headers: { host: "evil.example" } },
      403,
      error(
        -32600,
        'This server does not answer to the Host "evil.example"; its operator can add it to the `hosts` option.'
      )
    ],
    [
      "a Host that only starts like loopback",
      { headers: { host: "localhost.evil.example" } },
      403,
      error(
        -32600,
        'This server does not answer to the Host "localhost.evil.example"; its operator can add it to the `hosts` option.'
      )
    ],
    [
      "a forwarded host while no proxy is trusted",
      { headers: { host: "evil.example", "x-forwarded-host": "localhost" } },
      403,
      error(
        -32600,
        'This server does not answer to the Host "evil.example"; its operator can add it to the `hosts` option.'
      )
    ],
    [
      "an absolute target that names another host than the Host header",
      { target: "http://evil.example/mcp", headers: { host: "localhost" } },
      403,
      error(
        -32600,
        'This server does not answer to the Host "evil.example"; its operator can add it to the `hosts` option.'
      )
    ],
    [
      "the Origin of another site",
      { headers: { origin: "https://evil.example" } },
      403,
      error(
        -32600,
        'Requests from the Origin "https://evil.example" are not allowed; the operator can add it to the `origins` option.'
      )
    ],
    [
      "the opaque Origin of a sandboxed page",
      { headers: { origin: "null" } },
      403,
      error(-32600, 'Requests from the Origin "null" are not allowed; the operator can add it to the `origins` option.')
    ],
    [
      "OPTIONS",
      { method: "OPTIONS" },
      405,
      error(-32600, "MCP is served by POST; GET listens to a session and DELETE ends it."),
      { allow: "GET, POST, DELETE" }
    ],
    [
      "GET that does not admit events",
      { method: "GET", headers: { accept: "application/json" } },
      406,
      error(-32600, "The Accept header of a GET must admit text/event-stream, which is what it is answered by.")
    ],
    [
      "GET that admits nothing in particular",
      { method: "GET", headers: { accept: undefined } },
      406,
      error(-32600, "The Accept header of a GET must admit text/event-stream, which is what it is answered by.")
    ],
    [
      "GET of 2026-07-28",
      { method: "GET", headers: { "mcp-protocol-version": "2026-07-28" } },
      405,
      error(-32600, "MCP is served by POST only."),
      { allow: "POST" }
    ],
    [
      "DELETE of 2026-07-28, which has no sessions",
      { method: "DELETE", headers: { "mcp-protocol-version": "2026-07-28" } },
      405,
      error(-32600, "MCP is served by POST only."),
      { allow: "POST" }
    ],
    [
      "DELETE from another site",
      { method: "DELETE", headers: { origin: "https://evil.example", "content-type": undefined } },
      403,
      error(
        -32600,
        'Requests from the Origin "https://evil.example" are not allowed; the operator can add it to the `origins` option.'
      )
    ],
    [
      "text/plain, which any page may post",
      { headers: { "content-type": "text/plain" } },
      415,
      error(-32600, "The Content-Type must be application/json, in UTF-8 if it names a charset.")
    ],
    [
      "no content type",
      { headers: { "content-type": undefined } },
      415,
      error(-32600, "The Content-Type must be application/json, in UTF-8 if it names a charset.")
    ],
    [
      "another charset",
      { headers: { "content-type": "application/json; charset=latin1" } },
      415,
      error(-32600, "The Content-Type must be application/json, in UTF-8 if it names a charset.")
    ],
    [
      "a compressed body",
      { headers: { "content-encoding": "gzip" } },
      415,
      error(-32600, "The body has a Content-Encoding; send it without compression.")
    ],
    [
      "a client that accepts only HTML",
      { headers: { accept: "text/html" } },
      406,
      error(-32600, "The Accept header must admit application/json or text/event-stream; clients send both.")
    ],
    [
      "a client that excludes what we answer",
      { headers: { accept: "application/json;q=0, text/event-stream;q=0.0" } },
      406,
      error(-32600, "The Accept header must admit application/json or text/event-stream; clients send both.")
    ],
    [
      "a declared body over the limit",
      { headers: { "content-length": "4194305" } },
      413,
      error(-32600, "The body is larger than 4194304 bytes, the most this server reads.")
    ]
  ]

  it.each(refusals)("refuses %s", async (_, request, status, body, headers = {}) => {
    const before = received.length
    const response = await send(port, { body: echo, ...request })
    expect(JSON.parse(response.body)).toStrictEqual(body)
    expect(response.status).toBe(status)
    expect(response.headers).toMatchObject({ "content-type": "application/json", ...headers })
    expect(received.length).toBe(before)
  })

  const passes: ReadonlyArray<readonly [title: string, headers: Record<string, string | undefined>]> = [
    ["localhost", { host: "localhost" }],
    ["localhost on a forwarded port", { host: "LOCALHOST:49152" }],
    ["the IPv6 loopback", { host: "[::1]:8080" }],
    ["a page on localhost", { origin: "http://localhost:5173" }],
    ["no Accept header", { accept: undefined }],
    ["any accepted type", { accept: "text/html, */*;q=0.1" }],
    ["a JSON family", { accept: "application/*" }],
    ["a charset in any spelling", { "content-type": 'Application/JSON ; charset="UTF-8"' }],
    ["a body marked as not encoded", { "content-encoding": "identity" }]
  ]

  it.each(passes)("lets %s through", async (_, headers) => {
    const response = await send(port, { body: echo, headers })
    expect(response.status).toBe(200)
    expect(JSON.parse(response.body)).toStrictEqual({ jsonrpc: "2.0", id: 1, result: { a: 1 } })
  })

  it("reads hostile header values in linear time", async () => {
    const long = `${"a;".repeat(5_000)},`
    for (const name of ["accept", "content-type", "origin", "host"]) {
      const response = await send(port, { body: echo, headers: { [name]: long } })
      expect([403, 406, 415]).toContain(response.status)
      expect(response.body.length).toBeLessThan(500)
    }
  })
})

describe("the gate of an HTTP server with options", () => {
  it("answers to the named hosts only: an entry with a port matches that port, one without matches all", async () => {
    const { port } = await start({ hosts: ["api.example.com", "ports.example.com:8443"] })
    const status = async (host: string, origin?: string) =>
      (await send(port, { body: echo, headers: { host, origin } })).status
    expect(await status("api.example.com")).toBe(200)
    expect(await status("API.example.com:9000")).toBe(200)
    expect(await status("ports.example.com:8443")).toBe(200)
    expect(await status("ports.example.com:80")).toBe(403)
    expect(await status("localhost")).toBe(403)
    expect(await status("api.example.com", "https://api.example.com")).toBe(200)
    expect(await status("api.example.com", "http://localhost")).toBe(403)
  })

  it("compares scheme, host and port of the named origins", async () => {
    const { port } = await start({ origins: ["https://app.example.com:443", "http://localhost:5173"] })
    const status = async (origin: string) => (await send(port, { body: echo, headers: { origin } })).status
    expect(await status("https://app.example.com")).toBe(200)
    expect(await status("http://app.example.com")).toBe(403)
    expect(await status("http://localhost:5173")).toBe(200)
    expect(await status("http://localhost:5174")).toBe(403)
  })

  it("opens to everybody only where the options say dangerously", async () => {
    const { port } = await start({ dangerouslyAllowAnyHost: true, dangerouslyAllowAnyOrigin: true })
    const headers = { host: "anything.example", origin: "https://elsewhere.example" }
    expect((await send(port, { body: echo, headers })).status).toBe(200)
  })

  it("keeps checking origins where only any Host is allowed", async () => {
    const { port } = await start({ dangerouslyAllowAnyHost: true })
    const headers = { host: "anything.example", origin: "https://anything.example" }
    expect((await send(port, { body: echo, headers })).status).toBe(403)
  })

  it("believes the nearest proxy about host, scheme and address where told to", async () => {
    const { port, heads } = await start({ hosts: ["api.example.com"], trustProxy: true })
    const headers = {
      "x-forwarded-host": "evil.example, api.example.com",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "6.6.6.6, 203.0.113.9"
    }
    expect((await send(port, { body: echo, headers, target: "/mcp?x=1" })).status).toBe(200)
    expect(heads[0]).toMatchObject({
      method: "POST",
      url: "https://api.example.com/mcp?x=1",
      remoteAddress: "203.0.113.9"
    })
    expect(
      (await send(port, { body: echo, headers: { ...headers, "x-forwarded-host": "api.example.com, evil.example" } }))
        .status
    ).toBe(403)
  })

  it("gives handlers the head as the client sent it", async () => {
    const { port, heads } = await start({ path: "/" })
    await send(port, { body: echo, headers: { "X-Custom": "v" }, target: "/?q" })
    expect(heads[0]).toMatchObject({ method: "POST", url: `http://127.0.0.1:${port}/?q`, remoteAddress: "127.0.0.1" })
    expect(heads[0]!.headers.get("x-custom")).toBe("v")
    expect(heads[0]!.headers.get("x-missing")).toBeUndefined()
  })
})

describe("HTTP options", () => {
  it.each([
    [{ hosts: ["*"] }, 'Option `hosts` holds "*": use names such as "api.example.com"'],
    [{ hosts: ["https://api.example.com"] }, 'Option `hosts` holds "https://api.example.com"'],
    [
      { origins: ["app.example.com"] },
      'Option `origins` holds "app.example.com": use origins such as "https://app.example.com"'
    ],
    [{ origins: ["*"] }, "dangerouslyAllowAnyOrigin"],
    [{ port: 65_536 }, "Option `port` is 65536: use an integer from 0 to 65535."],
    [{ port: 1.5 }, "Option `port` is 1.5"],
    [{ maxBodyBytes: 0 }, "Option `maxBodyBytes` is 0: use an integer from 1 to 1073741824."],
    [{ maxDepth: 4 }, "Option `maxDepth` is 4: use an integer from 8 to 1000."],
    [{ bodyTimeout: -1 }, "Option `bodyTimeout` is -1"],
    [{ path: "mcp" }, 'Option `path` is "mcp": use a path that starts with "/"'],
    [{ host: "0.0.0.0" }, 'Option `host` is "0.0.0.0", which other machines can reach: name the hosts'],
    [{ trustProxy: "yes" as never }, 'Option `trustProxy` is "yes": use true or false.']
  ])("%j is refused with the option, the value and the way out", (options, message) => {
    expect(() => httpSettings(options)).toThrow(message)
  })
})
