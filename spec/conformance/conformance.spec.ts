import { describe, expect, it } from "vitest"
import { describe as explain, judge, ratchets } from "./ratchet.ts"
import { examine, suites } from "./referee.ts"
import { serveFixture } from "./serving.ts"

describe.each(suites)("the official suite, %s", (suite) => {
  it("sees every check hold, except those the ratchet lists", { timeout: 90_000 }, async () => {
    await using serving = await serveFixture()
    const verdict = judge(await examine(serving.url!, suite), ratchets[suite])
    expect(verdict.broken.length + verdict.stale.length, explain(suite, verdict, ratchets[suite])).toBe(0)
    expect(verdict.passed).toBeGreaterThanOrEqual(40)
  })
})

describe("the ratchet", () => {
  const check = (name: string, ok: boolean) => ({ name, ok, message: "" })

  it("turns a failure nobody listed into a broken check", () => {
    const verdict = judge([check("a/b", false), check("a/c", true)], {})
    expect(verdict).toMatchObject({ passed: 1, expected: [], stale: [] })
    expect(verdict.broken.map(({ name }) => name)).toEqual(["a/b"])
  })

  it("lets a listed failure be, until it passes or is no longer examined", () => {
    const listed = { "a/b": "later", "a/c": "later", "a/d": "later" }
    const verdict = judge([check("a/b", false), check("a/c", true)], listed)
    expect(verdict.expected.map(({ name }) => name)).toEqual(["a/b"])
    expect(verdict).toMatchObject({ broken: [], stale: ["a/c", "a/d"] })
  })
})
