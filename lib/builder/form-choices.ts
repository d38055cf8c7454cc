import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"
import type { JsonSchemaDocument } from "./schema.ts"

/** A string that can be chosen, and its name for people where it has one. */
export interface Choice {
  readonly value: string
  readonly title: string | undefined
}

/**
 * The choices that a schema consists of; undefined where it consists of something else. Titles come from those of literals
 * in a union, or from `enumNames` in the metadata of a picklist. Choices that no form can offer are a `DefinitionError`.
 */
export const choicesOf = (document: JsonSchemaDocument, where: string): ReadonlyArray<Choice> | undefined => {
  // the title of a literal that is the whole field names the field
  const { title: _, ...untitled } = document
  const listed = listOf(untitled, where)
  if (listed === undefined || (listed.length === 1 && typeof listed[0]!.value === "boolean")) return undefined
  if (listed.length === 0) throw new DefinitionError(`${where}: no choices. Give at least one.`)
  const seen = new Set<unknown>()
  for (const { value } of listed) {
    if (typeof value !== "string") {
      throw new DefinitionError(
        `${where}: the choice ${shortJson(value)} is no string. Offer strings, and convert with v.transform.`
      )
    }
    if (seen.has(value)) {
      throw new DefinitionError(`${where}: the choice ${shortJson(value)} is there twice. Leave one out.`)
    }
    seen.add(value)
  }
  return listed as ReadonlyArray<Choice>
}

type Listed = ReadonlyArray<{ readonly value: unknown; readonly title: string | undefined }>

const listOf = (document: JsonSchemaDocument, where: string): Listed | undefined => {
  const { type, const: only, enum: values, anyOf, title } = document
  if (Array.isArray(values)) return named(values, document["enumNames"], where)
  // a number with a value it has to have keeps its type, so that it is a number field with a check
  if (only !== undefined && type === undefined)
    return [{ value: only, title: typeof title === "string" ? title : undefined }]
  if (!Array.isArray(anyOf)) return undefined
  const options = anyOf.map((option) => listOf(option, where))
  return options.every((option) => option !== undefined) ? options.flat() : undefined
}

const named = (values: ReadonlyArray<unknown>, names: unknown, where: string): Listed => {
  if (names === undefined) return values.map((value) => ({ value, title: undefined }))
  if (!Array.isArray(names) || names.length !== values.length || !names.every((name) => typeof name === "string")) {
    throw new DefinitionError(`${where}: enumNames must be ${values.length} strings, one for each choice.`)
  }
  return values.map((value, index) => ({ value, title: names[index] }))
}
