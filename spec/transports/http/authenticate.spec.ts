import { once } from "node:events"
import * as Effect from "effect/Effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type Authenticate, refuse } from "../../../lib/transports/http/authenticate.ts"
import { fetchHandler } from "../../../lib/transports/http/fetch.ts"
import { type HttpListener, httpSettings, listen } from "../../../lib/transports/http/node.ts"
import { fakeApp, fakePorts } from "../../kit/fake-ports.ts"
import { openSocket, rawHead, readResponse, send } from "../../kit/raw-http.ts"

const open: Array<HttpListener> = []

const start = async (authenticate: Authenticate) => {
  const fake = fakePorts()
  const listener = await listen(fake.ports, httpSettings({ port: 0, authenticate }))
  open.push(listener)
  return { ...fake, ...listener }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)))
})

const echo = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo" })
const alice = { id: "alice", anonymous: false, scopes: ["read"], claims: { team: 1 } }
const challenge = refuse({ message: "Send a bearer token.", headers: { "WWW-Authenticate": 'Bearer scope="read"' } })

const principals: ReadonlyArray<readonly [string, Authenticate]> = [
  ["a value", () => alice],
  ["a promise", async () => alice],
  ["an Effect", () => Effect.succeed(alice)],
  ["an Effect that takes its time", () => Effect.as(Effect.yieldNow, alice)]
]

const refusals: ReadonlyArray<readonly [string, Authenticate]> = [
  ["returned", () => challenge],
  ["resolved", async () => challenge],
  ["rejected", () => Promise.reject(challenge)],
  [
    "thrown",
    () => {
      throw challenge
    }
  ],
  ["the success of an Effect", () => Effect.succeed(challenge)],
  ["the failure of an Effect", () => Effect.fail(challenge)]
]

const faults: ReadonlyArray<readonly [string, Authenticate]> = [
  [
    "throws",
    () => {
      throw new Error("secret: db password")
    }
  ],
  ["rejects", () => Promise.reject(new Error("secret: db password"))],
  ["fails", () => Effect.fail(new Error("secret: db password"))],
  ["dies", () => Effect.die(new Error("secret: db password"))],
  ["gives nobody", () => undefined as never],
  ["gives a principal without an id", () => ({ id: "" })]
]

describe("authenticate", () => {
  it.each(principals)("names the caller by %s", async (_, authenticate) => {
    const server = await start(authenticate)
    expect((await send(server.port, { body: echo })).status).toBe(200)
    expect(server.principals).toStrictEqual([alice])
  })

  it("leaves everybody anonymous by default, and completes a bare id", async () => {
    const server = await start(() => ({ id: "bob" }))
    await send(server.port, { body: echo })
    expect(server.principals).toStrictEqual([{ id: "bob", anonymous: false, scopes: [], claims: {} }])
    const app = fakeApp()
    await fetchHandler(app.app)(
      new Request("http://localhost/mcp", {
        method: "POST",
        body: echo,
        headers: { "content-type": "application/json" }
      })
    )
    expect(app.principals[0]).toMatchObject({ id: "anonymous", anonymous: true })
  })

  it.each(refusals)("refuses with the status, headers and message of a refusal %s", async (_, authenticate) => {
    const server = await start(authenticate)
    const response = await send(server.port, { body: echo })
    expect(response).toMatchObject({ status: 401, headers: { "www-authenticate": 'Bearer scope="read"' } })
    expect(JSON.parse(response.body)).toStrictEqual({
      jsonrpc: "2.0",
      error: { code: -32600, message: "Send a bearer token." }
    })
    expect(server.received).toEqual([])
  })

  it.each(faults)("answers a masked 500 and logs the reason where it %s", async (_, authenticate) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const server = await start(authenticate)
    const response = await send(server.port, { body: echo })
    expect(response.status).toBe(500)
    expect(JSON.parse(response.body).error.message).toMatch(
      /^The server could not authenticate the request \(correlation id [0-9a-f-]{36}\)\.$/
    )
    expect(response.body).not.toContain("secret")
    expect(log).toHaveBeenCalledOnce()
    expect(server.received).toEqual([])
  })

  it("decides before any of the body has arrived", async () => {
    const server = await start(({ headers }) => (headers.get("authorization") === undefined ? challenge : alice))
    const socket = await openSocket(server.port)
    socket.write(rawHead(server.port, { "content-length": "100000" }))
    expect((await readResponse(socket)).status).toBe(401)
    socket.destroy()
  })

  it("is interrupted where the client leaves first, which is no fault to log", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    let interrupted: () => void
    const done = new Promise<void>((resolve) => {
      interrupted = resolve
    })
    let waiting: () => void
    const asked = new Promise<void>((resolve) => {
      waiting = resolve
    })
    const server = await start(() =>
      Effect.onInterrupt(
        Effect.andThen(
          Effect.sync(() => waiting()),
          Effect.never
        ),
        () => Effect.sync(() => interrupted())
      )
    )
    const socket = await openSocket(server.port)
    socket.write(rawHead(server.port, { "content-length": String(echo.length) }) + echo)
    await asked
    socket.destroy()
    await once(socket, "close")
    await done
    await server.drain(60_000)
    expect(server.received).toEqual([])
    expect(log).not.toHaveBeenCalled()
  })
})

describe("refuse", () => {
  it("removes what would start a header of an attacker's", () => {
    const refused = refuse({ message: "no", headers: { "X-Why": "a\r\nSet-Cookie: b\u0000" } })
    expect(refused.headers).toEqual({ "x-why": "aSet-Cookie: b" })
  })

  it("takes statuses of errors and names of headers only", () => {
    expect(() => refuse({ status: 200, message: "" })).toThrow(
      "refuse: status 200; use an HTTP status from 400 to 599."
    )
    expect(() => refuse({ message: "", headers: { "a b": "" } })).toThrow('refuse: "a b" is not a header name')
  })
})
