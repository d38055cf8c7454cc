import { Effect, server, tool } from "mcpipe"
import { connect } from "../../lib/testing/index.ts"

const stuck = tool({ name: "stuck" }, (_, { elicit }) => elicit.confirm("Sure?"))
const nap = tool({ name: "nap" }, () => Effect.sleep("1 hour"))
const main = server({ name: "ends", version: "1.0.0" }).add(stuck, nap)

for (const era of ["sessionless", "handshake"] as const) {
  for (const clock of [undefined, "virtual"] as const) {
    await using client = await connect(main, { era, clock, elicitation: () => new Promise(() => {}) })
    for (const tool of [stuck, nap]) client.call(tool).catch(() => {})
    await client.list.tools()
  }
}
console.log("closed")
