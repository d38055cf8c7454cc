import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fitsInto, jsonBytes, stringBytes, tooMany, unitsThatFit, utf8Bytes } from "../../lib/middleware/json-bytes.ts"

const bytes = (text: string) => new TextEncoder().encode(text).length
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) })
const texts = fc.oneof(anyText, fc.string({ unit: "binary" }), fc.string())
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, undefined),
    fc.double(),
    fc.date({ noInvalidDate: true }),
    texts,
    fc.array(tie("value")),
    fc.dictionary(texts, tie("value"))
  )
})).value

describe("jsonBytes", () => {
  it("is what JSON.stringify writes, in UTF-8", () => {
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(value !== undefined)
        expect(jsonBytes(value, tooMany)).toBe(bytes(JSON.stringify(value)))
      }),
      { numRuns: 500 }
    )
  })

  it("says no more than that it is too much, and that exactly", () => {
    fc.assert(
      fc.property(json, fc.nat({ max: 200 }), (value, limit) => {
        fc.pre(value !== undefined)
        const exact = bytes(JSON.stringify(value))
        expect(jsonBytes(value, limit)).toBe(exact > limit ? tooMany : exact)
        expect(fitsInto(value, limit)).toBe(exact <= limit)
      }),
      { numRuns: 500 }
    )
  })
})

describe("utf8Bytes", () => {
  it("is what TextEncoder gives", () => {
    fc.assert(fc.property(texts, (text) => utf8Bytes(text) === bytes(text)))
  })
})

describe("unitsThatFit", () => {
  it("gives the longest beginning that fits and halves no character", () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 60 }), (text, limit) => {
        const units = unitsThatFit(text, limit)
        if (units > 0) expect(stringBytes(text.slice(0, units), tooMany)).toBeLessThanOrEqual(limit)
        const halves = /[\uD800-\uDBFF]$/.test(text.slice(0, units)) && /^[\uDC00-\uDFFF]/.test(text.slice(units))
        expect(halves).toBe(false)
        if (units < text.length) {
          const [next] = text.slice(units)
          const more = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(units)) ? text.slice(units, units + 2) : next!
          expect(stringBytes(text.slice(0, units) + more, tooMany)).toBeGreaterThan(limit)
        }
      }),
      { numRuns: 1_000 }
    )
  })
})
