import { Effect, server, tool } from "mcpipe"
import { it } from "vitest"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { accept, connect } from "../../lib/testing/index.ts"
it("dbg", async () => {
  const ask = tool({ name: "ask", timeout: 1000 }, function* () {
    console.log("run")
    yield* Effect.sleep(600)
    console.log("slept")
    const ok = yield* Elicitation.confirm("Sure?")
    console.log("answered")
    return ok
  })
  const client = await connect(server({ name: "s", version: "1" }).tool(ask), {
    clock: "virtual",
    elicitation: () => Effect.delay(Effect.succeed(accept({ ok: true })), "5 minutes")
  })
  const call = client.call(ask)
  console.log("adjusting")
  await client.clock.adjust("5 minutes")
  console.log("now", client.clock.now(), JSON.stringify(client.traffic.map(t => t.message)).slice(0, 1000))
  await client.clock.adjust("2 seconds")
  console.log("now", client.clock.now())
  console.log(await call)
})
