import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseJson } from "../../lib/protocol/json.ts"
import { duplicateKey } from "../../lib/protocol/json-keys.ts"
import { firstTwice, manners, readWritten, textOf, written } from "../kit/json-text.ts"

const refused = (text: string, strict = false): string | undefined => {
  const parsed = parseJson(text, 64, strict)
  return parsed.ok ? undefined : `${parsed.refusal.reason}: ${parsed.refusal.message}`
}

const twice = (where: string, key: string) =>
  `invalid-request: ${where} has two members named ${key}: name each member of a JSON object once.`

describe("a message with two members of one name", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', twice("The message", '"id"')],
    ['{"method":"ping","id":1,"\\u006dethod":"tools/call"}', twice("The message", '"method"')],
    ['{"params":{"name":"add"},"params":{"name":"sub"}}', twice("The message", '"params"')],
    ['{"params":{"name":"add","arguments":{},"name":"sub"}}', twice("params", '"name"')],
    ['{"pa\\u0072ams" : { "uri" :1, "\\u0075ri":2}}', twice("params", '"uri"')],
    ['{"params":{"_meta":{"a/b":1,"a/b":1}}}', twice("params._meta", '"a/b"')],
    [
      '{"params":{"_m\\u0065ta":{"progressToken":1,"c":{"c":2},"progressToken":1}}}',
      twice("params._meta", '"progressToken"')
    ],
    ['[{"id":1},{"id":2,"params":{"x":1,"x":1}}]', twice("[1].params", '"x"')],
    ['{"__proto__":1,"__proto__":2}', twice("The message", '"__proto__"')],
    ['{"a":1,"b":{"a":1},"":[],"":0}', twice("The message", '""')],
    [`{"params":{"${"k".repeat(200)}":1,"${"k".repeat(200)}":2}}`, twice("params", `"${"k".repeat(56)}…"`)]
  ])("is refused, with its name and place: %s", (text, message) => {
    expect(refused(text)).toBe(message)
    expect(refused(text, true)).toBe(message)
  })

  it.each([
    ['{"params":{"arguments":{"a":1,"a":2}}}', "params.arguments", '"a"'],
    ['{"params":{"_meta":{"x/y":{"a":1,"b":2,"a":3}}}}', 'params._meta["x/y"]', '"a"'],
    ['{"params":[{"a":1,"a":2}]}', "params[0]", '"a"'],
    ['{"result":{"_meta":{"a":1,"a":2}}}', "result._meta", '"a"'],
    ['{"_meta":{"a":1,"a":2}}', "_meta", '"a"'],
    ['[[{"a":1,"a":2}]]', "[0][0]", '"a"'],
    ['[{"params":{}},[{"a":1,"a":2}]]', "[1][0]", '"a"'],
    [`{"params":{${'"deep":{'.repeat(60)}"a":1,"a":2${"}".repeat(62)}`, `${"params.deep".padEnd(199, ".deep")}…`, '"a"']
  ])("outside of its envelope is refused where asked for, and read as usual else: %s", (text, where, key) => {
    expect(parseJson(text, 64)).toEqual({ ok: true, value: JSON.parse(text) })
    expect(refused(text, true)).toBe(twice(where, key))
  })

  it.each([
    '{"params":{"arguments":{"id":1,"params":{"id":2}}},"id":1}',
    '{"a":"\\"b\\":1,\\"b\\":2","b":"{:,:}","params":{"a":"}","b":1},"c":[{"a":1},{"a":1}]}',
    '[{"id":1},{"id":1}]',
    '{"params":[["a","a"]],"id":1}',
    '{"Params":{"a":1},"params":{"A":1,"a":2},"PARAMS":{"a":1}}',
    '"a"',
    "[]",
    " 1 "
  ])("is nothing else: %s", (text) => {
    expect(parseJson(text, 64)).toEqual({ ok: true, value: JSON.parse(text) })
    expect(parseJson(text, 64, true)).toEqual({ ok: true, value: JSON.parse(text) })
  })
})

describe("duplicateKey", () => {
  it("finds the first duplicate of any text, in the envelope and everywhere, and none where there is none", () => {
    const property = fc.property(written, manners, fc.boolean(), (root, how, everywhere) => {
      const text = textOf(root, how)
      expect(duplicateKey(text, JSON.parse(text), everywhere)).toEqual(firstTwice(root, everywhere))
      expect(readWritten(text)).toEqual(root)
    })
    fc.assert(property, { numRuns: 3_000 })
  })

  it("is beside the point for text that a serializer wrote", () => {
    const property = fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value, null, 1)
      expect(duplicateKey(text, JSON.parse(text), true)).toBeUndefined()
      expect(duplicateKey(text, JSON.parse(text), false)).toBeUndefined()
    })
    fc.assert(property)
  })

  it("is not deceived by members that somebody gave to all objects", () => {
    const text = '{"id":1,"id":2}'
    Object.defineProperty(Object.prototype, "extra", { value: 1, enumerable: true, configurable: true })
    const found = duplicateKey(text, JSON.parse(text), true)
    Reflect.deleteProperty(Object.prototype, "extra")
    expect(found).toEqual({ key: "id", path: [] })
  })

  it("looks through megabytes of anything in one go", () => {
    const filler = {
      a: '\\"'.repeat(100_000),
      b: Array.from({ length: 12_000 }, (_, n) => ({ n })),
      c: "x".repeat(1e6)
    }
    const text = `{"params":{"arguments":${JSON.stringify(filler)},"name":1},"params":2}`
    expect(refused(text)).toBe(twice("The message", '"params"'))
  })
})
