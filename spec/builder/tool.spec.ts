import { DefinitionError, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { A } from "../kit/services.ts"

const handler = () => 1
const allowed = 'use 1 to 128 letters, digits, "_", "-", "." or "/".'

describe("a tool", () => {
  it("holds what it was given, and schemas in JSON Schema", () => {
    const t = tool(
      {
        name: "t",
        version: "2",
        title: "T",
        description: "Does",
        input: { a: v.number() },
        output: v.object({ b: v.string() }),
        annotations: { readOnlyHint: true },
        icons: [{ src: "https://x/i.png" }],
        tags: ["x"],
        meta: { m: 1 },
        timeout: 5
      },
      () => ({ b: "b" })
    )
    expect({ ...t }).toMatchObject({
      name: "t",
      version: "2",
      title: "T",
      description: "Does",
      annotations: { readOnlyHint: true },
      icons: [{ src: "https://x/i.png" }],
      tags: ["x"],
      meta: { m: 1 },
      timeout: 5
    })
    expect(t.input.jsonSchema).toMatchObject({ type: "object", required: ["a"], additionalProperties: false })
    expect(t.output?.jsonSchema).toMatchObject({ type: "object", required: ["b"] })
    expect(JSON.stringify(t)).toBe('{"_id":"Tool","name":"t","version":"2"}')
  })

  it("without options but a name takes no arguments", () => {
    const t = tool({ name: "t" }, handler)
    expect(t.input.jsonSchema).toMatchObject({ type: "object", properties: {}, additionalProperties: false })
    expect(t.input.decode({}).ok).toBe(true)
    expect([t.output, t.tags, t.version, t.timeout]).toEqual([undefined, [], undefined, undefined])
  })

  it("is frozen", () => {
    const t = tool({ name: "t" }, handler)
    expect(() => Object.assign(t, { name: "u" })).toThrow(TypeError)
  })

  it.each(["a", "A.b-c_d/e", "1", "x".repeat(128)])("may be called %s", (name) => {
    expect(tool({ name }, handler).name).toBe(name)
  })

  it.each<[string, () => unknown, string]>([
    ["no name", () => tool({} as never, handler), `tool name undefined: ${allowed}`],
    ["an empty name", () => tool({ name: "" }, handler), `tool name "": ${allowed}`],
    ["a blank in its name", () => tool({ name: "a b" }, handler), `tool name "a b": ${allowed}`],
    [
      "a name of 129 characters",
      () => tool({ name: "x".repeat(129) }, handler),
      `tool name "${"x".repeat(129)}": ${allowed}`
    ],
    ["no handler", () => (tool as any)({ name: "t" }), 'tool "t": the second argument must be its handler function.'],
    [
      "an empty version",
      () => tool({ name: "t", version: "" }, handler),
      'tool "t": version must be a non-empty string, such as "1.0".'
    ],
    [
      "a number as version",
      () => tool({ name: "t", version: 1 as never }, handler),
      'tool "t": version must be a non-empty string, such as "1.0".'
    ],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, "5" as never].map((timeout): [string, () => unknown, string] => [
      `a timeout of ${JSON.stringify(timeout)} (${timeout})`,
      () => tool({ name: "t", timeout }, handler),
      `tool "t": timeout is ${timeout}; it must be a positive number of milliseconds.`
    ]),
    [
      "an input that is no object",
      () => tool({ name: "t", input: v.string() }, handler),
      'tool "t" input: arguments are always an object, so the root must have type "object". Put the value in a property: { value: … }.'
    ],
    [
      "bare entries as output",
      () => tool({ name: "t", output: { a: v.string() } as never }, handler as never),
      'tool "t" output: not a schema. Use a valibot schema such as v.strictObject({ … }), or jsonSchema(document).'
    ],
    [
      "a service called log",
      () => tool({ name: "t", uses: { log: A } }, handler),
      'tool "t": uses.log would hide the handler\'s own log; choose another name.'
    ],
    [
      "what is no service in uses",
      () => tool({ name: "t", uses: { db: {} as never } }, handler),
      'tool "t": uses.db must be a service, such as a class that extends Context.Service.'
    ]
  ])("with %s is refused", (_, make, message) => {
    expect(make).toThrow(new DefinitionError(message))
  })

  it("with an input JSON cannot carry is refused with the place and the fix", () => {
    expect(() => tool({ name: "t", input: { when: v.date() } }, handler)).toThrow(
      /^tool "t" input at when: .*isoTimestamp/
    )
  })
})
