import { DefinitionError } from "../builder/errors.ts"
import { jsonSchema } from "../builder/json-schema.ts"
import type { Schema } from "../builder/schema.ts"
import { toolNameFault } from "../builder/tool.ts"

/** Hints of tools that only look. */
export const readOnly = { readOnlyHint: true, openWorldHint: false } as const

/** The name of a tool that a transform adds. */
export const toolName = (given: string | undefined, otherwise: string, where: string): string => {
  const fault = given === undefined ? undefined : toolNameFault(given)
  if (fault !== undefined) throw new DefinitionError(`${where}: ${fault}`)
  return given ?? otherwise
}

/** The schema of an output that is made from what was checked already. */
export const jsonOutput = (
  properties: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {}
): Schema<unknown, unknown> =>
  jsonSchema<unknown>(
    { type: "object", properties: { ...properties, ...optional }, required: Object.keys(properties) },
    // with JSON.stringify what is written here in other ways is what clients get
    { decode: (value) => ({ ok: true, value: JSON.parse(JSON.stringify(value)) }) }
  )
