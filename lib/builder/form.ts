import * as v from "valibot"
import { DefinitionError } from "./errors.ts"
import { type FormField, toField } from "./form-fields.ts"
import { formSignature } from "./form-signature.ts"
import type { Decoded, InferOut, JsonSchemaDocument } from "./schema.ts"
import { isValibotSchema } from "./schema-closed.ts"
import { freezeJson } from "./schema-document.ts"
import { checkEntries, fromValibot } from "./valibot-schema.ts"

/** What people can put in one field of a form: text, a number, yes or no, one choice or several. */
export type FormValue = string | number | boolean | ReadonlyArray<string>

/** What a form may be made of: bare valibot entries, `{ age: v.optional(v.number()) }`, or a valibot object of such. */
export type FormInput =
  | Readonly<Record<string, v.GenericSchema<FormValue | undefined, any>>>
  | v.GenericSchema<{ readonly [field: string]: FormValue | undefined }, any>

/** The restricted JSON Schema of a form (MCP 2025-11-25 client/elicitation, "Requested Schema"); deeply frozen. */
export interface RequestedSchema {
  readonly type: "object"
  readonly properties: Readonly<Record<string, FormField>>
  readonly required?: ReadonlyArray<string>
}

/** A form for people: what clients show, and how an answer is read. */
export interface Form<out Out> {
  readonly requestedSchema: RequestedSchema
  /** Reads the content of an accepted answer: fills defaults, and ignores what is not in the form. */
  readonly decode: (content: Readonly<Record<string, unknown>>) => Decoded<Out>
}

/**
 * The form of bare valibot entries or of a valibot object schema; each input is converted once. What the restricted schema
 * has no keyword for (`pattern`, `multipleOf`, checks …) is left out of it and enforced by `decode`. What is no flat
 * primitive, such as an object, `null` or a list of free texts, is a `DefinitionError` naming `where()`, the field and the fix.
 */
export const toForm = <const I extends FormInput>(input: I, where: () => string): Form<InferOut<I>> => {
  const known = forms.get(input)
  if (known !== undefined) return known
  const form = alike(input, where) ?? convert(input, where())
  forms.set(input, form)
  return form
}

const forms = new WeakMap<object, Form<any>>()

/** Requested schemas by the signature of their entries, the latest last. */
const shapes = new Map<string, RequestedSchema>()

const mostShapes = 1_000

/** The form of entries that look like some converted before; undefined where they are of another kind. */
const alike = (input: FormInput, where: () => string): Form<any> | undefined => {
  if (typeof input !== "object" || input === null || isValibotSchema(input) || "~mcpipe/Schema" in input) {
    return undefined
  }
  const entries = input as v.ObjectEntries
  const signature = formSignature(entries)
  if (signature === undefined) return undefined
  const known = shapes.get(signature)
  if (known === undefined) {
    const form = convert(input, where())
    if (shapes.size >= mostShapes) shapes.delete(shapes.keys().next().value!)
    shapes.set(signature, form.requestedSchema)
    return form
  }
  const names = Object.keys(known.properties)
  return {
    requestedSchema: known,
    decode: (content) => {
      const parsed = v.safeParse(v.strictObject(entries), only(names, content))
      // what is wrong with an answer is worded by the whole conversion
      return parsed.success ? { ok: true, value: parsed.output } : convert(input, where()).decode(content)
    }
  }
}

const convert = (input: FormInput, where: string): Form<any> => {
  if (typeof input !== "object" || input === null || Array.isArray(input) || "~mcpipe/Schema" in input) {
    throw new DefinitionError(
      `${where}: a form is made of valibot entries such as { name: v.string() }, or of a v.object({ … }).`
    )
  }
  const object = isValibotSchema(input) ? input : v.strictObject(checkEntries(input, where))
  const { jsonSchema, decode } = fromValibot(object, "input", where)
  const requestedSchema = restrict(jsonSchema, where)
  const names = Object.keys(requestedSchema.properties)
  return { requestedSchema, decode: (content) => decode(only(names, content)) }
}

const restrict = (document: JsonSchemaDocument, where: string): RequestedSchema => {
  const { type, properties, required, additionalProperties } = document
  if (type !== "object" || typeof properties !== "object" || additionalProperties !== false) {
    throw new DefinitionError(
      `${where}: a form is one object with fields that are known. Use entries such as { name: v.string() }, or v.object({ … }).`
    )
  }
  const fields: Record<string, FormField> = {}
  for (const [name, field] of Object.entries(properties as Readonly<Record<string, JsonSchemaDocument>>)) {
    fields[name] = toField(field, `${where} at ${name}`)
  }
  return freezeJson({ type: "object", properties: fields, required }, where) as RequestedSchema
}

/** An own object with these keys alone, whatever prototype or accessors the content has. */
const only = (names: ReadonlyArray<string>, content: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const fields: Record<string, unknown> = {}
  for (const name of names) if (Object.hasOwn(content, name)) fields[name] = content[name]
  return fields
}
