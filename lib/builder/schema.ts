import * as v from "valibot"
import { DefinitionError } from "./errors.ts"
import { isValibotSchema } from "./schema-closed.ts"
import { checkEntries, fromValibot } from "./valibot-schema.ts"

export { jsonSchema } from "./json-schema.ts"
export { type StringArgument, toStringArguments } from "./schema-strings.ts"

/** A JSON Schema object, draft 2020-12 unless it says otherwise in `$schema`; deeply frozen where mcpipe hands it out. */
export type JsonSchemaDocument = Readonly<Record<string, unknown>>

/** One reason why a value was not accepted. */
export interface Issue {
  /** Keys and indexes from the value's root to the part that is wrong; empty for the value itself. */
  readonly path: ReadonlyArray<string | number>
  /** What is accepted there, in words: `string`, `integer`, `>=1`. */
  readonly expected: string
  /** What came instead, as JSON shortened to about 80 characters. */
  readonly received: string
  /** A whole sentence for people. */
  readonly message: string
  /** The values or property names accepted there, where they can be listed. */
  readonly allowed?: ReadonlyArray<unknown> | undefined
  /** At least so many further issues were left out after this one. Default none. */
  readonly more?: number | undefined
}

/** What `decode` answers: the decoded value, or every reason against it. */
export type Decoded<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly issues: ReadonlyArray<Issue> }

/**
 * What components hold: a JSON Schema for clients and a synchronous decoder for values.
 * `In` is what a client sends (for an output, what the handler returns), `Out` what comes out of `decode`.
 */
export interface Schema<out In = unknown, out Out = In> {
  readonly "~mcpipe/Schema": { readonly In: In; readonly Out: Out }
  readonly jsonSchema: JsonSchemaDocument
  readonly decode: (value: unknown) => Decoded<Out>
}

/** Bare valibot entries, `{ a: v.number() }`: an object that refuses other keys. */
export type Entries = Readonly<Record<string, v.GenericSchema<any, any>>>

/** What a tool's `input` may be. A `v.object` in it refuses unknown keys like `v.strictObject`, at any depth. */
export type ObjectInput = Entries | v.GenericSchema<any, any> | Schema<any, any>

/** What a tool's `output` may be. A `v.object` in it removes the keys it does not name, as valibot documents. */
export type ValueInput = v.GenericSchema<any, any> | Schema<any, any>

/** The type a client sends for an input, or a handler returns for an output. */
export type InferIn<I> =
  I extends Schema<infer In, any>
    ? In
    : I extends v.GenericSchema<any, any>
      ? Flat<v.InferInput<I>>
      : I extends Entries
        ? Flat<v.InferInput<v.StrictObjectSchema<I, undefined>>>
        : {}

/** The type after decoding. */
export type InferOut<I> =
  I extends Schema<any, infer Out>
    ? Out
    : I extends v.GenericSchema<any, any>
      ? Flat<v.InferOutput<I>>
      : I extends Entries
        ? Flat<v.InferOutput<v.StrictObjectSchema<I, undefined>>>
        : {}

type Flat<T> = T extends ReadonlyArray<any> | Date | ((...args: any) => any) ? T : { [K in keyof T]: T[K] } & unknown

/** Whether a value is a `Schema`, made by this or another copy of the package. */
export const isSchema = (u: unknown): u is Schema<any, any> =>
  typeof u === "object" && u !== null && "~mcpipe/Schema" in u

/** The schema of a tool's input; `undefined` is an object without properties. Its document always has `type: "object"`. */
export const toInputSchema = (input: ObjectInput | undefined, where: string): Schema<any, any> => {
  if (input === undefined) return fromValibot(v.strictObject({}), "input", where)
  if (isSchema(input)) {
    if (input.jsonSchema["type"] === "object") return input
    throw notAnObject(where)
  }
  if (isValibotSchema(input)) return requireObject(fromValibot(input, "input", where), where)
  return fromValibot(v.strictObject(checkEntries(input, where)), "input", where)
}

/** The schema of a tool's output: any JSON type. Its document describes what is sent, after transforms. */
export const toOutputSchema = (output: ValueInput, where: string): Schema<any, any> => {
  if (isSchema(output)) return output
  if (isValibotSchema(output)) return fromValibot(output, "output", where)
  throw new DefinitionError(
    `${where}: not a schema. Use a valibot schema such as v.strictObject({ … }), or jsonSchema(document).`
  )
}

const requireObject = (schema: Schema<any, any>, where: string): Schema<any, any> => {
  const { jsonSchema } = schema
  if (jsonSchema["type"] === "object") return schema
  if (isObjectOnly(jsonSchema, jsonSchema, 0))
    return { ...schema, jsonSchema: Object.freeze({ type: "object", ...jsonSchema }) }
  throw notAnObject(where)
}

const notAnObject = (where: string) =>
  new DefinitionError(
    `${where}: arguments are always an object, so the root must have type "object". Put the value in a property: { value: … }.`
  )

/** Whether a document without a `type` admits objects alone: a union or intersection of objects, or a reference to one. */
const isObjectOnly = (schema: unknown, root: JsonSchemaDocument, depth: number): boolean => {
  if (typeof schema !== "object" || schema === null || depth > 8) return false
  const { type, anyOf, oneOf, allOf, $ref } = schema as JsonSchemaDocument
  if (type !== undefined) return type === "object"
  const admits = (option: unknown) => isObjectOnly(option, root, depth + 1)
  for (const options of [anyOf, oneOf])
    if (Array.isArray(options) && options.length > 0 && options.every(admits)) return true
  if (Array.isArray(allOf) && allOf.some(admits)) return true
  const name = typeof $ref === "string" ? /^#\/\$defs\/(\w+)$/.exec($ref)?.[1] : undefined
  return name !== undefined && admits((root["$defs"] as JsonSchemaDocument | undefined)?.[name])
}
