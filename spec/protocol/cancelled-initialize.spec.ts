import { Effect, middleware, server } from "mcpipe"
import { expect, it } from "vitest"
import { connectWire, gate } from "../kit/wire.ts"

it("initialize cannot be cancelled: it is answered, and the connection goes on", async () => {
  const [begun, goOn] = [gate(), gate()]
  const slow = middleware((next, { method }) =>
    method === "initialize"
      ? Effect.promise(() => {
          begun.open()
          return goOn.opened
        }).pipe(Effect.andThen(next))
      : next
  )
  await using wire = await connectWire(server({ name: "s", version: "1" }).use(slow), { speak: "nothing" })
  const clientInfo = { name: "c", version: "1" }
  const answer = wire.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo })
  await begun.opened
  wire.notify("notifications/cancelled", { requestId: wire.lastId() })
  goOn.open()
  expect((await answer).result.protocolVersion).toBe("2025-11-25")
  wire.notify("notifications/initialized")
  expect((await wire.request("ping")).result).toEqual({})
})
