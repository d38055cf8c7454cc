import { once } from "node:events"
import { expect, it } from "vitest"
import { httpSettings, listen } from "../../lib/transports/http/node.ts"
import { fakePorts } from "../kit/fake-ports.ts"
import { openSocket, rawHead } from "../kit/raw-http.ts"
import { settled } from "../kit/settled.ts"

it("a client that reads nothing of 1,000,000 notifications costs less than 20 MB, and gets them all when it reads", async () => {
  const fake = fakePorts()
  const listener = await listen(fake.ports, httpSettings({ port: 0 }))
  const count = 1_000_000
  const text = "x".repeat(64)
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "flood", params: { count, text } })
  const socket = await openSocket(listener.port)
  socket.pause()
  const before = process.memoryUsage().rss
  socket.write(rawHead(listener.port, { "content-length": `${body.length}`, connection: "close" }) + body)
  const sent = await settled(fake.sent)
  const grown = process.memoryUsage().rss - before
  console.log(`suspended after ${sent} of ${count}; ${Math.round(grown / 1e6)} MB more`)
  expect(sent).toBeLessThan(count / 2)
  expect(grown).toBeLessThan(20_000_000)
  let seen = 0
  let rest = ""
  socket.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\n")
    rest = lines.pop()!
    for (const line of lines) {
      const progress = /"progress":(\d+)\}\}$/.exec(line)?.[1]
      if (progress !== undefined) expect(Number(progress)).toBe(++seen)
    }
  })
  socket.resume()
  await once(socket, "close")
  expect(seen).toBe(count)
  await listener.drain(0)
})
