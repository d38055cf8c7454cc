import { once } from "node:events"
import { createServer } from "node:net"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type HttpListener, type HttpOptions, httpSettings, listen } from "../../../lib/transports/http/node.ts"
import { fakePorts } from "../../kit/fake-ports.ts"
import { openSocket, rawHead, readResponse, send } from "../../kit/raw-http.ts"
import { settled } from "../../kit/settled.ts"

const open: Array<HttpListener> = []

const start = async (options: HttpOptions = {}) => {
  const fake = fakePorts()
  const listener = await listen(fake.ports, httpSettings({ port: 0, ...options }))
  open.push(listener)
  return { ...fake, ...listener }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)))
})

const call = (method: string, params?: object, id: string | number = 1) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params })

describe("a request over HTTP", () => {
  it("is answered as JSON with its length, and the connection is kept", async () => {
    const { port } = await start()
    const socket = await openSocket(port)
    for (const id of [1, 2]) {
      const body = call("echo", { text: "größe" }, id)
      socket.write(rawHead(port, { "content-length": String(Buffer.byteLength(body)) }) + body)
      const response = await readResponse(socket)
      expect(response).toMatchObject({
        status: 200,
        headers: { "content-type": "application/json", connection: "keep-alive" }
      })
      expect(JSON.parse(response.body)).toStrictEqual({ jsonrpc: "2.0", id, result: { text: "größe" } })
    }
    socket.destroy()
  })

  it("is answered the same when its handler takes its time, its body comes in pieces, or the client pipelines", async () => {
    const { port } = await start()
    const socket = await openSocket(port)
    const first = call("later", { n: 1 })
    const second = call("echo", { n: 2 })
    socket.write(rawHead(port, { "content-length": String(first.length) }) + first.slice(0, 10))
    socket.write(first.slice(10))
    expect(JSON.parse((await readResponse(socket)).body).result).toEqual({ n: 1 })
    socket.write(rawHead(port, { "transfer-encoding": "chunked" }))
    socket.write(`5\r\n${second.slice(0, 5)}\r\n${(second.length - 5).toString(16)}\r\n${second.slice(5)}\r\n0\r\n\r\n`)
    expect(JSON.parse((await readResponse(socket)).body).result).toEqual({ n: 2 })
    socket.destroy()
  })

  it("may be a notification: 202 without a body", async () => {
    const { port, received } = await start()
    const response = await send(port, { body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/x" }) })
    expect(response).toMatchObject({ status: 202, body: "", headers: { "content-length": "0" } })
    expect(response.headers["content-type"]).toBeUndefined()
    expect(received).toHaveLength(1)
  })

  it("carries the status and headers its reply chose, and results prepared as bytes", async () => {
    const { port } = await start()
    expect(await send(port, { body: call("status") })).toMatchObject({ status: 404, headers: { "x-extra": "1" } })
    expect(JSON.parse((await send(port, { body: call("prepared", {}, "ü") })).body)).toStrictEqual({
      jsonrpc: "2.0",
      id: "ü",
      result: { tools: [{ name: "größe" }] }
    })
  })

  it("answers a masked 500 and logs to stderr where the protocol fails", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const { port } = await start()
    const response = await send(port, { body: call("throw") })
    expect(response.status).toBe(500)
    const { message } = JSON.parse(response.body).error
    expect(message).toMatch(/^The server failed \(correlation id [0-9a-f-]{36}\)\.$/)
    expect(log).toHaveBeenCalledOnce()
    expect(String(log.mock.calls[0]![0])).toContain(/[0-9a-f-]{36}/.exec(message)![0])
    expect(await send(port, { body: call("echo") })).toMatchObject({ status: 200 })
  })
})

describe("a stream of notifications", () => {
  it("turns the response into events at the first one, and ends after the answer", async () => {
    const { port } = await start()
    const response = await send(port, { body: call("notify", { count: 2 }) })
    expect(response).toMatchObject({
      status: 200,
      headers: { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" }
    })
    const events = response.body.split("\n").filter((line) => line.startsWith("data: "))
    expect(events.map((line) => JSON.parse(line.slice(6)))).toStrictEqual([
      { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1 } },
      { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 2 } },
      { jsonrpc: "2.0", id: 1, result: { done: true } }
    ])
    expect(response.body).toContain('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"done":true}}\n\n')
  })

  it("is left out for a client that accepts JSON only or says nothing", async () => {
    const { port } = await start()
    for (const accept of ["application/json", undefined]) {
      const response = await send(port, { body: call("notify", { count: 2 }), headers: { accept } })
      expect(response.headers["content-type"]).toBe("application/json")
      expect(JSON.parse(response.body)).toStrictEqual({ jsonrpc: "2.0", id: 1, result: { done: true } })
    }
  })

  it("carries even a lone answer for a client that accepts events only", async () => {
    const { port } = await start()
    const response = await send(port, { body: call("echo"), headers: { accept: "text/event-stream" } })
    expect(response.headers["content-type"]).toBe("text/event-stream")
    expect(response.body).toContain('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
  })

  it("carries a question of the server's own, and says where it cannot be put", async () => {
    const { port } = await start()
    const asked = await send(port, { body: call("ask") })
    expect(asked.headers["content-type"]).toBe("text/event-stream")
    expect(asked.body).toContain('event: message\ndata: {"jsonrpc":"2.0","id":"asked-1","method":"roots/list"}\n\n')
    expect(asked.body).toContain('"result":{"why":"asked"}')
    const unheard = await send(port, { body: call("ask"), headers: { accept: "application/json" } })
    expect(JSON.parse(unheard.body).result.why).toBe(
      "its Accept header does not admit text/event-stream, the only way to ask it"
    )
    const unread = await send(port, { body: call("ask", { count: 20_000 }) })
    expect(unread.body).toContain('"result":{"why":"it does not read what it is sent"}')
  })

  it("loses nothing of what was told faster than the client reads, and hoards little of it", async () => {
    const { port, sent } = await start()
    const body = call("flood", { count: 200_000 })
    const socket = await openSocket(port)
    socket.pause()
    const before = process.memoryUsage().external + process.memoryUsage().heapUsed
    socket.write(rawHead(port, { "content-length": String(body.length), connection: "close" }) + body)
    await settled(sent)
    // 200,000 events are 25 MB; what waits is bounded by 256 KiB and the kernel's buffers
    expect(sent()).toBeLessThan(150_000)
    expect(process.memoryUsage().external + process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk
    })
    socket.resume()
    await once(socket, "close")
    const told = [...text.matchAll(/"progress":(\d+)\}/g)].map(([, n]) => Number(n))
    expect(told).toEqual(Array.from({ length: 200_000 }, (_, at) => at + 1))
    expect(text).toContain('"result":{"done":true}')
  })
})

it("DELETE ends a session, and its connection is kept", async () => {
  const { port, received } = await start()
  const socket = await openSocket(port)
  socket.write(rawHead(port, { "content-type": undefined, accept: undefined }, "/mcp", "DELETE"))
  expect(await readResponse(socket)).toMatchObject({ status: 200, headers: { "content-length": "0" }, body: "" })
  socket.write(`${rawHead(port, { "content-length": "2" }, "/mcp", "DELETE")}{]`)
  expect((await readResponse(socket)).status).toBe(200)
  expect(received).toStrictEqual(["DELETE", "DELETE"])
  socket.destroy()
})

describe("a client that disconnects", () => {
  it("interrupts its request, once, before the answer", async () => {
    const { port, next, interrupts, release } = await start()
    const held = next("held")
    const socket = await openSocket(port)
    const body = call("hold")
    socket.write(rawHead(port, { "content-length": String(body.length) }) + body)
    await held
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    release()
    expect(interrupts).toEqual(["disconnected"])
  })

  it("interrupts its request in the middle of events", async () => {
    const { port, next, interrupts } = await start()
    const socket = await openSocket(port)
    const body = call("notify-hold")
    socket.write(rawHead(port, { "content-length": String(body.length) }) + body)
    await once(socket, "data")
    const interrupted = next("interrupted")
    socket.destroy()
    await interrupted
    expect(interrupts).toEqual(["disconnected"])
  })

  it("leaves nothing behind in the middle of its body", async () => {
    const { port, received, drain } = await start()
    const socket = await openSocket(port)
    socket.write(`${rawHead(port, { "content-length": "1000" })}{`)
    socket.destroy()
    await once(socket, "close")
    expect(await send(port, { body: call("echo") })).toMatchObject({ status: 200 })
    await drain(60_000)
    expect(received).toHaveLength(1)
  })
})

describe("a hostile body", () => {
  const expectError = (response: { readonly body: string }, code: number, message: string | RegExp) =>
    expect(JSON.parse(response.body)).toStrictEqual({
      jsonrpc: "2.0",
      error: { code, message: typeof message === "string" ? message : expect.stringMatching(message) }
    })

  it("that declares too much answers 413 at once, and the client that goes on sending can read it", async () => {
    const { port } = await start({ maxBodyBytes: 1_000 })
    const response = await send(port, { body: Buffer.alloc(3_000_000, "x") })
    expect(response).toMatchObject({ status: 413, headers: { connection: "close" } })
    expectError(response, -32600, "The body is larger than 1000 bytes, the most this server reads.")
  })

  it("in chunks that sum up to too much answers 413 without reading on", async () => {
    const { port, received } = await start({ maxBodyBytes: 1_000 })
    const socket = await openSocket(port)
    socket.write(rawHead(port, { "transfer-encoding": "chunked" }))
    socket.write(`3e9\r\n${"x".repeat(1_001)}\r\n`)
    const response = await readResponse(socket)
    expect(response).toMatchObject({ status: 413, headers: { connection: "close" } })
    socket.end("0\r\n\r\n")
    await once(socket, "close")
    expect(received).toHaveLength(0)
  })

  it("of exactly the limit is read", async () => {
    const body = call("echo")
    const { port } = await start({ maxBodyBytes: body.length })
    expect(await send(port, { body })).toMatchObject({ status: 200 })
  })

  it("that is too slow answers 408", async () => {
    const { port } = await start({ bodyTimeout: 20 })
    const socket = await openSocket(port)
    socket.write(`${rawHead(port, { "content-length": "100" })}{`)
    const response = await readResponse(socket)
    expect(response).toMatchObject({ status: 408, headers: { connection: "close" } })
    expectError(response, -32600, "The body was not complete after 20 ms.")
    await once(socket, "close")
  })

  it("that nests too deep, is not JSON or not UTF-8 answers 400, and the server lives", async () => {
    const { port } = await start()
    const deep = await send(port, { body: "[".repeat(100_000) })
    expect(deep.status).toBe(400)
    expectError(deep, -32600, "The message nests deeper than 64 levels, the most this server reads.")
    const broken = await send(port, { body: '{"a":' })
    expect(broken.status).toBe(400)
    expectError(broken, -32700, /^The message is not valid JSON: /)
    const bytes = await send(port, { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) })
    expect(bytes.status).toBe(400)
    expectError(bytes, -32700, "The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1).")
    const empty = await send(port, {})
    expect(empty.status).toBe(400)
    expect(await send(port, { body: call("echo", { text: "\ufffd" }) })).toMatchObject({ status: 200 })
  })

  it("is not asked for where the head alone is refused", async () => {
    const { port } = await start()
    const expect100 = { expect: "100-continue", "content-length": "10" }
    const asking = await openSocket(port)
    asking.write(rawHead(port, expect100, "/else"))
    expect((await readResponse(asking)).status).toBe(404)
    const welcome = await openSocket(port)
    welcome.write(rawHead(port, expect100))
    expect(String((await once(welcome, "data"))[0])).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    welcome.destroy()
  })

  it("that was refused unread does not cost the connection when it is small", async () => {
    const { port } = await start()
    const socket = await openSocket(port)
    const body = call("echo")
    const refused = rawHead(port, { "content-type": "text/plain", "content-length": String(body.length) }) + body
    socket.write(refused)
    expect((await readResponse(socket)).status).toBe(415)
    socket.write(rawHead(port, { "content-length": String(body.length) }) + body)
    expect((await readResponse(socket)).status).toBe(200)
    socket.destroy()
  })
})

describe("bytes that are not a request", () => {
  it("answer 400 with a JSON-RPC error and a closed connection", async () => {
    const { port } = await start()
    const socket = await openSocket(port)
    socket.write("NOT HTTP\r\n\r\n")
    const response = await readResponse(socket)
    expect(response).toMatchObject({
      status: 400,
      headers: { "content-type": "application/json", connection: "close" }
    })
    expect(JSON.parse(response.body)).toStrictEqual({
      jsonrpc: "2.0",
      error: { code: -32600, message: "The connection does not speak HTTP/1.1." }
    })
  })

  it("answer 408 where headers do not come to an end, and 431 where they grow without bound", async () => {
    const { port } = await start({ headersTimeout: 40 })
    const slow = await openSocket(port)
    slow.write("POST /mcp HTTP/1.1\r\nhost: localhost\r\n")
    expect(JSON.parse((await readResponse(slow)).body).error.message).toBe(
      "The headers of the request were not complete in time."
    )
    const large = await openSocket(port)
    large.write(`POST /mcp HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`)
    expect((await readResponse(large)).status).toBe(431)
  })
})

describe("drain", () => {
  it("answers 503 to newcomers, on new connections too, while what is in flight finishes", async () => {
    const { port, next, release, drain, interrupts } = await start()
    const held = next("held")
    const inFlight = send(port, { body: call("hold") })
    await held
    const drained = drain(60_000)
    const late = await send(port, { body: call("echo") })
    expect(late).toMatchObject({ status: 503, headers: { "retry-after": "1", connection: "close" } })
    expect(JSON.parse(late.body)).toStrictEqual({
      jsonrpc: "2.0",
      error: { code: -32603, message: "The server is shutting down; try again, another may answer." }
    })
    release()
    expect(await inFlight).toMatchObject({ status: 200, headers: { connection: "close" } })
    await drained
    await expect(openSocket(port)).rejects.toThrow("ECONNREFUSED")
    expect(interrupts).toEqual([])
  })

  it("interrupts what outlasts the grace period, and still answers it", async () => {
    const { port, next, drain, interrupts } = await start()
    const held = next("held")
    const inFlight = send(port, { body: call("hold") })
    await held
    await drain(0)
    expect(await inFlight).toMatchObject({ status: 503 })
    expect(interrupts).toEqual(["drained"])
  })

  it("refuses a request whose body is still on its way when the grace period ends", async () => {
    const { port, drain } = await start()
    const socket = await openSocket(port)
    socket.write(`${rawHead(port, { "content-length": "10", expect: "100-continue" })}{`)
    await once(socket, "data")
    const answer = readResponse(socket)
    const drained = drain(0)
    expect(await answer).toMatchObject({ status: 503, headers: { connection: "close" } })
    await drained
  })

  it("closes idle connections at once", async () => {
    const { port, drain } = await start()
    const socket = await openSocket(port)
    const closed = once(socket.resume(), "close")
    await drain(60_000)
    await closed
  })
})

describe("an address that cannot be bound", () => {
  it("is named, with the fix", async () => {
    const blocker = createServer().listen(0, "127.0.0.1")
    await once(blocker, "listening")
    const { port } = blocker.address() as { port: number }
    await expect(listen(fakePorts().ports, httpSettings({ port }))).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port} (EADDRINUSE): another process uses this port; stop it, or choose another with \`http: { port }\` (0 takes a free one).`
    )
    blocker.close()
  })
})
