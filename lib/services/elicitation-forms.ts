import * as v from "valibot"
import { type Form, type FormValue, toForm } from "../builder/form.ts"
import { toField } from "../builder/form-fields.ts"
import { makeIssue, shortJson } from "../builder/issues.ts"
import type { Decoded } from "../builder/schema.ts"
import type { FieldOptions, NumberOptions, Choice, TextOptions } from "../builder/questions.ts"

/** A box to tick. */
export const confirmForm: Form<boolean> = {
  requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
  decode: ({ ok }) => (typeof ok === "boolean" ? { ok: true, value: ok } : unlike("ok", "boolean", ok))
}

/** One line of text. */
export const textForm = (options: TextOptions): Form<{ readonly value: string }> => {
  const { minLength, maxLength, format } = options
  const text = piped<string>(v.string(), [
    minLength !== undefined && v.minLength(minLength),
    maxLength !== undefined && v.maxLength(maxLength),
    format !== undefined && formats[format](),
    ...shown(options)
  ])
  return toForm({ value: orDefault(text, options.default) }, () => "Elicitation.text")
}

const formats: Readonly<Record<NonNullable<TextOptions["format"]>, () => Action>> = {
  email: () => v.email(),
  uri: () => v.url(),
  date: () => v.isoDate(),
  "date-time": () => v.isoTimestamp()
}

/** One number. */
export const numberForm = (options: NumberOptions): Form<{ readonly value: number }> => {
  const { integer, min, max } = options
  const number = piped<number>(v.number(), [
    integer === true && v.integer(),
    min !== undefined && v.minValue(min),
    max !== undefined && v.maxValue(max),
    ...shown(options)
  ])
  return toForm({ value: orDefault(number, options.default) }, () => "Elicitation.number")
}

type Action = v.PipeItem<any, any, v.BaseIssue<unknown>>

const piped = <A extends FormValue>(schema: v.GenericSchema<A>, actions: ReadonlyArray<Action | false>) =>
  v.pipe(schema, ...actions.filter((action) => action !== false)) as v.GenericSchema<A>

const shown = ({ title, description }: FieldOptions): ReadonlyArray<Action | false> => [
  title !== undefined && v.title(title),
  description !== undefined && v.description(description)
]

/** A field with a default may be left out. */
const orDefault = <A extends FormValue>(
  schema: v.GenericSchema<A>,
  value: A | undefined
): v.GenericSchema<A | undefined, A> => (value === undefined ? schema : v.optional(schema, () => value))

/** One choice, or any number of them in the order they come in. Made without valibot, which needs 100 µs for four. */
export const choiceForm = (options: ReadonlyArray<Choice>, multiple: boolean, show: FieldOptions): Form<any> => {
  const values = options.map((option) => (typeof option === "string" ? option : option.value))
  const choices = options.some((option) => typeof option !== "string")
    ? {
        anyOf: options.map((option) =>
          typeof option === "string" ? { const: option } : { const: option.value, title: option.title }
        )
      }
    : { enum: values }
  const { title, description } = show
  const document = { title, description, ...(multiple ? { type: "array", items: choices } : choices) }
  const known = new Set<unknown>(values)
  const read = (chosen: unknown): Decoded<unknown> =>
    known.has(chosen)
      ? { ok: true, value: chosen }
      : unlike("choice", multiple ? "only allowed values" : "one of the allowed values", chosen, values)
  return {
    requestedSchema: {
      type: "object",
      properties: { choice: toField(document, "Elicitation.choose") },
      required: ["choice"]
    },
    decode: ({ choice }) => {
      if (!multiple) return read(choice)
      if (!Array.isArray(choice)) return unlike("choice", "array", choice)
      return choice.map(read).find((one) => !one.ok) ?? { ok: true, value: choice }
    }
  }
}

const unlike = (
  field: string,
  expected: string,
  received: unknown,
  allowed?: ReadonlyArray<string>
): Decoded<never> => ({
  ok: false,
  issues: [makeIssue([field], expected, shortJson(received), { allowed })]
})
