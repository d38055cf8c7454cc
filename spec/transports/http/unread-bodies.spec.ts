import { once } from "node:events"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type HttpListener, httpSettings, listen } from "../../../lib/transports/http/node.ts"
import { fakePorts } from "../../kit/fake-ports.ts"
import { openSocket, rawHead, readResponse } from "../../kit/raw-http.ts"

let listener: HttpListener | undefined

const start = async () => {
  listener = await listen(fakePorts().ports, httpSettings({ port: 0, health: true }))
  return listener.port
}

afterEach(async () => {
  vi.useRealTimers()
  await listener?.drain(0)
})

const health = (port: number, headers: Readonly<Record<string, string>>, method = "GET") =>
  rawHead(port, { "content-type": undefined, ...headers }, "/health", method)

describe("a health check with a body that never ends", () => {
  it.each([
    ["chunks", { "transfer-encoding": "chunked" }, "1\r\nx\r\n", "close"],
    ["a large length", { "content-length": "1000000000" }, "x", "close"],
    ["a small length", { "content-length": "1000" }, "x", "keep-alive"]
  ])("as %s, is answered at once, and its connection ends soon after", async (_, headers, piece, connection) => {
    const port = await start()
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const socket = await openSocket(port)
    socket.write(health(port, headers) + piece)
    const closed = once(socket, "close")
    expect(await readResponse(socket)).toMatchObject({ status: 200, body: '{"status":"ok"}', headers: { connection } })
    vi.advanceTimersByTime(2_000)
    await closed
  })

  it("that waits to be told to go on, is answered and its connection ends", async () => {
    const port = await start()
    const socket = await openSocket(port)
    socket.write(health(port, { "content-length": "1000", expect: "100-continue" }))
    const closed = once(socket, "close")
    expect(await readResponse(socket)).toMatchObject({ status: 200, headers: { connection: "close" } })
    await closed
  })
})

it("a health check with a small body or none keeps its connection", async () => {
  const port = await start()
  const socket = await openSocket(port)
  for (const body of ["{}", ""]) {
    socket.write(health(port, { "content-length": String(body.length) }) + body)
    expect(await readResponse(socket)).toMatchObject({ status: 200, headers: { connection: "keep-alive" } })
  }
  socket.write(health(port, {}, "HEAD"))
  const [head] = await once(socket, "data")
  expect(String(head)).toMatch(/^HTTP\/1.1 200 .+content-length: 15\r\n.*\r\n\r\n$/s)
  socket.destroy()
})

it("a refusal of an unread body behind a request that takes its time is sent all the same", async () => {
  const fake = fakePorts()
  listener = await listen(fake.ports, httpSettings({ port: 0 }))
  const { port } = listener
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  const socket = await openSocket(port)
  let text = ""
  socket.on("data", (chunk) => {
    text += chunk
  })
  const body = '{"jsonrpc":"2.0","id":1,"method":"hold"}'
  const third = '{"jsonrpc":"2.0","id":3,"method":"hold"}'
  socket.write(`${rawHead(port, { "content-length": String(body.length) })}${body}`)
  socket.write(`${rawHead(port, { "content-length": "2" }, "/nowhere")}{}`)
  socket.write(`${rawHead(port, { "content-length": String(third.length), connection: "close" })}${third}`)
  while (fake.received.length < 2) await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(10_000)
  fake.release()
  await once(socket, "close")
  expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "404", "200"])
})
