import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import type { Decoded } from "../../lib/builder/schema.ts"
import { toInputSchema } from "../../lib/builder/schema.ts"

const where = 'tool "t" input'
const listed = (entry: v.GenericSchema<any, any>) => {
  const { jsonSchema } = toInputSchema({ x: entry }, where)
  return (jsonSchema["properties"] as { readonly x: unknown }).x
}
const decode = (entry: v.GenericSchema<any, any>, x: unknown) => toInputSchema({ x: entry }, where).decode({ x })
const issuesOf = (decoded: Decoded<unknown>) => (decoded.ok ? [] : decoded.issues)

describe("more than a thousand misfits", () => {
  const rows = Array.from({ length: 5_000 }, () => ({ a: 1 }))

  it("are not looked for: the first one is told, and that there are more", () => {
    expect(issuesOf(decode(v.array(v.object({ a: v.string() })), rows))).toStrictEqual([
      {
        path: ["x", 0, "a"],
        expected: "string",
        received: "1",
        message: "Expected string, received 1.",
        more: 1_000
      }
    ])
  })

  it("do not matter where they are those of alternatives, and another one fits", () => {
    const either = v.array(v.union([v.string(), v.object({ a: v.number() })]))
    expect(decode(either, rows)).toStrictEqual({ ok: true, value: { x: rows } })
  })

  it("leave errors of the author's own checks to them", () => {
    const broken = v.pipe(
      v.number(),
      v.check(() => {
        throw new Error("broken")
      })
    )
    expect(() => decode(broken, 1)).toThrow("broken")
  })
})

describe("what is listed", () => {
  it.each<[string, v.GenericSchema<any, any>, unknown]>([
    [
      "title, description and examples",
      v.pipe(v.string(), v.title("T"), v.description("D"), v.examples(["a"])),
      { type: "string", title: "T", description: "D", examples: ["a"] }
    ],
    [
      "arbitrary metadata",
      v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" })),
      { type: "string", "x-mcp-header": "Region" }
    ],
    [
      "metadata inside v.optional",
      v.optional(v.pipe(v.string(), v.description("D"))),
      { type: "string", description: "D" }
    ],
    [
      "the part before a transform",
      v.pipe(v.string(), v.minLength(1), v.transform(Number)),
      { type: "string", minLength: 1 }
    ],
    [
      "type-keeping transforms left out",
      v.pipe(v.string(), v.trim(), v.minLength(2), v.brand("Id")),
      { type: "string", minLength: 2 }
    ],
    [
      "checks left out",
      v.pipe(
        v.number(),
        v.check((n) => n % 2 === 0),
        v.minValue(2)
      ),
      { type: "number", minimum: 2 }
    ],
    ["v.custom as anything", v.custom<string>(() => true), {}],
    ["v.object as closed", v.object({}), { type: "object", properties: {}, additionalProperties: false }],
    ["v.looseObject as open", v.looseObject({}), { type: "object", properties: {} }],
    [
      "a tuple that may end early",
      v.tuple([v.string(), v.optional(v.number())]),
      { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 1, items: false }
    ],
    [
      "records of known keys",
      v.record(v.picklist(["a"]), v.number()),
      { type: "object", propertyNames: { enum: ["a"], type: "string" }, additionalProperties: { type: "number" } }
    ],
    ["plain records", v.record(v.string(), v.number()), { type: "object", additionalProperties: { type: "number" } }],
    [
      "a steady computed default",
      v.optional(v.array(v.string()), () => []),
      { type: "array", items: { type: "string" }, default: [] }
    ],
    ["no default that changes", v.optional(v.number(), () => Math.random()), { type: "number" }],
    ["portable patterns", v.pipe(v.string(), v.regex(/^a+$/)), { type: "string", pattern: "^a+$" }],
    ["no pattern whose flags would be lost", v.pipe(v.string(), v.regex(/^a+$/i)), { type: "string" }],
    ["no pattern clients cannot compile", v.pipe(v.string(), v.regex(/[\w-.]/)), { type: "string" }],
    [
      "local times as a pattern, not as RFC 3339",
      v.pipe(v.string(), v.isoTime()),
      { type: "string", pattern: v.ISO_TIME_REGEX.source }
    ],
    [
      "entries made required again",
      v.required(v.partial(v.object({ a: v.string() }))),
      { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false }
    ]
  ])("has %s", (_, entry, expected) => {
    expect(listed(entry)).toStrictEqual(expected)
  })

  it("has recursive schemas under $defs, without $schema", () => {
    type Node = { readonly kids: ReadonlyArray<Node> }
    const node: v.GenericSchema<Node> = v.object({ kids: v.array(v.lazy(() => node)) })
    const schema = toInputSchema(node, where)
    expect(Object.keys(schema.jsonSchema).sort()).toEqual([
      "$defs",
      "additionalProperties",
      "properties",
      "required",
      "type"
    ])
    expect(schema.decode({ kids: [{ kids: [] }] }).ok).toBe(true)
    expect(issuesOf(schema.decode({ kids: [{ kids: [{ kids: [], stray: 1 }] }] }))).toMatchObject([
      { path: ["kids", 0, "kids", 0, "stray"], allowed: ["kids"] }
    ])
  })

  it("has a lazy schema that recurs to itself", () => {
    const tree: v.GenericSchema<any, any> = v.lazy(() => v.union([v.number(), v.array(tree)]))
    expect(listed(tree)).toEqual({ $ref: "#/$defs/0" })
    expect(decode(tree, [1, [2, []]])).toStrictEqual({ ok: true, value: { x: [1, [2, []]] } })
    expect(decode(tree, [1, ["2"]]).ok).toBe(false)
  })

  it("keeps process-wide definitions of the converter out", async () => {
    const { addGlobalDefs } = await import("@valibot/to-json-schema")
    addGlobalDefs({ stray: v.string() })
    expect(toInputSchema({ x: v.string() }, where).jsonSchema).not.toHaveProperty("$defs")
  })
})

describe("what is refused at definition", () => {
  const after = v.pipe(v.string(), v.transform(Number), v.minValue(1))
  it.each<[string, v.GenericSchema<any, any>, string]>([
    ["entries", after, "at x: min_value after a transform"],
    ["nested objects", v.object({ y: after }), "at x.y: min_value after"],
    ["arrays", v.array(after), "at x[]: min_value after"],
    ["unions", v.union([v.null(), after]), "at x: min_value after"],
    ["optional", v.optional(after), "at x: min_value after"],
    ["nullable", v.nullable(after), "at x: min_value after"],
    ["lazy", v.lazy(() => after), "at x: min_value after"],
    ["records", v.record(v.string(), after), "at x[*]: min_value after"],
    ["tuples", v.tuple([v.string(), after]), "at x[1]: min_value after"],
    ["rest of tuples", v.tupleWithRest([], after), "at x[]: min_value after"],
    ["rest of objects", v.objectWithRest({}, after), "at x[*]: min_value after"],
    ["variants", v.variant("k", [v.object({ k: v.literal(1), y: after })]), "at x.y: min_value after"],
    ["intersections", v.intersect([v.looseObject({ y: after })]), "at x.y: min_value after"],
    ["nested pipes", v.pipe(v.pipe(v.string(), v.transform(Number)), v.minValue(1)), "at x: min_value after"]
  ])("is anything after a transform in %s", (_, entry, message) => {
    expect(() => listed(entry)).toThrow(DefinitionError)
    expect(() => listed(entry)).toThrow(`${where} ${message}`)
  })

  it.each<[string, v.GenericSchema<any, any>, string]>([
    ["v.date", v.date(), "v.date(), which JSON cannot carry. Take a string"],
    ["v.bigint", v.array(v.bigint()), "x[]: v.bigint(), which JSON cannot carry. Take digits"],
    ["v.symbol", v.symbol(), "v.symbol()"],
    ["v.function", v.function(), "v.function()"],
    ["v.map", v.map(v.string(), v.string()), "Take a record"],
    ["v.set", v.set(v.string()), "Take an array"],
    ["v.instance", v.instance(URL), "v.instance()"],
    ["v.file", v.file(), "Take base64"],
    ["v.blob", v.blob(), "Take base64"],
    ["v.undefined", v.undefined(), "Leave the property out"],
    ["v.void", v.void(), "Leave the property out"],
    ["v.nan", v.nan(), "v.nan()"],
    ["a bigint literal", v.literal(1n), "a literal with a value JSON does not have"],
    [
      "a record with number keys",
      v.record(
        v.custom<string>(() => true),
        v.string()
      ),
      "a record with custom keys"
    ],
    ["a second schema in a pipe", v.pipe(v.string(), v.picklist(["a"])), "a second schema (picklist) in a pipe"],
    [
      "metadata after a transform",
      v.pipe(v.string(), v.transform(Number), v.description("lost")),
      "description after a transform"
    ],
    [
      "v.object in v.intersect",
      v.intersect([v.object({ a: v.string() }), v.object({ b: v.string() })]),
      "v.object inside v.intersect"
    ],
    ["an async schema", v.arrayAsync(v.string()) as never, "an async schema"],
    [
      "an async check",
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true)
      ) as never,
      "an async schema"
    ],
    [
      "a lazy that looks at the value",
      v.lazy((value) => (value === 1 ? v.number() : v.string())),
      "a v.lazy that depends on its value"
    ],
    [
      "a name every object has",
      v.object({ toString: v.string() }),
      "x.toString: a property that every JavaScript object has"
    ],
    ["a default JSON does not have", v.optional(v.any(), 1n), "a bigint is not JSON"],
    ["a schema that is only itself", selfish(), "would never end"]
  ])("is %s", (_, entry, message) => {
    expect(() => listed(entry)).toThrow(DefinitionError)
    expect(() => listed(entry)).toThrow(message)
  })

  it("is nesting without end", () => {
    const endless = (): v.GenericSchema<any, any> => v.array(v.lazy(() => endless()))
    expect(() => listed(endless())).toThrow("more than 64 nested schemas")
  })
})

function selfish(): v.GenericSchema<any, any> {
  const schema: v.GenericSchema<any, any> = v.lazy(() => v.union([v.string(), schema]))
  return schema
}

describe("decoding", () => {
  it("runs checks and transforms", () => {
    const even = v.pipe(
      v.string(),
      v.check((text) => text.length % 2 === 0, "must have an even length"),
      v.transform((text) => text.length)
    )
    expect(decode(even, "ab")).toStrictEqual({ ok: true, value: { x: 2 } })
    expect(issuesOf(decode(even, "abc"))).toStrictEqual([
      { path: ["x"], expected: "must have an even length", received: '"abc"', message: "must have an even length" }
    ])
  })

  it("names every unknown key with the known ones, and every missing one with its type", () => {
    const schema = toInputSchema({ a: v.number(), b: v.object({ c: v.string() }) }, where)
    expect(issuesOf(schema.decode({ b: { d: 1, e: [2] } }))).toMatchObject([
      { path: ["a"], expected: "number", received: "nothing" },
      { path: ["b", "c"], expected: "string", received: "nothing" },
      { path: ["b", "d"], received: "1", allowed: ["c"] },
      { path: ["b", "e"], received: "[2]", allowed: ["c"] }
    ])
  })

  it("lists the allowed values of picklists, literals, unions of them and enums", () => {
    for (const entry of [
      v.picklist(["a", "b"]),
      v.enum({ A: "a", B: "b" }),
      v.union([v.literal("a"), v.literal("b")])
    ]) {
      expect(issuesOf(decode(entry, "c"))).toMatchObject([{ path: ["x"], received: '"c"', allowed: ["a", "b"] }])
    }
    expect(issuesOf(decode(v.literal("a"), "c"))).toMatchObject([{ expected: '"a"', allowed: ["a"] }])
  })

  it("explains a failed union of objects by what is wrong inside", () => {
    const entry = v.union([v.object({ a: v.string() }), v.object({ b: v.string() })])
    expect(issuesOf(decode(entry, { a: 1 }))).toContainEqual({
      path: ["x", "a"],
      expected: "string",
      received: "1",
      message: "Expected string, received 1."
    })
  })

  it("does not take an array for an object", () => {
    for (const entry of [
      v.object({}),
      v.looseObject({}),
      v.record(v.string(), v.any()),
      v.objectWithRest({}, v.any())
    ]) {
      expect(issuesOf(decode(entry, []))).toMatchObject([{ path: ["x"], expected: "object", received: "[]" }])
    }
  })

  it.each(["__proto__", "constructor", "prototype"])("neither pollutes by a key %s nor drops it", (key) => {
    const value = JSON.parse(`{"${key}":{"polluted":true}}`)
    for (const entry of [
      v.object({}),
      v.looseObject({}),
      v.record(v.string(), v.any()),
      v.objectWithRest({}, v.any())
    ]) {
      expect(issuesOf(decode(entry, value))).toMatchObject([{ path: ["x", key], received: '{"polluted":true}' }])
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(toInputSchema({}, where).decode(value).ok).toBe(false)
  })

  it("leaves the author's schema as it was", () => {
    const object = v.object({ a: v.string() })
    toInputSchema(object, where)
    expect(v.parse(object, { a: "x", b: 1 })).toEqual({ a: "x" })
  })

  it("keeps defaults, fallbacks and messages", () => {
    const schema = toInputSchema(
      {
        a: v.optional(v.object({ n: v.optional(v.number(), 1) }), {}),
        f: v.fallback(v.picklist(["a"]), "a"),
        m: v.optional(v.array(v.string(), "a list, please"))
      },
      where
    )
    expect(schema.jsonSchema).not.toHaveProperty("required")
    expect(schema.decode({ f: "?" })).toStrictEqual({ ok: true, value: { a: { n: 1 }, f: "a" } })
    expect(issuesOf(schema.decode({ m: 1 }))).toMatchObject([{ path: ["m"], message: "a list, please" }])
  })
})
