import fc from "fast-check"
import * as v from "valibot"
import { expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { headerParams } from "../../lib/builder/header-params.ts"
import { type JsonSchemaDocument, toInputSchema } from "../../lib/builder/schema.ts"

const where = 'tool "t" input'
const annotated = { type: "string", "x-mcp-header": "Region" }
const object = (properties: JsonSchemaDocument): JsonSchemaDocument => ({ type: "object", properties })

it("finds annotations at any depth of properties, in document order", () => {
  const schema = object({
    region: annotated,
    nested: object({
      deep: object({ count: { type: "integer", "x-mcp-header": "X-Count" } }),
      on: { type: "boolean", "x-mcp-header": "on" }
    }),
    plain: { type: "number" }
  })
  expect(headerParams(schema, where)).toStrictEqual([
    { header: "mcp-param-region", path: ["region"], type: "string" },
    { header: "mcp-param-x-count", path: ["nested", "deep", "count"], type: "integer" },
    { header: "mcp-param-on", path: ["nested", "on"], type: "boolean" }
  ])
})

it("reads them from valibot metadata, through v.optional", () => {
  const { jsonSchema } = toInputSchema(
    {
      region: v.optional(v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" }))),
      n: v.pipe(v.number(), v.integer(), v.metadata({ "x-mcp-header": "N" }))
    },
    where
  )
  expect(headerParams(jsonSchema, where).map(({ path }) => path)).toEqual([["region"], ["n"]])
})

it.each<[string, JsonSchemaDocument, string]>([
  [
    "an empty name",
    object({ a: { type: "string", "x-mcp-header": "" } }),
    'tool "t" input at a: x-mcp-header "" is not a header token'
  ],
  ["a space", object({ a: { type: "string", "x-mcp-header": "My Region" } }), "is not a header token"],
  ["a line break", object({ a: { type: "string", "x-mcp-header": "A\r\nEvil: 1" } }), "is not a header token"],
  ["a letter outside ASCII", object({ a: { type: "string", "x-mcp-header": "Région" } }), "is not a header token"],
  ["a name that is no string", object({ a: { type: "string", "x-mcp-header": true } }), "is not a header token"],
  [
    "a name used twice",
    object({ a: annotated, b: { ...annotated, "x-mcp-header": "REGION" } }),
    'at b: x-mcp-header "REGION" is used twice'
  ],
  ["type number", object({ a: { type: "number", "x-mcp-header": "A" } }), 'is on type "number"'],
  ["type object", object({ a: { type: "object", "x-mcp-header": "A" } }), 'is on type "object"'],
  ["no type", object({ a: { "x-mcp-header": "A" } }), "is on type unknown"],
  ["several types", object({ a: { type: ["string", "null"], "x-mcp-header": "A" } }), 'is on type ["string","null"]'],
  ["the root", { ...annotated }, "is on the arguments' root"],
  ["items", object({ a: { type: "array", items: annotated } }), 'at a: x-mcp-header "Region" is reached through items'],
  ["prefixItems", object({ a: { prefixItems: [annotated] } }), "is reached through prefixItems"],
  [
    "additionalProperties",
    { type: "object", additionalProperties: annotated },
    "is reached through additionalProperties"
  ],
  ["patternProperties", { patternProperties: { "^a": annotated } }, "is reached through patternProperties/^a"],
  [
    "$defs, where only a $ref leads",
    { ...object({ a: { $ref: "#/$defs/r" } }), $defs: { r: annotated } },
    "is reached through $defs/r"
  ],
  ...["allOf", "anyOf", "oneOf"].map((keyword): [string, JsonSchemaDocument, string] => [
    keyword,
    { [keyword]: [object({ a: annotated })] },
    `is reached through ${keyword}`
  ]),
  ...["not", "if", "then", "else", "contains", "unevaluatedProperties"].map(
    (keyword): [string, JsonSchemaDocument, string] => [
      keyword,
      { [keyword]: object({ a: annotated }) },
      `is reached through ${keyword}`
    ]
  ),
  ["dependentSchemas", { dependentSchemas: { b: object({ a: annotated }) } }, "is reached through dependentSchemas/b"]
])("refuses %s", (_, schema, message) => {
  expect(() => headerParams(schema, where)).toThrow(DefinitionError)
  expect(() => headerParams(schema, where)).toThrow(message)
})

it("takes neither data nor a property of that name for an annotation", () => {
  const data = { "x-mcp-header": "Region", properties: { a: annotated } }
  expect(
    headerParams(
      object({ "x-mcp-header": { type: "string" }, b: { const: data, default: data, enum: [data], examples: [data] } }),
      where
    )
  ).toEqual([])
})

it("accepts every header token and nothing else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), (name) => {
      const isToken = [...name].every((char) => /[A-Za-z0-9]/.test(char) || "!#$%&'*+-.^_`|~".includes(char))
      const read = () => headerParams(object({ a: { type: "string", "x-mcp-header": name } }), where)
      if (isToken) expect(read()[0]?.header).toBe(`mcp-param-${name.toLowerCase()}`)
      else expect(read).toThrow(DefinitionError)
    })
  )
})
