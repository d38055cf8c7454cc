import { Validator } from "@cfworker/json-schema"
import fc from "fast-check"
import { jsonSchema, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

type Json = Readonly<Record<string, unknown>>

/** Values near the border of a schema: some it accepts, some it does not. */
interface Row {
  readonly schema: Json
  readonly accepts: ReadonlyArray<unknown>
  readonly refuses: ReadonlyArray<unknown>
}

const link = { $ref: "#/nowhere" }
const drafts = {
  "7": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema"
} as const

const rows: Readonly<Record<string, Row>> = {
  "a const that looks like a reference": {
    schema: { const: link },
    accepts: [link],
    refuses: [{ $ref: "#/properties/result/nowhere" }, {}]
  },
  "a const that is a reference to the root": {
    schema: { const: { $ref: "#" } },
    accepts: [{ $ref: "#" }],
    refuses: [1]
  },
  "an enum that looks like references": {
    schema: { enum: [link, { $ref: "#" }, "x"] },
    accepts: [link, { $ref: "#" }, "x"],
    refuses: [{ $ref: "#/properties/result" }, "y"]
  },
  "examples and a default that look like references": {
    schema: { type: "array", items: { type: "number" }, examples: [link], default: link },
    accepts: [[], [1]],
    refuses: [["1"], link]
  },
  "a property called $ref": {
    schema: {
      type: ["object", "null"],
      properties: { $ref: { $ref: "#/properties/word" }, word: { type: "string" } },
      required: ["$ref"]
    },
    accepts: [null, { $ref: "#" }],
    refuses: [{ $ref: 1 }, {}]
  },
  "properties called const, enum and properties": {
    schema: {
      $defs: { n: { type: "number" } },
      type: ["object", "null"],
      properties: { const: { $ref: "#/$defs/n" }, enum: { $ref: "#" }, properties: { $ref: "#/properties/const" } }
    },
    accepts: [{ const: 1, enum: null, properties: 2 }, { enum: { const: 1 } }],
    refuses: [{ const: "1" }, { enum: { const: "1" } }, { properties: "2" }]
  },
  "a reference to the root": {
    schema: { type: "array", items: { anyOf: [{ type: "number" }, { $ref: "#" }] } },
    accepts: [[], [1, [2, [3]]]],
    refuses: [[1, ["2"]], { result: [] }, "x"]
  },
  "a reference into the root": {
    schema: { type: "array", prefixItems: [{ type: "number" }, { $ref: "#/prefixItems/0" }] },
    accepts: [[], [1, 2]],
    refuses: [[1, "2"]]
  },
  "definitions that refer to each other and to the root": {
    schema: {
      $ref: "#/$defs/tree",
      $defs: {
        tree: { anyOf: [{ $ref: "#/$defs/leaf" }, { type: "array", items: { $ref: "#" } }] },
        leaf: { type: "number" }
      }
    },
    accepts: [1, [], [1, [2]]],
    refuses: ["1", [1, ["2"]]]
  },
  "a definition called $ref": {
    schema: { type: "array", items: { $ref: "#/$defs/$ref" }, $defs: { $ref: { type: "number" } } },
    accepts: [[1]],
    refuses: [["1"]]
  },
  "definitions of draft 7": {
    schema: {
      $schema: drafts["7"],
      type: "array",
      items: { $ref: "#/definitions/row" },
      definitions: { row: { type: ["number", "array"], items: { $ref: "#" } } }
    },
    accepts: [[1], [[]], [[[1]]]],
    refuses: [["1"], [[["1"]]]]
  },
  "an $id at the root": {
    schema: {
      $id: "https://example.com/tree",
      type: "array",
      items: { anyOf: [{ $ref: "#/$defs/leaf" }, { $ref: "#" }, { $ref: "https://example.com/tree#/$defs/word" }] },
      $defs: { leaf: { type: "number" }, word: { const: "word" } }
    },
    accepts: [[], [1, "word", [2]]],
    refuses: [["1"], [[["1"]]]]
  },
  "an $id further in": {
    schema: {
      type: "array",
      items: {
        $id: "https://example.com/node",
        type: "object",
        properties: { value: { type: "number" }, next: { $ref: "#" }, last: { $ref: "#/properties/value" } },
        required: ["value"]
      }
    },
    accepts: [[], [{ value: 1 }, { value: 1, next: { value: 2, last: 3 } }]],
    refuses: [[{}], [{ value: 1, next: {} }], [{ value: 1, last: "3" }], [{ value: 1, next: [] }]]
  },
  "an $id in a definition": {
    schema: {
      type: "array",
      items: { $ref: "https://example.com/tree" },
      $defs: {
        tree: {
          $id: "https://example.com/tree",
          type: ["object", "number"],
          properties: { value: { $ref: "#" }, next: { $ref: "#/$defs/leaf" } },
          $defs: { leaf: { type: "number" } }
        }
      }
    },
    accepts: [[1], [{ value: { value: 1 } }], [{ next: 1 }]],
    refuses: [["1"], [{ value: "1" }], [{ value: [] }], [{ next: {} }]]
  },
  "a recursive reference of 2019-09": {
    schema: {
      $schema: drafts["2019-09"],
      type: "array",
      items: { anyOf: [{ $recursiveRef: "#" }, { type: "number" }] }
    },
    accepts: [[], [1], [[1, []]]],
    refuses: [["1"], [["1"]], [{ result: [] }]]
  },
  "an anchor": {
    schema: { type: "array", items: { $ref: "#row" }, $defs: { row: { $anchor: "row", type: "number" } } },
    accepts: [[1]],
    refuses: [["1"]]
  },
  "a boolean schema inside": {
    schema: { type: "array", prefixItems: [true, false] },
    accepts: [[], [1]],
    refuses: [[1, 2]]
  }
}

/** The output schema as a client of 2025-11-25 sees it. */
const listed = async (schema: Json): Promise<any> => {
  const main = server({ name: "s", version: "1" }).tool(
    tool({ name: "t", output: jsonSchema<any>(schema) }, () => null)
  )
  await using wire = await connectWire(main, { speak: "2025-11-25" })
  return (await wire.request("tools/list")).result.tools[0].outputSchema
}

const validity = (schema: Json) => {
  const draft = (["7", "2019-09"] as const).find((known) => drafts[known] === schema["$schema"])
  const validator = new Validator(schema as any, draft ?? "2020-12")
  return (value: unknown): boolean => validator.validate(value).valid
}

/** JSON that resembles the given values: their parts, put together anew. */
const resembling = (values: ReadonlyArray<unknown>) =>
  fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(...values),
      fc.constantFrom<unknown>(1, "1", null, {}, []),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("$ref", "result", "const", "enum", "value", "next", "last"), tie("json"), {
        maxKeys: 3
      })
    )
  })).json

describe.each(Object.entries(rows))("an output schema with %s", (_, { schema, accepts, refuses }) => {
  it("accepts as { result } what it accepts alone", async () => {
    const wrapped = await listed(schema)
    expect(wrapped).toMatchObject({ type: "object", required: ["result"] })
    expect(wrapped["$schema"]).toBe(schema["$schema"])
    const alone = validity(schema)
    const inside = validity(wrapped)
    for (const value of accepts) expect([value, alone(value), inside({ result: value })]).toEqual([value, true, true])
    for (const value of refuses) expect([value, alone(value), inside({ result: value })]).toEqual([value, false, false])
    expect(inside({})).toBe(false)
    const values = resembling([...accepts, ...refuses])
    fc.assert(
      fc.property(values, (value) => inside({ result: value }) === alone(value)),
      { numRuns: 100 }
    )
  })
})

it("what is data in an output schema is listed word for word", async () => {
  const wrapped = await listed({ type: "array", examples: [link], default: link, items: { const: link } })
  expect(wrapped.properties.result).toStrictEqual({
    type: "array",
    examples: [link],
    default: link,
    items: { const: link }
  })
})
