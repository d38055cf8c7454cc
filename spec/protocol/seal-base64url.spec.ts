import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Bytes,
  decodeInScript,
  encodeInScript,
  fromBase64url,
  toBase64url
} from "../../lib/protocol/seal-base64url.ts"

const bytes = fc.uint8Array({ maxLength: 100 }) as fc.Arbitrary<Bytes>

describe.each([
  ["with Buffer", toBase64url, fromBase64url],
  ["in script", encodeInScript, decodeInScript]
])("base64url %s", (_, encode, decode) => {
  it("writes any bytes as RFC 4648 section 5 says, and reads them back", () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(encode(given)).toBe(Buffer.from(given).toString("base64url"))
        expect([...decode(encode(given))!]).toEqual([...given])
      })
    )
  })

  it.each(["a", "Zg==", "Zh", "Zm9v\n", " Zm9v", "Zm9vYh", "+/+/", "Zm9v.", "Zm9vé", "Zm9v-\u0000", "\ud800"])(
    "refuses %j, which it would never write",
    (text) => {
      expect(decode(text)).toBeUndefined()
    }
  )

  it("knows one spelling of any bytes", () => {
    const texts = fc.string({ unit: fc.constantFrom(..."AQgwZ09-_+/= "), maxLength: 9 })
    fc.assert(
      fc.property(texts, (text) => {
        const read = decode(text)
        if (read !== undefined) expect(encode(read)).toBe(text)
        expect(read === undefined).toBe(fromBase64url(text) === undefined)
      })
    )
  })
})

it("reads and writes a view into a larger buffer", () => {
  const view = new Uint8Array([0, 0xfb, 0xff, 0]).subarray(1, 3)
  expect(toBase64url(view)).toBe("-_8")
  expect(encodeInScript(view)).toBe("-_8")
})
