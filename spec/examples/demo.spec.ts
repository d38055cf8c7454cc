import { expect, it } from "vitest"
import { start } from "../kit/spawn.ts"

it("the demo finds every answer right, on both revisions, and ends by itself", { timeout: 100_000 }, async () => {
  await using child = start("examples/demo/demo.ts", { deadline: 90_000 })
  const { code } = await child.ended()
  expect(code, child.stdout() + child.stderr()).toBe(0)
  expect(child.stdout()).toMatch(/\nAll \d+ answers are right\.\n$/)
  for (const said of [
    "revision 2025-11-25",
    "revision 2026-07-28",
    "over stdio",
    "over HTTP",
    "1 round, handler ran once, charged once",
    "4 rounds, handler ran 4 times, charged once"
  ]) {
    expect(child.stdout()).toContain(said)
  }
})
