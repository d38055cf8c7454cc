import { it, expect } from "vitest"
import { Durable, Effect, server, tool, Elicitation, accept } from "mcpipe"
import { connectWire } from "../kit/wire.ts"
import { connect } from "../kit/clients.ts"
import { bothEras } from "../kit/eras.ts"
const s = server({ name: "a", version: "1" }).add(
  tool({ name: "async" }, async (_, { step, elicit }) => step("x", async () => elicit.text("In step?"))),
  tool({ name: "gen" }, function* () { return yield* Durable.step("x", Elicitation.text("In step?")) }),
  tool({ name: "nested" }, async (_, { step, elicit }) => `${await step("x", async () => step("y", () => "in"))} ${await elicit.text("q")}`),
  tool({ name: "asyncTwo" }, async (_, { step, elicit }) => {
    const all = await Promise.all(["a", "b"].map((n) => step("same", async () => n)))
    return `${all} ${await elicit.text("q")}`
  }),
)
for (const at of bothEras) it(`x ${at.era}`, async () => {
  await using c = await connect(s, at, { capabilities: { elicitation: {} }, answer: () => accept({ value: "v" }) })
  for (const n of ["gen", "nested", "asyncTwo", "async"]) {
    const r = await Promise.race([c.call(n), new Promise((r) => setTimeout(() => r("HANGS"), 1500))])
    console.log(at.era, n, JSON.stringify(r))
  }
})
