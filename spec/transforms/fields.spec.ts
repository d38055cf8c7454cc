import * as fc from "fast-check"
import { Content, jsonSchema, result, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { cutOf, cutValue } from "../../lib/transforms/cut.ts"
import { cutSchema } from "../../lib/transforms/cut-schema.ts"
import { redactFields, transformTool } from "../../lib/transforms/index.ts"
import { connectWire } from "../kit/wire.ts"

const empty = server({ name: "s", version: "1" })

const people = {
  total: 2,
  items: [
    { name: "Ada", ssn: "1", address: { city: "London", street: "x" } },
    { name: "Eva", ssn: "2", address: null }
  ],
  debug: { token: "t" }
}

const lookup = tool(
  {
    name: "lookup",
    output: v.object({
      total: v.number(),
      items: v.array(
        v.object({
          name: v.string(),
          ssn: v.string(),
          address: v.nullable(v.object({ city: v.string(), street: v.string() }))
        })
      ),
      debug: v.object({ token: v.string() })
    })
  },
  () => people
)

describe.each(["sessionless", "2025-11-25"] as const)("in the era of %s", (speak) => {
  it("omits fields of output, text and schema alike", async () => {
    const t = transformTool(lookup, { omit: ["items[].ssn", "items[].address.street", "debug"] })
    await using wire = await connectWire(empty.tool(t), { speak })
    const left = {
      total: 2,
      items: [
        { name: "Ada", address: { city: "London" } },
        { name: "Eva", address: null }
      ]
    }
    const answer = await wire.call("lookup")
    expect(answer.structuredContent).toEqual(left)
    expect(answer.content).toEqual([{ type: "text", text: JSON.stringify(left) }])
    expect((await wire.request("tools/list")).result.tools[0].outputSchema).toEqual({
      type: "object",
      properties: {
        total: { type: "number" },
        items: {
          type: "array",
          items: {
            type: "object",
            properties: {
              name: { type: "string" },
              address: {
                anyOf: [
                  { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
                  { type: "null" }
                ]
              }
            },
            required: ["name", "address"]
          }
        }
      },
      required: ["total", "items"]
    })
  })
})

it("picks fields, and nothing else", async () => {
  const t = transformTool(lookup, { pick: ["total", "items[].name"] })
  await using wire = await connectWire(empty.tool(t))
  expect((await wire.call("lookup")).structuredContent).toEqual({ total: 2, items: [{ name: "Ada" }, { name: "Eva" }] })
  expect((await wire.request("tools/list")).result.tools[0].outputSchema.required).toEqual(["total", "items"])
})

it("follows references, into definitions that are cut in some places alone", async () => {
  type Node = { id: string; secret: string; kids: Array<Node> }
  const node: v.GenericSchema<Node> = v.object({
    id: v.string(),
    secret: v.string(),
    kids: v.array(v.lazy(() => node))
  })
  const value: Node = { id: "1", secret: "a", kids: [{ id: "2", secret: "b", kids: [] }] }
  const tree = tool({ name: "tree", output: node }, () => value)
  const deep = transformTool(tree, { omit: ["**.secret"] })
  const flat = transformTool(tree, { name: "flat", omit: ["kids[].secret"] })
  await using wire = await connectWire(empty.add(deep, flat))
  expect((await wire.call("tree")).structuredContent).toEqual({ id: "1", kids: [{ id: "2", kids: [] }] })
  expect((await wire.call("flat")).structuredContent).toEqual({ id: "1", secret: "a", kids: [{ id: "2", kids: [] }] })
  expect(JSON.stringify(deep.output!.jsonSchema)).not.toContain("secret")
  const { jsonSchema: document } = flat.output!
  const third = (more: object) => ({
    id: "1",
    secret: "a",
    kids: [{ id: "2", kids: [{ id: "3", kids: [], ...more }] }]
  })
  expect(jsonSchema(document).decode(third({ secret: "x" })).ok).toBe(true)
  expect(jsonSchema(document).decode(third({})).ok).toBe(false)
})

it("leaves text alone that is no JSON of the output, and says so of none that is", async () => {
  const t = tool({ name: "t" }, () =>
    result({
      content: ["Token: abc", Content.text('{ "b": 1, "a": "abc" }', { annotations: { priority: 1 } })],
      structured: { a: "abc", b: 1 },
      meta: { m: 1 }
    })
  )
  await using wire = await connectWire(empty.tool(transformTool(t, { omit: ["a"] })))
  expect(await wire.call("t")).toMatchObject({
    content: [
      { type: "text", text: "Token: abc" },
      { type: "text", text: '{"b":1}', annotations: { priority: 1 } }
    ],
    structuredContent: { b: 1 },
    _meta: { m: 1 }
  })
})

it("cuts what mapOutput made, and refuses fields that are not there", () => {
  const mapped = transformTool(lookup, {
    mapOutput: ({ total }) => ({ total, extra: 1 }),
    output: v.object({ total: v.number(), extra: v.number() }),
    omit: ["extra"]
  })
  expect(mapped.output!.jsonSchema["required"]).toEqual(["total"])
  expect(() => transformTool(lookup, { omit: ["items.ssn"] })).toThrow(
    'transformTool of tool "lookup": omit: the output schema has no field "items.ssn".'
  )
  expect(() => transformTool(lookup, { omit: ["items[]"] })).toThrow("names the elements of an array")
})

it("redacts fields of all tools, or of those selected", async () => {
  const other = tool({ name: "other" }, () => ({ debug: 1, rest: 2 }))
  await using all = await connectWire(empty.add(lookup, other).transform(redactFields(["debug", "**.ssn"])))
  expect((await all.call("other")).structuredContent).toEqual({ rest: 2 })
  expect((await all.call("lookup")).structuredContent).not.toHaveProperty("debug")
  const some = empty.add(lookup, other).transform(redactFields(["debug"], { only: "lookup" }))
  await using one = await connectWire(some)
  expect((await one.call("other")).structuredContent).toEqual({ debug: 1, rest: 2 })
  expect(() => redactFields([])).toThrow("redactFields(…)")
  expect(() => redactFields(["a"], { onyl: "x" } as never)).toThrow('there is no option "onyl"; there is only.')
  await expect(connectWire(empty.tool(other).transform(redactFields(["a"], { only: "none" })))).rejects.toThrow(
    'names "none", which is not there'
  )
})

/** Schemas with all that says something of objects, and values that fit them by trial. */
const name = fc.constantFrom("a", "b", "c")
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      { type: "string" },
      { type: ["object", "integer"] },
      {},
      {},
      {},
      { const: { a: 1, b: 2 } },
      { enum: ["x", { a: 1 }] }
    ),
    fc.record(
      {
        type: fc.constant("object"),
        properties: fc.dictionary(name, tie("schema"), { maxKeys: 3 }),
        required: fc.uniqueArray(name, { maxLength: 2 }),
        additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
        patternProperties: fc.dictionary(fc.constantFrom("^a", "b|c"), tie("schema"), { maxKeys: 1 }),
        minProperties: fc.constantFrom(1, 2),
        dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 1 }), { maxKeys: 1 }),
        unevaluatedProperties: fc.constant(false)
      },
      { requiredKeys: ["type"] }
    ),
    fc.record(
      { type: fc.constant("array"), items: tie("schema"), uniqueItems: fc.boolean() },
      { requiredKeys: ["type"] }
    ),
    fc.record(
      {
        anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        not: tie("schema"),
        if: tie("schema"),
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: tie("schema"),
        else: tie("schema")
      },
      { requiredKeys: [] }
    ),
    fc.constantFrom({ $ref: "#/$defs/one" }, { $ref: "#/$defs/two" })
  )
}))

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>("x", 1, null),
    fc.dictionary(name, tie("value"), { maxKeys: 3 }),
    fc.array(tie("value"), { maxLength: 2 })
  )
}))

const path = fc
  .array(fc.constantFrom("a", "b", "c", "*"), { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc
      .array(fc.boolean(), { minLength: names.length, maxLength: names.length })
      .map((elements) => ({ names, elements }))
  )
  .map(({ names, elements }) =>
    names.map((one, i) => (elements[i] && i < names.length - 1 ? `${one}[]` : one)).join(".")
  )
  .filter((text) => !text.endsWith("[]"))

it.each([
  ["omit", false],
  ["pick", true]
] as const)("what is left by %s always fits the schema that is left", (_, keeps) => {
  let fitting = 0
  fc.assert(
    fc.property(
      schema,
      schema,
      schema,
      fc.array(value, { minLength: 20, maxLength: 40 }),
      fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
      (root, one, two, values, paths) => {
        const document = { ...root, $defs: { one, two } }
        let whole: ReturnType<typeof jsonSchema>
        try {
          whole = jsonSchema(document)
        } catch {
          // a reference that leads back to itself
          return
        }
        const cut = cutOf(paths, keeps, "spec")
        const rest = jsonSchema(cutSchema(document, cut, "spec").document)
        for (const value of values) {
          if (!whole.decode(value).ok) continue
          fitting++
          const left = cutValue(value, cut)
          const decoded = rest.decode(left)
          if (!decoded.ok) {
            throw new Error(
              JSON.stringify({ value, left, document, rest: rest.jsonSchema, issues: decoded.issues }, null, 1)
            )
          }
        }
      }
    ),
    { numRuns: 1_200 }
  )
  expect(fitting).toBeGreaterThan(2_000)
})
