import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseJson } from "../../lib/protocol/json.ts"

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels)

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe("parseJson", () => {
  it("accepts the deepest nesting it allows and refuses one level more", () => {
    expect(parseJson(nested(64), 64).ok).toBe(true)
    expect(parseJson(nested(65), 64)).toMatchObject({ ok: false, refusal: { reason: "too-deep" } })
  })

  it("refuses a million levels without overflowing the stack", () => {
    expect(parseJson(nested(1_000_000), 64)).toMatchObject({ ok: false, refusal: { reason: "too-deep" } })
    expect(parseJson('{"a":'.repeat(1_000_000), 64)).toMatchObject({ ok: false, refusal: { reason: "too-deep" } })
  })

  it.each([
    ["brackets in strings", JSON.stringify("[{".repeat(100))],
    [
      "escaped quotes before brackets",
      JSON.stringify({ a: `\\"${"[".repeat(100)}`, b: `${"\\".repeat(7)}"${"{".repeat(99)}` })
    ],
    ["many shallow values", JSON.stringify(Array.from({ length: 500 }, (_, n) => ({ n })))]
  ])("does not count %s", (_, text) => {
    expect(parseJson(text, 8)).toEqual({ ok: true, value: JSON.parse(text) })
  })

  it("says what is wrong with text that is not JSON, in one short line", () => {
    const parsed = parseJson(`{"a": ${"x".repeat(100_000)}}`, 64)
    expect(parsed).toMatchObject({
      ok: false,
      refusal: {
        reason: "parse-error",
        message: expect.stringMatching(/^The message is not valid JSON: [^\n]{5,200}$/)
      }
    })
  })

  it.each(["", "\ufeff{}", '{"a":"[[[[[[[[[[', "[[[[", "{]"])("refuses %j as a parse error", (text) => {
    expect(parseJson(text, 8)).toMatchObject({ ok: false, refusal: { reason: "parse-error" } })
  })

  it("keeps a __proto__ key as data", () => {
    const parsed = parseJson('{"__proto__":{"polluted":true}}', 64)
    expect(parsed.ok && Object.hasOwn(parsed.value as object, "__proto__")).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it("agrees with JSON.parse and with a count of levels, for any value and any limit", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), fc.integer({ min: 1, max: 14 }), (text, limit) => {
        const value: unknown = JSON.parse(text)
        const parsed = parseJson(text, limit)
        expect(parsed.ok).toBe(depthOf(value) <= limit)
        if (parsed.ok) {
          expect(parsed.value).toEqual(value)
        }
      })
    )
  })
})
