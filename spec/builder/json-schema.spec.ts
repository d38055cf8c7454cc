import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { type Decoded, type JsonSchemaDocument, jsonSchema } from "../../lib/builder/schema.ts"

const issuesOf = (decoded: Decoded<unknown>) => (decoded.ok ? [] : decoded.issues)
const object = (properties: JsonSchemaDocument, rest: JsonSchemaDocument = {}) => ({
  type: "object",
  properties,
  ...rest
})

describe("the document", () => {
  const everything = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://example.com/root",
    $comment: "kept",
    type: "object",
    properties: {
      a: { $ref: "#/$defs/A" },
      b: { $ref: "#named" },
      c: { $ref: "other" },
      "x/y~z": { $ref: "#/properties/x~1y~0z/$defs/q", $defs: { q: true } }
    },
    patternProperties: { "^x-": { contentEncoding: "base64" } },
    additionalProperties: false,
    $defs: {
      A: { type: "string", minLength: 1, examples: ["a"], deprecated: true },
      B: { $anchor: "named", type: ["integer", "null"] },
      C: {
        $id: "other",
        type: "array",
        prefixItems: [{ const: 1 }],
        items: { $ref: "#/prefixItems/0" },
        unevaluatedItems: false
      }
    },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    allOf: [{ if: { required: ["a"] }, then: { required: ["b"] }, else: { not: { required: ["c"] } } }],
    dependentRequired: { c: ["a"] },
    "x-vendor": { anything: [1, { $ref: 7 }] }
  }

  it("is listed word for word, as a deeply frozen copy", () => {
    const before = structuredClone(everything)
    const schema = jsonSchema(everything)
    expect(JSON.stringify(schema.jsonSchema)).toBe(JSON.stringify(before))
    expect(everything).toStrictEqual(before)
    expect(schema.jsonSchema).not.toBe(everything)
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(schema.jsonSchema)).toBe(true)
  })

  it("is listed word for word, whatever is in its annotations", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const document = { type: "object", default: value, examples: [value], "x-data": value }
        expect(JSON.stringify(jsonSchema(document, { decode: () => ({ ok: true, value: {} }) }).jsonSchema)).toBe(
          JSON.stringify(document)
        )
      })
    )
  })

  it("is honoured keyword by keyword", () => {
    const { decode } = jsonSchema(everything)
    expect(decode({ a: "x", b: 1, c: [1, 1], "x-b": 1 }).ok).toBe(true)
    expect(decode({ a: "x" })).toMatchObject({ issues: [{ path: ["b"], expected: "a value", received: "nothing" }] })
    expect(decode({ b: 1.5, a: "x" })).toMatchObject({
      issues: [{ path: ["b"], expected: "integer or null", received: "1.5" }]
    })
    expect(decode({ a: "x", b: 1, c: [1, 2] })).toMatchObject({ issues: [{ path: ["c", 1], allowed: [1] }] })
    expect(decode({ c: [1] }).ok).toBe(false)
  })

  it("keeps a property named __proto__", () => {
    const document = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"}},"additionalProperties":false}'
    )
    const schema = jsonSchema(document)
    expect(JSON.stringify(schema.jsonSchema)).toBe(JSON.stringify(document))
    expect(({} as { type?: unknown }).type).toBeUndefined()
    expect(issuesOf(schema.decode(JSON.parse('{"constructor":1,"toString":2}'))).map(({ path }) => path)).toEqual([
      ["constructor"],
      ["toString"]
    ])
  })

  const cyclic: Record<string, unknown> = { type: "object" }
  cyclic["properties"] = { self: cyclic }
  it.each<[string, unknown, string]>([
    ["an array", [], "must be a JSON object"],
    ["null", null, "must be a JSON object"],
    ["true", true, "must be a JSON object"],
    ["cyclic", cyclic, "#/properties/self: a cycle is not JSON"],
    ["holding a function", { default: () => 1 }, "#/default: a function is not JSON"],
    ["holding a bigint", { const: 1n }, "a bigint is not JSON"],
    ["holding NaN", { minimum: Number.NaN }, "#/minimum: NaN is not JSON"],
    ["holding a Date", { default: new Date(0) }, "Date is not JSON"],
    ["holding a list as schema", { properties: { a: [] } }, "#/properties/a: a schema must be an object or a boolean"],
    [
      "refering to the network",
      { $ref: "https://example.com/a.json" },
      'jsonSchema, #: $ref "https://example.com/a.json" leads to no schema of this document; nothing is ever fetched'
    ],
    ["refering to a file", { $ref: "other.json#/a" }, "leads to no schema of this document"],
    [
      "refering to nothing",
      { properties: { a: { $ref: "#/$defs/missing" } } },
      '#/properties/a: $ref "#/$defs/missing"'
    ],
    ["refering to an unknown anchor", { $ref: "#nowhere" }, "leads to no schema"],
    ["refering to data", { default: {}, properties: { a: { $ref: "#/default" } } }, "leads to no schema"],
    ["refering to a number", { $ref: 3 }, "leads to no schema"],
    ["its own reference", { $ref: "#" }, "validation would never end"],
    [
      "its own part",
      { $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { not: { $ref: "#/$defs/a" } } } },
      "validation would never end"
    ]
  ])("is refused when %s", (_, document, message) => {
    const decode = () => ({ ok: true as const, value: {} })
    for (const options of [undefined, { decode }]) {
      expect(() => jsonSchema(document as JsonSchemaDocument, options)).toThrow(DefinitionError)
      expect(() => jsonSchema(document as JsonSchemaDocument, options)).toThrow(message)
    }
  })

  it.each<[string, JsonSchemaDocument, string]>([
    ["an unknown type", { type: "text" }, '"type" must be a JSON type name'],
    ["a pattern that does not compile", { pattern: "(" }, '"pattern" must be a regular expression'],
    ["a pattern key that does not compile", { patternProperties: { "(": true } }, '"patternProperties" key "("'],
    ["required that is no list", { required: true }, '"required" must be a list of strings'],
    ["ambiguous dynamic anchors", { $defs: { a: { $dynamicAnchor: "n" }, b: { $dynamicAnchor: "n" } } }, "pass decode"]
  ])("is refused for %s unless decode takes over", (_, document, message) => {
    expect(() => jsonSchema(document)).toThrow(message)
    expect(jsonSchema(document, { decode: () => ({ ok: true, value: {} }) }).jsonSchema).toStrictEqual(document)
  })

  it("may nest 64 subschemas, not 65, and hold 10,000, not more", () => {
    const nested = (depth: number): JsonSchemaDocument => (depth === 1 ? {} : { items: nested(depth - 1) })
    expect(() => jsonSchema(nested(64))).not.toThrow()
    expect(() => jsonSchema(nested(65))).toThrow("more than 64 nested subschemas")
    const wide = (count: number) =>
      object(Object.fromEntries(Array.from({ length: count - 1 }, (_, index) => [`p${index}`, {}])))
    expect(() => jsonSchema(wide(10_000))).not.toThrow()
    expect(() => jsonSchema(wide(10_001))).toThrow("more than 10000 subschemas")
  })

  it("may not multiply the work on one value through references", () => {
    const bomb = Object.fromEntries(
      Array.from({ length: 30 }, (_, level) => [
        `d${level}`,
        level === 29 ? {} : { allOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] }
      ])
    )
    expect(() => jsonSchema({ $ref: "#/$defs/d0", $defs: bomb })).toThrow("would be checked more than 10000 times")
    const chain = Object.fromEntries(
      Array.from({ length: 5000 }, (_, level) => [`d${level}`, level === 4999 ? {} : { $ref: `#/$defs/d${level + 1}` }])
    )
    expect(() => jsonSchema({ $defs: chain })).toThrow(DefinitionError)
  })
})

describe("decoding without decode", () => {
  it("passes the very value on", () => {
    const value = { a: 1 }
    const decoded = jsonSchema(object({ a: { type: "integer" } })).decode(value)
    expect(decoded.ok && decoded.value).toBe(value)
  })

  it.each<[JsonSchemaDocument, unknown, unknown]>([
    [{ type: "string" }, 1, { expected: "string", received: "1" }],
    [{ type: ["string", "null"] }, 1, { expected: "string or null" }],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, 1, { expected: "string or null", received: "1" }],
    [{ oneOf: [{ const: "a" }, { const: "b" }] }, "c", { allowed: ["a", "b"] }],
    [
      { oneOf: [{ type: "number" }, { minimum: 0 }] },
      1,
      { message: "Instance does not match exactly one subschema (2 matches)." }
    ],
    [{ enum: ["a", 1, null] }, "b", { allowed: ["a", 1, null], received: '"b"' }],
    [{ const: { a: 1 } }, 1, { expected: '{"a":1}', allowed: [{ a: 1 }] }],
    [{ minimum: 3 }, 1, { expected: "a number >= 3" }],
    [{ exclusiveMaximum: 1 }, 1, { expected: "a number < 1" }],
    [{ multipleOf: 0.1 }, 0.25, { expected: "a multiple of 0.1" }],
    [{ maxLength: 1 }, "ab", { expected: "at most 1 characters", received: '"ab"' }],
    [{ pattern: "^a" }, "b", { expected: "a string matching /^a/" }],
    [{ format: "date-time" }, "today", { expected: "a string in the format date-time" }],
    [{ format: "regex" }, "a.".repeat(32_769), { expected: "a string in the format regex" }],
    [{ minItems: 1 }, [], { expected: "at least 1 items", received: "[]" }],
    [{ uniqueItems: true }, [1, 1], { expected: "items that differ from each other" }],
    [{ contains: { type: "string" } }, [1, 2], { expected: 'at least one item matching {"type":"string"}' }],
    [{ contains: true, minContains: 2 }, [1], { expected: "Array has less items (1) than minContains (2)" }],
    [
      { contains: { type: "string" }, minContains: 2 },
      ["a", 1],
      { path: [], expected: "Array must contain at least 2 items matching schema. Only 1 items were found" }
    ],
    [{ not: { type: "string" } }, "a", { expected: 'anything but {"type":"string"}' }],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, { path: ["ab"], received: '"ab"' }],
    [
      { required: ["a"], properties: { a: { enum: [1, 2] } } },
      {},
      { path: ["a"], expected: "one of [1,2]", received: "nothing" }
    ],
    [
      { properties: { a: true }, additionalProperties: false },
      { b: 1 },
      { path: ["b"], allowed: ["a"], received: "1" }
    ],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { b: 1 }, { path: ["b"], received: "1" }],
    [{ prefixItems: [true], items: false }, [1, 2], { path: [1], received: "2" }],
    [{ properties: { "a/b~c %": { type: "string" } } }, { "a/b~c %": 1 }, { path: ["a/b~c %"], expected: "string" }],
    [{ items: { $ref: "#/$defs/n" }, $defs: { n: { minimum: 2 } } }, [1], { path: [0], expected: "a number >= 2" }],
    [
      { $dynamicAnchor: "n", properties: { kid: { $dynamicRef: "#n" }, v: { type: "string" } } },
      { kid: { v: 1 } },
      { path: ["kid", "v"], expected: "string" }
    ]
  ])("%j explains why not %j", (document, value, issue) => {
    expect(issuesOf(jsonSchema(document).decode(value))).toMatchObject([issue])
  })

  it("reports everything that is wrong, each place once", () => {
    const { decode } = jsonSchema(
      object(
        { a: { type: "string" }, b: { items: { type: "integer" } } },
        { required: ["c", "d"], additionalProperties: false }
      )
    )
    expect(issuesOf(decode({ a: 1, b: ["x", 1, "y"], e: 1 })).map(({ path }) => path.join("."))).toEqual([
      "c",
      "d",
      "a",
      "b.0",
      "b.2",
      "e"
    ])
  })

  it("survives what only a hostile client sends", () => {
    const { decode } = jsonSchema(object({ kid: { $ref: "#" } }))
    expect(decode(JSON.parse('{"\\ud800":1}')).ok).toBe(true)
    expect(jsonSchema(object({}, { additionalProperties: false })).decode(JSON.parse('{"\\ud800":1}')).ok).toBe(false)
    let deep: unknown = {}
    for (let level = 0; level < 20_000; level++) deep = { kid: deep }
    expect(decode(deep)).toMatchObject({ ok: false })
    expect(decode(undefined)).toMatchObject({ ok: false })
  })

  it("never throws, whatever the value", () => {
    const { decode } = jsonSchema(
      object(
        { a: { anyOf: [{ type: "string" }, { items: { $ref: "#" } }] } },
        { additionalProperties: { type: "number" }, propertyNames: { maxLength: 3 } }
      )
    )
    fc.assert(fc.property(fc.jsonValue(), (value) => void decode(value)))
  })

  it("leaves the decision to decode where it is given", () => {
    const schema = jsonSchema<number>({ type: "object" }, { decode: () => ({ ok: true, value: 7 }) })
    expect(schema.decode("anything")).toStrictEqual({ ok: true, value: 7 })
  })
})
