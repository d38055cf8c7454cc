import { serve } from "mcpipe"
import { describe, expect, it } from "vitest"
import fixture from "./fixture.ts"
import { describe as explain, judge, ratchets } from "./ratchet.ts"
import { examine, revisions } from "./referee.ts"

describe.each(revisions)("the official suite, requirements of %s", (revision) => {
  it("sees every check hold, except those the ratchet lists", { timeout: 90_000 }, async () => {
    await using serving = await serve(fixture, { http: { port: 0 }, signals: false })
    const verdict = judge(await examine(serving.url!, revision), ratchets[revision])
    expect(verdict.broken.length + verdict.stale.length, explain(revision, verdict, ratchets[revision])).toBe(0)
    expect(verdict.passed).toBeGreaterThan(40)
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
