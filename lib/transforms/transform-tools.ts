import { DefinitionError } from "../builder/errors.ts"
import { isTool, type Transform } from "../builder/transform.ts"
import { checkedRecord, mentioned } from "./by-name.ts"
import { transformNaming } from "./make-transform.ts"
import { checkedTransformation, transformed } from "./transform-tool.ts"
import type { KnownOptions, ServicesIn, TransformToolOptions } from "./transform-tool-types.ts"

/**
 * Changes tools of a server by the names they have; the options are those of `transformTool`. A name that no tool has, and
 * whatever an option makes impossible, stops the assembly.
 * @example server(info).add(search).transform(transformTools({ search: { name: "find", omit: ["internal_id"] } }))
 */
export const transformTools = <const T extends Readonly<Record<string, TransformToolOptions>>>(
  tools: T & { readonly [K in keyof T]: KnownOptions<T[K]> }
): Transform<ServicesIn<T[keyof T]>> => {
  const example = '{ old_name: { name: "new_name" } }'
  const transformations = new Map(
    Object.entries(checkedRecord(tools, "transformTools(…)", example)).map(([name, options]) => {
      if (options === undefined) throw new DefinitionError(`transformTools(…): ${name} is undefined; give it options.`)
      return [name, checkedTransformation(options, `transformTools(…): ${name}`)] as const
    })
  )
  return transformNaming(
    "transformTools",
    mentioned(tools),
    (components) =>
      components.map((component) => {
        const transformation = isTool(component) ? transformations.get(component.name) : undefined
        return transformation === undefined ? component : transformed(component, transformation)
      }),
    ["tool"]
  )
}
