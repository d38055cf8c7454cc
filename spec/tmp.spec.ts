import { server } from "mcpipe"
import { it } from "vitest"
import { eventsOf } from "./kit/events.ts"
import { httpPeer } from "./kit/http-peer.ts"
it("x", async () => {
  for (let i = 0; i < 3; i++) {
    const peer = await httpPeer("node", server({ name: "x", version: "1" }), { gracePeriod: 60_000 })
    const session = await peer.begin()
    const heard = eventsOf(await session.listen())
    const ended = heard.next()
    const t = performance.now()
    await peer.close()
    console.log("closed in", performance.now() - t)
    await ended
  }
})
