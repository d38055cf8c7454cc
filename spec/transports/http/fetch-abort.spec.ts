import { expect, it, onTestFinished } from "vitest"
import { server, toFetchHandler, tool } from "mcpipe"

it("a request aborted before its body has come is over at once, and nobody waits for it", async () => {
  const handler = toFetchHandler(server({ name: "s", version: "1" }).tool(tool({ name: "t" }, () => "told")), {
    gracePeriod: 60_000
  })
  onTestFinished(handler.dispose)
  const controller = new AbortController()
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: new ReadableStream(),
    duplex: "half"
  } as RequestInit)
  // as hosts do whose bodies only go silent
  Object.defineProperty(request, "signal", { value: controller.signal })
  const response = handler(request)
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  expect((await response).status).toBe(499)
  await handler.dispose()
})
