import { reshape } from "../builder/reshape.ts"
import type { Schema } from "../builder/schema.ts"
import type { Tool } from "../builder/tool.ts"
import { isTool, type Transform, transform } from "../builder/transform.ts"
import { inlineSchema } from "./inline-schema.ts"

/**
 * Writes out the `$ref`s of input and output schemas, for clients that cannot follow them. What refers to itself stays in
 * `$defs`, and so does all of a schema that would grow beyond 10,000 subschemas. What is valid does not change.
 * @example server(info).add(search).transform(dereference())
 */
export const dereference = (): Transform =>
  transform("dereference", (components) =>
    components.map((component) => (isTool(component) ? inlined(component) : component))
  )

const inlined = (tool: Tool.Any): Tool.Any => {
  const where = `dereference of tool ${JSON.stringify(tool.name)}`
  const input = written(tool.input, `${where}: input`)
  const output = tool.output && written(tool.output, `${where}: output`)
  return input === tool.input && output === tool.output ? tool : reshape(tool, {}, { input, output })
}

const written = <S extends Schema<any, any>>(schema: S, where: string): S => {
  const document = inlineSchema(schema.jsonSchema, where)
  return document === undefined ? schema : { ...schema, jsonSchema: document }
}
