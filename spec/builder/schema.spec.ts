import { Validator } from "@cfworker/json-schema"
import fc from "fast-check"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import {
  type InferIn,
  type InferOut,
  isSchema,
  jsonSchema,
  toInputSchema,
  toOutputSchema,
  toStringArguments
} from "../../lib/builder/schema.ts"

const where = 'tool "add" input'

describe("toInputSchema", () => {
  it("lists bare entries as an object that refuses other keys", () => {
    const { jsonSchema } = toInputSchema({ a: v.number(), b: v.optional(v.string(), "x") }, where)
    expect(jsonSchema).toStrictEqual({
      type: "object",
      properties: { a: { type: "number" }, b: { type: "string", default: "x" } },
      required: ["a"],
      additionalProperties: false
    })
  })

  it("lists a tool without input as an object without properties, and refuses arguments", () => {
    const schema = toInputSchema(undefined, where)
    expect(schema.jsonSchema).toStrictEqual({ type: "object", properties: {}, additionalProperties: false })
    expect(schema.decode({})).toStrictEqual({ ok: true, value: {} })
    expect(schema.decode({ a: 1 })).toMatchObject({ ok: false, issues: [{ path: ["a"], allowed: [] }] })
  })

  it("converts once, at definition, and freezes what it lists", () => {
    let asked = 0
    const text = () => {
      asked++
      return v.string()
    }
    const schema = toInputSchema({ a: v.lazy(text) }, where)
    for (let round = 0; round < 1000; round++) schema.decode({ a: "x" })
    expect(asked).toBe(1)
    expect(Object.isFrozen(schema.jsonSchema["properties"])).toBe(true)
  })

  it("passes on a jsonSchema value unchanged and refuses one whose root is no object", () => {
    const given = jsonSchema({ type: "object", properties: { a: true } })
    expect(toInputSchema(given, where)).toBe(given)
    expect(() => toInputSchema(jsonSchema({ oneOf: [{ type: "object" }] }), where)).toThrow(
      'tool "add" input: arguments are always an object, so the root must have type "object"'
    )
    expect(() => toInputSchema(v.string(), where)).toThrow(DefinitionError)
  })

  it("gives a union of objects the type the protocol demands", () => {
    const input = v.variant("kind", [
      v.object({ kind: v.literal("a") }),
      v.object({ kind: v.literal("b"), n: v.number() })
    ])
    const schema = toInputSchema(input, where)
    expect(schema.jsonSchema["type"]).toBe("object")
    expect(schema.decode({ kind: "b", n: 1 }).ok).toBe(true)
    expect(schema.decode({ kind: "c" })).toMatchObject({ issues: [{ path: ["kind"], allowed: ["a", "b"] }] })
  })

  it("says which entry is no schema", () => {
    expect(() => toInputSchema({ a: "string" } as never, where)).toThrow('tool "add" input at a: not a valibot schema')
    expect(() => toInputSchema(5 as never, where)).toThrow('tool "add" input: not a schema')
  })

  it("tells its values from other objects", () => {
    expect(isSchema(toInputSchema(undefined, where))).toBe(true)
    expect([null, {}, v.string(), () => 1].some(isSchema)).toBe(false)
  })
})

describe("toOutputSchema", () => {
  it("lists what is sent after a transform and decodes to it", () => {
    const schema = toOutputSchema(
      v.pipe(
        v.date(),
        v.transform((date) => date.toISOString()),
        v.string()
      ),
      'tool "now" output'
    )
    expect(schema.jsonSchema).toStrictEqual({ type: "string" })
    expect(schema.decode(new Date(0))).toStrictEqual({ ok: true, value: "1970-01-01T00:00:00.000Z" })
  })

  it("refuses a transform whose result nobody describes", () => {
    const output = v.strictObject({ at: v.pipe(v.date(), v.transform(String)) })
    expect(() => toOutputSchema(output, 'tool "now" output')).toThrow(
      'tool "now" output at at: a transform whose result has no schema'
    )
  })

  it("removes what v.object does not name, so that no column leaks", () => {
    const schema = toOutputSchema(v.object({ id: v.string() }), "output")
    expect(schema.decode({ id: "1", password: "x" })).toStrictEqual({ ok: true, value: { id: "1" } })
    expect(schema.jsonSchema).not.toHaveProperty("additionalProperties")
  })
})

describe("toStringArguments", () => {
  it("lists arguments and decodes the strings that arrive", () => {
    const { arguments: list, schema } = toStringArguments(
      {
        topic: v.pipe(v.string(), v.title("Topic"), v.description("What about")),
        limit: v.optional(v.pipe(v.string(), v.transform(Number)), "10"),
        tone: v.optional(v.picklist(["dry", "warm"]))
      },
      'prompt "write" args'
    )
    expect(list).toStrictEqual([
      { name: "topic", required: true, title: "Topic", description: "What about" },
      { name: "limit", required: false },
      { name: "tone", required: false }
    ])
    expect(schema.decode({ topic: "x" })).toStrictEqual({ ok: true, value: { topic: "x", limit: 10 } })
    expect(schema.decode({ topic: "x", limit: "3" })).toMatchObject({ value: { limit: 3 } })
  })

  it.each([
    [
      "number",
      v.number(),
      "takes number, but the value arrives as a string. Use v.pipe(v.string(), v.transform(Number))"
    ],
    ["optional number", v.optional(v.number()), "Use v.pipe(v.string(), v.transform(Number))"],
    ["boolean", v.boolean(), 'Use v.pipe(v.picklist(["true", "false"])'],
    ["literal number", v.literal(3), "takes no strings"],
    ["union without strings", v.union([v.number(), v.null()]), "takes no strings"],
    ["object", v.strictObject({}), "takes object"],
    ["never", v.never(), "takes no strings"]
  ])("refuses a %s, which no string can be", (_, entry, message) => {
    expect(() => toStringArguments({ n: entry }, 'prompt "write" args')).toThrow(DefinitionError)
    expect(() => toStringArguments({ n: entry }, 'prompt "write" args')).toThrow(message)
  })

  it.each([
    ["any", v.any()],
    ["union with strings", v.union([v.number(), v.string()])],
    ["recursive string", v.lazy(() => v.string())]
  ])("accepts %s", (_, entry) => {
    expect(toStringArguments({ n: entry }, "args").arguments).toHaveLength(1)
  })
})

describe("types", () => {
  it("are flat: what a client sends, and what the handler gets", () => {
    const entries = {
      a: v.number(),
      b: v.optional(v.string()),
      n: v.optional(v.pipe(v.string(), v.transform(Number)), "1")
    }
    expectTypeOf<InferIn<typeof entries>>().toEqualTypeOf<{
      a: number
      b?: string | undefined
      n?: string | undefined
    }>()
    expectTypeOf<InferOut<typeof entries>>().toEqualTypeOf<{ a: number; b?: string | undefined; n: number }>()
    const object = v.object({ a: v.array(v.string()) })
    expectTypeOf<InferIn<typeof object>>().toEqualTypeOf<{ a: string[] }>()
    const document = jsonSchema<{ id: string }>({ type: "object" })
    expectTypeOf<InferOut<typeof document>>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<InferIn<undefined>>().toEqualTypeOf<{}>()
  })
})

/** Schemas without checks or transforms, so that the listed document and the decoder must say the same. */
const leaf = fc.constantFrom<() => v.GenericSchema<any, any>>(
  () => v.string(),
  () => v.number(),
  () => v.boolean(),
  () => v.null(),
  () => v.picklist(["a", "b"]),
  () => v.literal("a"),
  () => v.any(),
  () => v.pipe(v.number(), v.integer(), v.minValue(1)),
  () => v.pipe(v.string(), v.maxLength(2))
)
const { schemaOf } = fc.letrec<{ schemaOf: v.GenericSchema<any, any> }>((tie) => ({
  schemaOf: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf.map((make) => make()),
    tie("schemaOf").map((item) => v.array(item)),
    tie("schemaOf").map((value) => v.record(v.string(), value)),
    tie("schemaOf").map((value) => v.nullable(value)),
    fc.tuple(tie("schemaOf"), tie("schemaOf")).map(([a, b]) => v.union([a, b])),
    fc.tuple(tie("schemaOf"), tie("schemaOf")).map(([a, b]) => v.tuple([a, v.optional(b)])),
    fc.tuple(tie("schemaOf"), tie("schemaOf")).map(([a, b]) => v.object({ a, b: v.optional(b) })),
    fc.tuple(tie("schemaOf"), tie("schemaOf")).map(([a, b]) => v.looseObject({ a, b: v.exactOptional(b) })),
    fc.tuple(tie("schemaOf"), tie("schemaOf")).map(([a, b]) => v.objectWithRest({ a }, b))
  )
}))
const keys = fc.constantFrom("a", "b", "c")
const { valueOf } = fc.letrec<{ valueOf: unknown }>((tie) => ({
  valueOf: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>("a", "abc", 0, 1, 1.5, true, null),
    fc.array(tie("valueOf"), { maxLength: 3 }),
    fc.dictionary(keys, tie("valueOf"), { maxKeys: 3, noNullPrototype: true })
  )
}))

describe("the listed schema and the decoder", () => {
  it("accept the same values, whatever the schema", () => {
    let accepted = 0
    fc.assert(
      fc.property(schemaOf, fc.array(valueOf, { minLength: 5, maxLength: 5 }), (a, values) => {
        const schema = toInputSchema({ a, b: v.optional(v.number()) }, where)
        const validator = new Validator(structuredClone(schema.jsonSchema) as object, "2020-12", false)
        for (const value of values.flatMap((value) => [value, { a: value }, { a: value, b: 1 }])) {
          const { ok } = schema.decode(value)
          if (ok) accepted++
          if (ok !== validator.validate(value).valid)
            throw new Error(`${JSON.stringify(schema.jsonSchema)} on ${JSON.stringify(value)}: decode says ${ok}`)
        }
      }),
      { numRuns: 500 }
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it("never throw on JSON a client may send, and answer with paths into it", () => {
    fc.assert(
      fc.property(schemaOf, fc.jsonValue(), (a, value) => {
        const decoded = toInputSchema({ a }, where).decode({ a: value })
        if (!decoded.ok) for (const issue of decoded.issues) expect(issue.path[0]).toBe("a")
      })
    )
  })
})
