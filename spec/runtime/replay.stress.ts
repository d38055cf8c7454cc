import { it } from "vitest"
import { anyOrder, sameOutcome } from "./replay.property.ts"

it("30,000 random programs come to the same straight through and replayed", { timeout: 30 * 60_000 }, async () => {
  await sameOutcome(15_000)
  await anyOrder(15_000)
})
