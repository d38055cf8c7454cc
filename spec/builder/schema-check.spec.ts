import { Validator } from "@cfworker/json-schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatIssues } from "../../lib/builder/issues.ts"
import { type JsonSchemaDocument, jsonSchema } from "../../lib/builder/schema.ts"
import { multiplesOf } from "../../lib/builder/schema-values.ts"

const name = fc.constantFrom("a", "b", "ab", "ca")
const few = fc.constantFrom(0, 1, 2)
const primitive = fc.constantFrom<unknown>("", "a", "ab", "a\u{1f600}", 0, 1, 2, -1, 1.5, 0.3, 3e21, true, false, null)

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    primitive,
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
    fc.array(tie("value"), { maxLength: 4 })
  )
}))

const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 3 })
  const map = fc.dictionary(name, tie("schema"), { maxKeys: 3 })
  return {
    schema: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.boolean(),
      fc.record(
        {
          type: fc.constantFrom<unknown>("object", "array", "string", "number", "integer", "null", ["string", "array"]),
          enum: fc.array(value, { maxLength: 3 }),
          const: value
        },
        { requiredKeys: [] }
      ),
      fc.record(
        {
          minimum: few,
          exclusiveMaximum: few,
          multipleOf: fc.constantFrom(1, 0.1, 0.5, 1e20),
          minLength: few,
          maxLength: few,
          pattern: fc.constantFrom("^a", "b$")
        },
        { requiredKeys: [] }
      ),
      fc.record(
        {
          properties: map,
          required: fc.uniqueArray(name, { maxLength: 2 }),
          additionalProperties: tie("schema"),
          patternProperties: fc.dictionary(fc.constantFrom("^a", "b"), tie("schema"), { maxKeys: 2 }),
          propertyNames: tie("schema"),
          minProperties: few,
          maxProperties: few,
          dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 2 }),
          dependentSchemas: map
        },
        { requiredKeys: [] }
      ),
      fc.record(
        {
          prefixItems: list,
          items: tie("schema"),
          contains: tie("schema"),
          minContains: few,
          maxContains: few,
          minItems: few,
          maxItems: few,
          uniqueItems: fc.boolean()
        },
        { requiredKeys: [] }
      ),
      fc.record(
        {
          anyOf: list,
          allOf: list,
          oneOf: list,
          not: tie("schema"),
          if: tie("schema"),
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: tie("schema"),
          else: tie("schema")
        },
        { requiredKeys: [] }
      ),
      fc.record(
        {
          properties: map,
          prefixItems: list,
          items: tie("schema"),
          anyOf: list,
          allOf: list,
          if: tie("schema"),
          unevaluatedProperties: tie("schema"),
          unevaluatedItems: tie("schema")
        },
        { requiredKeys: [] }
      ),
      fc.constantFrom({ $ref: "#/$defs/one" }, { $ref: "#/$defs/two" })
    )
  }
})

const accepts = (document: JsonSchemaDocument, given: unknown) => jsonSchema(document).decode(given).ok
const many = <A>(count: number, one: (n: number) => A) => Array.from({ length: count }, (_, n) => one(n))

describe("a JSON Schema", () => {
  it("accepts the values that another validator accepts, and gives a reason against each of the others", () => {
    fc.assert(
      fc.property(schema, schema, schema, value, (root, one, two, given) => {
        const document = { properties: { root }, $defs: { one, two } }
        let checked: ReturnType<typeof jsonSchema>
        try {
          checked = jsonSchema(document)
        } catch {
          // references in circles
          return
        }
        const decoded = checked.decode({ root: given })
        expect(decoded.ok).toBe(new Validator(document as object, "2020-12", false).validate({ root: given }).valid)
        if (!decoded.ok) expect(decoded.issues.length).toBeGreaterThan(0)
      }),
      { numRuns: 1_000 }
    )
  })

  it.each<[unknown, unknown]>([
    [1, "1"],
    [1, true],
    [null, "null"],
    [[], {}],
    [[1], ["1"]],
    [["a,b"], ["a", "b"]],
    [{ a: 1 }, { a: "1" }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ '"a":1,"b"': 1 }, { a: 1, b: 1 }],
    [[[1], 2], [[1, 2]]]
  ])("takes %j and %j for different values", (a, b) => {
    expect(accepts({ uniqueItems: true }, [a, b])).toBe(true)
    expect(accepts({ const: a }, b)).toBe(false)
    expect(accepts({ enum: [a] }, b)).toBe(false)
  })

  it.each<[unknown, unknown]>([
    [0, -0],
    [1, 1.0],
    [
      { a: 1, b: [{ c: 1, d: 2 }] },
      { b: [{ d: 2, c: 1 }], a: 1 }
    ],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')]
  ])("takes %j and %j for the same value", (a, b) => {
    expect(accepts({ uniqueItems: true }, [a, 7, b])).toBe(false)
    expect(accepts({ const: a }, b)).toBe(true)
    expect(accepts({ enum: [7, a] }, b)).toBe(true)
  })

  it.each<[number, number, boolean]>([
    [0.3, 0.1, true],
    [19.99, 0.01, true],
    [19.995, 0.01, false],
    [1e308, 0.01, true],
    [1e308, 7, false],
    [1e-9, 1e-7, false],
    [3e-7, 1e-7, true],
    [5e-324, 1e-5, false],
    [0, 5e-324, true],
    [123456789012345680000, 7, 123456789012345680000n % 7n === 0n],
    [0.12345678901234566, 1e-17, true],
    [Number.POSITIVE_INFINITY, 1, false]
  ])("takes %d for a multiple of %d: %s", (given, divisor, isOne) => {
    expect(multiplesOf(divisor)(given)).toBe(isOne)
    expect(multiplesOf(divisor)(-given)).toBe(isOne)
  })

  it("takes a decimal for a multiple of another exactly if its digits say so", () => {
    const digits = fc.bigInt(0n, 10n ** 15n)
    fc.assert(
      fc.property(
        digits,
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 999 }),
        fc.integer({ min: 0, max: 9 }),
        (n, places, by, byPlaces) => {
          const isOne = (n * 10n ** BigInt(byPlaces)) % (BigInt(by) * 10n ** BigInt(places)) === 0n
          expect(multiplesOf(Number(`${by}e-${byPlaces}`))(Number(`${n}e-${places}`))).toBe(isOne)
        }
      )
    )
  })

  it("knows what others of its keywords have looked at", () => {
    const document = {
      $ref: "#/$defs/base",
      anyOf: [{ properties: { b: { type: "string" } } }, { properties: { c: true }, required: ["c"] }],
      if: { properties: { d: { const: 1 } }, required: ["d"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { e: true } },
      unevaluatedProperties: false,
      $defs: { base: { properties: { a: true } } }
    }
    expect(accepts(document, { a: 1, b: "x", c: 1 })).toBe(true)
    expect(accepts(document, { b: 1, c: 1 })).toBe(false)
    expect(accepts(document, { d: 1, e: 1 })).toBe(true)
    expect(accepts(document, { d: 2, e: 1 })).toBe(false)
    expect(accepts({ contains: { type: "string" }, unevaluatedItems: { type: "number" } }, ["a", 1, "b"])).toBe(true)
    expect(accepts({ prefixItems: [true], contains: { const: 1 }, unevaluatedItems: false }, ["a", 1, 2])).toBe(false)
  })

  it("leads back to itself at any keyword, and through thousands of references", () => {
    const closed = { properties: { a: { type: "number" } }, unevaluatedProperties: { $ref: "#" } }
    expect(accepts(closed, { b: { c: { a: 1 } } })).toBe(true)
    expect(accepts(closed, { b: { c: { a: "1" } } })).toBe(false)
    const chain = many(4_900, (n) => [
      `d${n}`,
      n === 4_899 ? false : { properties: { a: { $ref: `#/$defs/d${n + 1}` } } }
    ])
    const document = { $ref: "#/$defs/d0", $defs: Object.fromEntries(chain) }
    expect(accepts(document, { a: { a: { b: 1 } } })).toBe(true)
    const last = { ...document, $ref: "#/$defs/d4898" }
    expect(accepts(last, { a: 1 })).toBe(false)
  })

  it("goes through as many items as a message may hold once, whatever is asked of them", () => {
    const numbers = many(250_000, (n) => n + 0.5)
    const strings = many(100_000, (n) => `s${n}`)
    const objects = many(25_000, (n) => ({ [`k${n}`]: n }))
    for (const items of [numbers, strings, objects]) {
      expect(accepts({ uniqueItems: true }, items)).toBe(true)
      expect(accepts({ uniqueItems: true }, [...items, items[7]])).toBe(false)
    }
    expect(
      accepts({ items: { enum: many(1_000, (n) => `s${n}`) } }, [...many(99_999, (n) => `s${n % 1_000}`), "t"])
    ).toBe(false)
    expect(accepts({ items: { multipleOf: 0.5 } }, numbers)).toBe(true)
    expect(accepts({ contains: { const: "t" } }, strings)).toBe(false)
  })

  it("says how many misfits it leaves out", () => {
    const { decode } = jsonSchema({ items: { type: "number" }, contains: { type: "number" } })
    const decoded = decode(many(5_000, () => "x"))
    const issues = decoded.ok ? [] : decoded.issues
    expect(issues).toHaveLength(100)
    expect(issues.at(-1)).toMatchObject({ path: [99], expected: "number", more: 4_901 })
    expect(formatIssues("Invalid", issues).split("\n").slice(-2)).toEqual([
      '- [19]: expected number, received "x"',
      "- … and at least 4981 more"
    ])
    expect(decode(many(100_000, () => "x"))).toMatchObject({ issues: { 99: { more: 10_900 } } })
    const either = jsonSchema({ items: { oneOf: [{ type: "number" }, { type: "string", minLength: 2 }] } })
    expect(either.decode(many(100_000, () => "x"))).toMatchObject({
      issues: { length: 100, 99: { more: expect.any(Number) } }
    })
  })

  it("reads thousands of alternatives as one issue that says how many there are", () => {
    const decoded = jsonSchema({ anyOf: many(9_990, (n) => ({ const: n })) }).decode("none")
    const issues = decoded.ok ? [] : decoded.issues
    expect(issues).toMatchObject([{ path: [], expected: expect.stringMatching(/^0 or 1 or 2 or .* or \d+ more$/) }])
    expect(issues[0]!.allowed).toHaveLength(9_990)
    expect(formatIssues("Invalid", issues)).toMatch(/allowed: 0, 1, .*, 49, … 9940 more$/)
  })

  it("forgets what alternatives found where another one fits", () => {
    const fitting = { anyOf: [{ type: "number" }, { items: { type: "number" } }] }
    const decoded = jsonSchema({ properties: { a: fitting, b: { type: "string" } } }).decode({ a: "text", b: 1 })
    expect(decoded).toMatchObject({ ok: false, issues: [{ path: ["b"] }] })
  })

  it("is refused where two subschemas have one $id, unless decode is given", () => {
    const document = { $defs: { a: { $id: "x", type: "string" }, b: { $id: "x", type: "number" } } }
    expect(() => jsonSchema(document)).toThrow(
      'jsonSchema, #/$defs/b: another subschema has the same "$id". Rename it or pass decode.'
    )
    expect(jsonSchema(document, { decode: () => ({ ok: true, value: {} }) }).decode(1).ok).toBe(true)
  })
})
