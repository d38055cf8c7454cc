import { once } from "node:events"
import { serve, server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { openSocket, rawHead, readResponse, send } from "../kit/raw-http.ts"
import { calling, headersOf } from "./process.ts"
import { type Dawdling, dawdle, dawdling } from "./slow-clients.ts"

const main = server({ name: "patient", version: "1" }).tool(tool({ name: "echo" }, () => "quick"))

const echo = (port: number) => {
  const message = calling(1, "echo")
  return send(port, { headers: headersOf(message), body: JSON.stringify(message) })
}

it("clients that send without coming to an end are answered 408 and closed, and others served meanwhile", async () => {
  const http = { port: 0, headersTimeout: 400, bodyTimeout: 400 }
  await using serving = await serve(main, { http, signals: false })
  const port = serving.port!
  const kinds = Object.keys(dawdling) as ReadonlyArray<Dawdling>
  const slow = Promise.all(kinds.flatMap((how) => [1, 2, 3, 4, 5].map(() => dawdle(port, how, 20))))
  let over = false
  void slow.then(() => {
    over = true
  })
  let served = 0
  while (!over) {
    expect((await echo(port)).status).toBe(200)
    served++
  }
  expect(served).toBeGreaterThan(5)
  for (const { response, millis } of await slow) {
    expect([response?.status, response?.headers["connection"]]).toEqual([408, "close"])
    expect(millis).toBeGreaterThan(300)
  }
})

it("a connection that has been served is not trusted with its next request", async () => {
  await using serving = await serve(main, { http: { port: 0, headersTimeout: 200 }, signals: false })
  const socket = await openSocket(serving.port!)
  const message = calling(1, "echo")
  const body = JSON.stringify(message)
  socket.write(rawHead(serving.port!, { ...headersOf(message), "content-length": `${body.length}` }) + body)
  expect((await readResponse(socket)).status).toBe(200)
  socket.write("POST /mcp HTTP/1.1\r\nhost: ")
  expect((await readResponse(socket)).status).toBe(408)
  socket.destroy()
})

it("more connections than maxConnections are closed unanswered, and those there are served", async () => {
  await using serving = await serve(main, { http: { port: 0, maxConnections: 2 }, signals: false })
  const port = serving.port!
  const [one, two] = [await openSocket(port), await openSocket(port)]
  const three = await openSocket(port)
  three.write(rawHead(port))
  await once(three, "close")
  expect(three.bytesRead).toBe(0)
  const message = calling(1, "echo")
  const body = JSON.stringify(message)
  one.write(rawHead(port, { ...headersOf(message), "content-length": `${body.length}` }) + body)
  expect((await readResponse(one)).status).toBe(200)
  one.destroy()
  await once(one, "close")
  two.destroy()
})
