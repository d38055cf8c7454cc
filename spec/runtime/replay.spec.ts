import { describe, it } from "vitest"
import { anyOrder, sameOutcome } from "./replay.property.ts"

describe("a random program of asks, steps, branches, races, failures and concurrency", () => {
  it(
    "comes to the same straight through and replayed at every round, and begins each step once",
    { timeout: 60_000 },
    () => sameOutcome(150)
  )

  it("comes to the same whichever questions are answered first", { timeout: 60_000 }, () => anyOrder(100))
})
