import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { copyJson } from "../../lib/transports/copy-json.ts"

const overTheWire = (value: unknown) => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}

class Point {
  readonly x = 1
  readonly inner = { y: undefined, z: [undefined] }
}

describe("copyJson", () => {
  it("gives what stringifying and parsing would give, for any value", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withDate: true,
          withNullPrototype: true,
          withSparseArray: true,
          withMap: true,
          withTypedArray: true
        }),
        (value) => {
          expect(copyJson(value, 1_000)).toStrictEqual(overTheWire(value))
        }
      )
    )
  })

  it.each([
    [{ a: undefined, b: () => 1, c: Symbol("c"), d: [undefined, () => 1] }],
    [{ date: new Date(0), point: new Point(), map: new Map([[1, 2]]), boxed: ["text", 1.5, false].map(Object) }],
    [[Number.NaN, Number.POSITIVE_INFINITY, -0, 1e300]],
    [{ toJSON: () => ({ replaced: true }) }],
    [JSON.parse('{"__proto__":{"polluted":true}}')],
    [undefined]
  ])("copies %j as the wire would", (value) => {
    const copy = copyJson(value, 64)
    expect(copy).toStrictEqual(overTheWire(value))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it("shares no object with the original", () => {
    const value = { list: [{ n: 1 }], point: new Point() }
    const copy = copyJson(value, 64) as { list: Array<{ n: number }>; point: { x: number } }
    copy.list[0]!.n = 2
    copy.point.x = 2
    expect(value).toEqual({ list: [{ n: 1 }], point: new Point() })
  })

  it("ends at the depth it was given, cycles included", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    expect(() => copyJson(cyclic, 64)).toThrow(RangeError)
    expect(() => copyJson([[[1]]], 2)).toThrow(RangeError)
    expect(copyJson([[1]], 2)).toEqual([[1]])
    expect(() => copyJson({ n: 1n }, 64)).toThrow(TypeError)
  })
})
