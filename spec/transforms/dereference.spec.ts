import * as fc from "fast-check"
import { jsonSchema, server, tool } from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { dereference } from "../../lib/transforms/index.ts"
import { inlineSchema } from "../../lib/transforms/inline-schema.ts"
import { connectWire } from "../kit/wire.ts"

const empty = server({ name: "s", version: "1" })

it("writes references out, of input and output, and validates as before", async () => {
  const document = {
    type: "object",
    properties: { home: { $ref: "#/$defs/place", description: "Where one lives" }, work: { $ref: "#/$defs/place" } },
    required: ["home"],
    additionalProperties: false,
    $defs: {
      place: { type: "object", properties: { at: { $ref: "#/$defs/at" } }, required: ["at"] },
      at: { type: "string" }
    }
  }
  const t = tool(
    {
      name: "t",
      input: jsonSchema(document),
      output: jsonSchema({ $ref: "#/$defs/a", $defs: { a: { type: "object" } } })
    },
    (args) => args
  )
  await using wire = await connectWire(empty.tool(t).transform(dereference()))
  const place = { type: "object", properties: { at: { type: "string" } }, required: ["at"] }
  expect((await wire.request("tools/list")).result.tools[0]).toMatchObject({
    inputSchema: {
      type: "object",
      properties: { home: { ...place, description: "Where one lives" }, work: place },
      required: ["home"],
      additionalProperties: false
    },
    outputSchema: { type: "object" }
  })
  expect(JSON.stringify((await wire.request("tools/list")).result)).not.toContain("$ref")
  expect((await wire.call("t", { home: { at: "x" } })).structuredContent).toEqual({ home: { at: "x" } })
  expect(await wire.text("t", { home: { at: 1 } })).toContain("home.at: expected string")
})

it("keeps what refers to itself, and writes out the rest", () => {
  type Tree = { kids: Array<Tree>; leaf?: { n: number } | undefined }
  const tree: v.GenericSchema<Tree> = v.strictObject({
    kids: v.array(v.lazy(() => tree)),
    leaf: v.optional(v.strictObject({ n: v.number() }))
  })
  const t = tool({ name: "t", input: { tree } }, () => 1)
  const made = inlineSchema(t.input.jsonSchema, "spec")!
  expect(Object.keys(made["$defs"] as object)).toEqual(["d1"])
  expect(jsonSchema(made).decode({ tree: { kids: [{ kids: [] }] } }).ok).toBe(true)
  expect(jsonSchema(made).decode({ tree: { kids: [{ kids: [1] }] } }).ok).toBe(false)
})

it("leaves a schema as it is that would grow beyond bounds", () => {
  const $defs: Record<string, unknown> = { d0: { type: "string" } }
  for (let i = 1; i <= 14; i++)
    $defs[`d${i}`] = { type: "array", prefixItems: Array(3).fill({ $ref: `#/$defs/d${i - 1}` }) }
  expect(inlineSchema({ type: "object", properties: { a: { $ref: "#/$defs/d14" } }, $defs }, "spec")).toBeUndefined()
})

const reference = fc.constantFrom("a", "b", "c").map((name) => ({ $ref: `#/$defs/${name}` }))
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom({ type: "string" }, { type: "object" }, {}),
    reference,
    fc.record(
      { $ref: reference.map(({ $ref }) => $ref), type: fc.constant("object"), description: fc.constant("x") },
      { requiredKeys: ["$ref"] }
    ),
    fc.record(
      { properties: fc.dictionary(fc.constantFrom("x", "y"), tie("schema")), required: fc.constant(["x"]) },
      { requiredKeys: [] }
    ),
    fc.record({ items: tie("schema") })
  )
}))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>("s", 1),
    fc.dictionary(fc.constantFrom("x", "y"), tie("value")),
    fc.array(tie("value"), { maxLength: 2 })
  )
}))

it("what is valid never changes", () => {
  fc.assert(
    fc.property(
      schema,
      schema,
      schema,
      schema,
      fc.array(value, { minLength: 5, maxLength: 15 }),
      (root, a, b, c, values) => {
        const document = { ...root, $defs: { a, b, c } }
        let whole: ReturnType<typeof jsonSchema>
        try {
          whole = jsonSchema(document)
        } catch {
          // a reference that leads back to itself
          return
        }
        const made = inlineSchema(document, "spec")
        const written = made === undefined ? whole : jsonSchema(made)
        for (const one of values) expect(written.decode(one).ok).toBe(whole.decode(one).ok)
      }
    ),
    { numRuns: 1_000 }
  )
})
