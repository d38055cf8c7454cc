import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lossOf, tellsAll } from "../../lib/builder/json-loss.ts"
import { jsonText, UnserializableResult } from "../../lib/builder/json-text.ts"

/** A value as JSON would have it told: members that are undefined left out, everything else as it is. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return Array.from(value, (item) => (item === undefined ? null : plain(item)))
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, plain(inner)])
  )
}

const values = fc.anything({
  withBigInt: true,
  withBoxedValues: false,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: true,
  withSparseArray: true,
  key: fc.string().filter((key) => key !== "toJSON")
})

describe("jsonText", () => {
  it("tells all of a value, or refuses it and names a part of it", () => {
    let told = 0
    let refused = 0
    fc.assert(
      fc.property(values, (value) => {
        let text: string
        try {
          text = jsonText(value)
        } catch (error) {
          refused++
          expect(error).toBeInstanceOf(UnserializableResult)
          expect((error as UnserializableResult).path).toMatch(/^\$/)
          return
        }
        told++
        expect(JSON.parse(text)).toEqual(plain(value))
      }),
      { numRuns: 2000 }
    )
    expect(told).toBeGreaterThan(200)
    expect(refused).toBeGreaterThan(200)
  })

  it("takes every JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(tellsAll(value)).toBe(true)
        expect(JSON.parse(jsonText(value))).toEqual(plain(value))
      })
    )
  })

  it("looks at a member once beside JSON.stringify", () => {
    let looks = 0
    const row = Object.defineProperty({}, "n", { enumerable: true, get: () => ++looks })
    jsonText({ rows: [row] })
    expect(looks).toBe(2)
  })

  it("refuses what is too deep to say whether all of it is told", () => {
    let value: unknown = new Map()
    for (let level = 0; level < 1500; level++) value = [value]
    expect(() => jsonText(value)).toThrow("$ is nested more than 1000 levels deep")
  })

  it("names a getter that throws where one looks twice", () => {
    let looks = 0
    const moody = {
      get mood() {
        if (looks++ > 0) throw new Error("enough")
        return 1
      }
    }
    expect(() => jsonText({ a: moody })).toThrow("$.a.mood is a getter that throws: enough")
  })
})

describe("lossOf", () => {
  it("knows the instances of other copies of a class by what they call themselves", () => {
    const foreign = Object.create({ [Symbol.toStringTag]: "Response", constructor: class Response {} })
    expect(lossOf(foreign)).toBe("is a Response; return what it holds: await response.json()")
  })

  it("says nothing of what has nothing to lose", () => {
    for (const value of [undefined, null, "", 0, true, 1n, [], {}, new Date(0), new URL("x://y"), { toJSON: () => 1 }])
      expect(lossOf(value)).toBeUndefined()
  })
})
