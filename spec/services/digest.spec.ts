import { createHash } from "node:crypto"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonical, digest, digestInScript } from "../../lib/services/digest.ts"

const json = fc.jsonValue({ maxDepth: 6 })

/** The same JSON, its members put together in the opposite order. */
const backwards = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(backwards)
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, backwards(member)])
  )
}

describe("canonical", () => {
  it.each([
    [{ b: 1, a: { d: [], c: {} } }, '{"a":{"c":{},"d":[]},"b":1}'],
    [{ a: undefined, b: () => 1, c: Symbol.iterator, d: null }, '{"d":null}'],
    [[3, 1, 2, undefined, "x"], '[3,1,2,null,"x"]'],
    [new Array(2), "[null,null]"],
    [{ 10: 1, 9: 2, "\ufb33": 3, "\u{1f600}": 4, '"': 5 }, '{"\\"":5,"10":1,"9":2,"\u{1f600}":4,"\ufb33":3}'],
    [{ at: new Date(0), n: Number.NaN, z: -0 }, '{"at":"1970-01-01T00:00:00.000Z","n":null,"z":0}'],
    [1e21, "1e+21"],
    ['\ud800\u2028"\\', '"\\ud800\u2028\\"\\\\"'],
    [undefined, "null"],
    [null, "null"]
  ])("writes %o as %s", (value, text) => {
    expect(canonical(value)).toBe(text)
  })

  it("keeps members called __proto__, constructor and toJSON apart from inherited ones", () => {
    const tricky = JSON.parse('{"toJSON":1,"__proto__":{"b":2,"a":1},"constructor":null}')
    expect(canonical(tricky)).toBe('{"__proto__":{"a":1,"b":2},"constructor":null,"toJSON":1}')
    expect(canonical({})).toBe("{}")
    expect(canonical(Object.assign(Object.create({ inherited: 1 }), { own: 1 }))).toBe('{"own":1}')
    expect(canonical(Object.assign(Object.create(null), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}')
  })

  it("says what JSON.stringify says, whatever the order of members", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonical(backwards(value))).toBe(canonical(value))
      })
    )
  })

  it("throws where there is no JSON text", () => {
    const cycle: Record<string, unknown> = {}
    cycle["self"] = cycle
    expect(() => canonical({ n: 1n })).toThrow(TypeError)
    expect(() => canonical(cycle)).toThrow(RangeError)
  })
})

describe.each([
  ["digest", digest],
  ["digestInScript, for runtimes without node:crypto,", digestInScript]
])("%s", (_, sha256) => {
  // FIPS 180-4 examples, and the empty text
  it.each([
    ["no text", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["three letters", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "two blocks",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ],
    ["a million letters", "a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"]
  ])("knows the published value of %s", (_, text, hex) => {
    expect(sha256(text)).toBe(Buffer.from(hex, "hex").toString("base64url"))
  })

  it("is SHA-256 of any text, in 43 characters that need no escape in a URL", () => {
    const texts = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)), maxLength: 300 })
    fc.assert(
      fc.property(texts, (text) => {
        expect(sha256(text)).toBe(createHash("sha256").update(text).digest("base64url"))
        expect(sha256(text)).toMatch(/^[\w-]{43}$/)
      })
    )
  })

  it("takes half characters for U+FFFD, as UTF-8 does", () => {
    expect(sha256("a\ud800b\udc00")).toBe(sha256("a\ufffdb\ufffd"))
  })
})
