import { Effect, Progress, type ProgressReport } from "mcpipe"
import { expect, it } from "vitest"

it("Progress.layerTest collects what a handler reports, without a server", async () => {
  const copy = Effect.gen(function* () {
    yield* Progress.report(1, 2, "half")
    yield* Progress.report(2)
    return "copied"
  })
  const seen: Array<ProgressReport> = []
  expect(await Effect.runPromise(Effect.provide(copy, Progress.layerTest(seen)))).toBe("copied")
  expect(seen).toEqual([
    { progress: 1, total: 2, message: "half" },
    { progress: 2, total: undefined, message: undefined }
  ])
})
