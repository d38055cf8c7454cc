import { Validator } from "@cfworker/json-schema"
import fc from "fast-check"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { type FormInput, toForm } from "../../lib/builder/form.ts"

const where = () => "Elicitation.form"
const field = (entry: v.GenericSchema<any, any>) => toForm({ x: entry }, where).requestedSchema.properties["x"]
const decode = (entry: v.GenericSchema<any, any>, content: Record<string, unknown>) =>
  toForm({ x: entry }, where).decode(content)

const titled = <const T extends string>(value: T, title: string) => v.pipe(v.literal(value), v.title(title))
const colors = v.union([titled("#F00", "Red"), titled("#0F0", "Green")])
const redAndGreen = [
  { const: "#F00", title: "Red" },
  { const: "#0F0", title: "Green" }
]

describe("a field is", () => {
  it.each<[string, v.GenericSchema<any, any>, unknown]>([
    ["text", v.string(), { type: "string" }],
    [
      "text with lengths, a title and a description",
      v.pipe(v.string(), v.minLength(1), v.maxLength(9), v.title("T"), v.description("D")),
      { type: "string", title: "T", description: "D", minLength: 1, maxLength: 9 }
    ],
    ["an e-mail address", v.pipe(v.string(), v.email()), { type: "string", format: "email" }],
    ["a URL", v.pipe(v.string(), v.url()), { type: "string", format: "uri" }],
    ["a date", v.pipe(v.string(), v.isoDate()), { type: "string", format: "date" }],
    ["a date with time", v.pipe(v.string(), v.isoTimestamp()), { type: "string", format: "date-time" }],
    ["text with a default", v.optional(v.string(), "John Doe"), { type: "string", default: "John Doe" }],
    ["text that becomes something else", v.pipe(v.string(), v.transform(Number)), { type: "string" }],
    ["a number", v.optional(v.number(), 95.5), { type: "number", default: 95.5 }],
    [
      "a whole number within bounds",
      v.pipe(v.number(), v.integer(), v.minValue(18), v.maxValue(99)),
      { type: "integer", minimum: 18, maximum: 99 }
    ],
    [
      "a whole number between bounds that it must not be",
      v.pipe(v.number(), v.integer(), v.gtValue(0), v.ltValue(10)),
      { type: "integer", minimum: 1, maximum: 9 }
    ],
    [
      "a number above a bound, which is shown as the lowest",
      v.pipe(v.number(), v.gtValue(0.5)),
      { type: "number", minimum: 0.5 }
    ],
    ["yes or no", v.optional(v.boolean(), true), { type: "boolean", default: true }],
    ["a box that has to be ticked", v.pipe(v.literal(true), v.title("I agree")), { type: "boolean", title: "I agree" }],
    [
      "one choice",
      v.optional(v.picklist(["active", "inactive"]), "active"),
      { type: "string", enum: ["active", "inactive"], default: "active" }
    ],
    ["one choice of an enum", v.enum({ A: "a", B: "b" }), { type: "string", enum: ["a", "b"] }],
    ["one choice of literals", v.union([v.literal("a"), v.literal("b")]), { type: "string", enum: ["a", "b"] }],
    [
      "the only choice, its title being that of the field",
      titled("a", "A"),
      { type: "string", title: "A", enum: ["a"] }
    ],
    [
      "one choice with titles",
      v.optional(v.pipe(colors, v.title("Colour"), v.description("Of the car")), "#0F0"),
      { type: "string", title: "Colour", description: "Of the car", default: "#0F0", oneOf: redAndGreen }
    ],
    [
      "one choice of which some have titles",
      v.union([titled("a", "A"), v.picklist(["b", "c"])]),
      {
        type: "string",
        oneOf: [
          { const: "a", title: "A" },
          { const: "b", title: "b" },
          { const: "c", title: "c" }
        ]
      }
    ],
    [
      "one choice with titles as of old",
      v.pipe(v.picklist(["a", "b"]), v.metadata({ enumNames: ["A", "B"] })),
      { type: "string", enum: ["a", "b"], enumNames: ["A", "B"] }
    ],
    [
      "several choices",
      v.optional(v.pipe(v.array(v.picklist(["a", "b"])), v.minLength(1), v.maxLength(2)), ["a"]),
      { type: "array", items: { type: "string", enum: ["a", "b"] }, minItems: 1, maxItems: 2, default: ["a"] }
    ],
    ["several choices with titles", v.array(colors), { type: "array", items: { anyOf: redAndGreen } }],
    [
      "several choices with titles from metadata",
      v.array(v.pipe(v.picklist(["#F00", "#0F0"]), v.metadata({ enumNames: ["Red", "Green"] }))),
      { type: "array", items: { anyOf: redAndGreen } }
    ]
  ])("%s", (_, entry, expected) => {
    expect(field(entry)).toStrictEqual(expected)
  })
})

describe("what the restricted schema has no keyword for is not in it, and enforced all the same", () => {
  it.each<[string, v.GenericSchema<any, any>, unknown, unknown, unknown]>([
    ["pattern", v.pipe(v.string(), v.regex(/^a+$/)), { type: "string" }, "aa", "ab"],
    ["other formats", v.pipe(v.string(), v.ipv4()), { type: "string" }, "10.0.0.1", "10"],
    ["multipleOf", v.pipe(v.number(), v.multipleOf(5)), { type: "number" }, 10, 11],
    ["an exclusive bound", v.pipe(v.number(), v.ltValue(1)), { type: "number", maximum: 1 }, 0.9, 1],
    ["const", v.literal(true), { type: "boolean" }, true, false],
    [
      "a check",
      v.pipe(
        v.string(),
        v.check((text) => text !== "no")
      ),
      { type: "string" },
      "yes",
      "no"
    ]
  ])("%s", (_, entry, expected, good, bad) => {
    expect(field(entry)).toStrictEqual(expected)
    expect(decode(entry, { x: good })).toStrictEqual({ ok: true, value: { x: good } })
    expect(decode(entry, { x: bad })).toMatchObject({ ok: false, issues: [{ path: ["x"] }] })
  })
})

describe("a form", () => {
  const entries = { name: v.string(), age: v.optional(v.number()), role: v.optional(v.picklist(["a", "b"]), "b") }

  it("of entries requires what is not optional", () => {
    expect(toForm(entries, where).requestedSchema).toStrictEqual({
      type: "object",
      properties: {
        name: { type: "string" },
        age: { type: "number" },
        role: { type: "string", enum: ["a", "b"], default: "b" }
      },
      required: ["name"]
    })
    expect(toForm({ age: v.exactOptional(v.number()) }, where).requestedSchema).toStrictEqual({
      type: "object",
      properties: { age: { type: "number" } }
    })
  })

  it("may have no fields", () => {
    const form = toForm({}, where)
    expect(form.requestedSchema).toStrictEqual({ type: "object", properties: {} })
    expect(form.decode({ x: 1 })).toStrictEqual({ ok: true, value: {} })
  })

  it("of an object may check and transform the whole", () => {
    const form = toForm(
      v.pipe(
        v.object({ from: v.number(), to: v.number() }),
        v.check(({ from, to }) => from <= to, "from is after to"),
        v.transform(({ from, to }) => to - from)
      ),
      where
    )
    expect(form.requestedSchema).toStrictEqual({
      type: "object",
      properties: { from: { type: "number" }, to: { type: "number" } },
      required: ["from", "to"]
    })
    expect(form.decode({ from: 1, to: 3 })).toStrictEqual({ ok: true, value: 2 })
    expect(form.decode({ from: 3, to: 1 })).toMatchObject({ ok: false, issues: [{ message: "from is after to" }] })
  })

  it("fills defaults, leaves out what is optional, and ignores what is not in it", () => {
    const { decode } = toForm(entries, where)
    expect(decode({ name: "Ada" })).toStrictEqual({ ok: true, value: { name: "Ada", role: "b" } })
    expect(decode({ name: "Ada", age: 3, role: "a", more: {}, constructor: 1 })).toStrictEqual({
      ok: true,
      value: { name: "Ada", age: 3, role: "a" }
    })
    expect(decode(JSON.parse('{"name":"Ada","__proto__":{"age":"old"}}'))).toStrictEqual({
      ok: true,
      value: { name: "Ada", role: "b" }
    })
  })

  it("refuses what is missing or of another kind, and converts nothing", () => {
    const { decode } = toForm(entries, where)
    expect(decode({})).toMatchObject({ ok: false, issues: [{ path: ["name"], received: "nothing" }] })
    expect(decode({ name: "Ada", age: "3" })).toMatchObject({ ok: false, issues: [{ path: ["age"], received: '"3"' }] })
    expect(decode({ name: "Ada", age: null })).toMatchObject({ ok: false, issues: [{ path: ["age"] }] })
    expect(decode({ name: "Ada", role: "c" })).toMatchObject({ ok: false, issues: [{ allowed: ["a", "b"] }] })
  })

  it("is converted once for the same input, and frozen", () => {
    expect(toForm(entries, where)).toBe(toForm(entries, () => "elsewhere"))
    const { requestedSchema } = toForm(entries, where)
    expect(Object.isFrozen(requestedSchema.properties["role"]?.enum)).toBe(true)
  })
})

describe("a form refuses, naming the field and the fix,", () => {
  it.each<[string, v.GenericSchema<any, any>, string]>([
    [
      "an object",
      v.object({ a: v.string() }),
      "an object inside a form. Forms are flat: make its properties fields of the form itself."
    ],
    [
      "a record",
      v.record(v.string(), v.string()),
      "an object inside a form. Forms are flat: make its properties fields of the form itself."
    ],
    ["null", v.nullable(v.string()), "null, which nobody can enter. Use v.optional(…): a field may be left out."],
    [
      "null among choices",
      v.nullish(v.picklist(["a"])),
      "null, which nobody can enter. Use v.optional(…): a field may be left out."
    ],
    [
      "free texts",
      v.array(v.string()),
      "an array of something else than choices. Use v.array(v.picklist([…])), or a text to split."
    ],
    [
      "objects",
      v.array(v.object({})),
      "an array of something else than choices. Use v.array(v.picklist([…])), or a text to split."
    ],
    ["a tuple", v.tuple([v.string()]), "a tuple. Make each item a field of its own."],
    [
      "a union of types",
      v.union([v.string(), v.number()]),
      "a union of types. Give each type a field of its own, or offer choices that are strings."
    ],
    [
      "an intersection",
      v.intersect([v.string(), v.string()]),
      "an intersection. Use one schema with actions: v.pipe(v.string(), …)."
    ],
    ["a v.lazy", v.lazy(() => v.string()), "a v.lazy. Write the schema itself."],
    ["anything", v.any(), "a value of no one type. Use v.string(), v.number(), v.boolean() or v.picklist([…])."],
    [
      "numbers to choose from",
      v.picklist([1, 2]),
      "the choice 1 is no string. Offer strings, and convert with v.transform."
    ],
    ["a number as a literal", v.literal(1), "the choice 1 is no string. Offer strings, and convert with v.transform."],
    ["no choices", v.picklist([]), "no choices. Give at least one."],
    ["a choice twice", v.union([titled("a", "A"), titled("a", "B")]), 'the choice "a" is there twice. Leave one out.'],
    [
      "too few names",
      v.pipe(v.picklist(["a", "b"]), v.metadata({ enumNames: ["A"] })),
      "enumNames must be 2 strings, one for each choice."
    ],
    [
      "a default that is no choice",
      v.optional(v.picklist(["a"]), "b" as "a"),
      'the default "b" is none of its choices. Use one of them.'
    ],
    [
      "a date object",
      v.date(),
      "v.date(), which JSON cannot carry. Take a string: v.pipe(v.string(), v.isoTimestamp(), v.transform((text) => new Date(text)))."
    ]
  ])("%s", (_, entry, sentence) => {
    expect(() => field(entry)).toThrow(new DefinitionError(`Elicitation.form at x: ${sentence}`))
  })

  const notAnObject =
    "Elicitation.form: a form is one object with fields that are known. Use entries such as { name: v.string() }, or v.object({ … })."
  const notValibot =
    "Elicitation.form: a form is made of valibot entries such as { name: v.string() }, or of a v.object({ … })."

  it.each<[string, unknown, string]>([
    ["a root that is no object", v.string(), notAnObject],
    ["an object with other fields", v.looseObject({ a: v.string() }), notAnObject],
    ["a record as the root", v.record(v.string(), v.string()), notAnObject],
    ["a recursive root", v.lazy(() => v.object({ a: v.string() })), notAnObject],
    ["nothing", undefined, notValibot],
    ["a list of entries", [v.string()], notValibot],
    [
      "entries that are no schemas",
      { a: "string" },
      "Elicitation.form at a: not a valibot schema. Write one, such as a: v.string()."
    ]
  ])("%s", (_, input, message) => {
    expect(() => toForm(input as FormInput, where)).toThrow(new DefinitionError(message))
  })
})

describe("whatever a form admits, it decodes", () => {
  interface Made {
    readonly entry: v.GenericSchema<any, any>
    /** What people can put in. */
    readonly values: fc.Arbitrary<unknown>
    readonly optional: boolean
  }

  const text = (limits: readonly [number, number]): Made => {
    const [minLength, maxLength] = [Math.min(...limits), Math.max(...limits)]
    return {
      entry: v.pipe(v.string(), v.minLength(minLength), v.maxLength(maxLength)),
      values: fc.string({ minLength, maxLength }),
      optional: false
    }
  }
  const number = (bounds: readonly [number, number], integer: boolean): Made => {
    const [min, max] = [Math.min(...bounds), Math.max(...bounds)]
    return {
      entry: integer
        ? v.pipe(v.number(), v.integer(), v.gtValue(min - 1), v.maxValue(max))
        : v.pipe(v.number(), v.minValue(min), v.maxValue(max)),
      values: integer ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true }),
      optional: false
    }
  }
  const choice = (values: ReadonlyArray<string>, named: boolean, several: boolean): Made => {
    const one = named ? v.union(values.map((value) => titled(value, value.toUpperCase()))) : v.picklist(values)
    return {
      entry: several ? v.pipe(v.array(one), v.minLength(1)) : one,
      values: several ? fc.array(fc.constantFrom(...values), { minLength: 1 }) : fc.constantFrom(...values),
      optional: false
    }
  }
  const limit = fc.integer({ min: -50, max: 50 })
  const length = fc.integer({ min: 0, max: 20 })
  const required = fc.oneof(
    fc.tuple(length, length).map(text),
    fc.tuple(fc.tuple(limit, limit), fc.boolean()).map(([bounds, integer]) => number(bounds, integer)),
    fc.constant<Made>({ entry: v.boolean(), values: fc.boolean(), optional: false }),
    fc
      .tuple(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 5 }), fc.boolean(), fc.boolean())
      .map((parts) => choice(...parts))
  )
  const made: fc.Arbitrary<Made> = required.chain((one) =>
    fc.oneof(
      fc.constant(one),
      fc.constant<Made>({ ...one, entry: v.optional(one.entry), optional: true }),
      one.values.map((value): Made => ({ ...one, entry: v.optional(one.entry, () => value), optional: true }))
    )
  )
  const names = fc.stringMatching(/^[A-Za-z_$][\w$ -]{0,9}$/).filter((name) => !(name in Object.prototype))
  const forms = fc.dictionary(names, made, { maxKeys: 6, noNullPrototype: true })

  const contentOf = (fields: Readonly<Record<string, Made>>) => {
    const parts = Object.entries(fields).map(([name, { values }]) => [name, values] as const)
    const requiredKeys = Object.entries(fields).flatMap(([name, { optional }]) => (optional ? [] : [name]))
    return fc.record(Object.fromEntries(parts), { requiredKeys, noNullPrototype: true })
  }
  const formOf = (fields: Readonly<Record<string, Made>>) =>
    toForm(Object.fromEntries(Object.entries(fields).map(([name, { entry }]) => [name, entry])), where)

  it("the same whether it was converted or looks like one that was", () => {
    fc.assert(
      fc.property(forms, fc.dictionary(names, fc.anything(), { maxKeys: 3 }), (fields, content) => {
        const entries = () => Object.fromEntries(Object.entries(fields).map(([name, { entry }]) => [name, entry]))
        const whole = toForm(v.strictObject(entries()), () => "spec")
        for (let n = 0; n < 2; n++) {
          const form = toForm(entries(), () => "spec")
          expect(form.requestedSchema).toEqual(whole.requestedSchema)
          expect(form.decode(content)).toEqual(whole.decode(content))
        }
      })
    )
  })

  it("with the very values that were sent", () => {
    fc.assert(
      fc.property(
        forms.chain((fields) => fc.tuple(fc.constant(fields), contentOf(fields))),
        ([fields, content]) => {
          const { requestedSchema, decode } = formOf(fields)
          expect(new Validator(structuredClone(requestedSchema) as object, "2020-12").validate(content).valid).toBe(
            true
          )
          const decoded = decode({ ...content, "not in the form": true })
          expect(decoded).toMatchObject({ ok: true, value: content })
        }
      ),
      { numRuns: 200 }
    )
  })

  it("and whatever it decodes, it admits", () => {
    const strange = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.array(fc.string()),
      fc.constant(null)
    )
    fc.assert(
      fc.property(
        forms.chain((fields) =>
          fc.tuple(
            fc.constant(fields),
            contentOf(fields),
            fc.dictionary(fc.constantFrom(...Object.keys(fields), "z"), strange)
          )
        ),
        ([fields, content, changes]) => {
          const { requestedSchema, decode } = formOf(fields)
          const answer = { ...content, ...changes }
          const { valid } = new Validator(structuredClone(requestedSchema) as object, "2020-12").validate(answer)
          expect(decode(answer).ok).toBe(valid)
        }
      ),
      { numRuns: 200 }
    )
  })
})
