import { derive } from "../builder/component.ts"
import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { isText } from "../builder/options.ts"
import { toolNameFault } from "../builder/tool.ts"
import { isPrompt, isTool, type Transform } from "../builder/transform.ts"
import { checkedRecord, mentioned } from "./by-name.ts"
import { transformNaming } from "./make-transform.ts"

/**
 * Gives tools and prompts new names, by those they have. A name that nothing has or that is a resource's, or two components of one name
 * and kind, stop the assembly; a new name that cannot be one is a `DefinitionError`.
 * @example server(info).add(search).transform(rename({ search: "find_people" }))
 */
export const rename = (names: Readonly<Record<string, string>>): Transform => {
  const to = new Map<string, string>(Object.entries(checkedRecord(names, "rename(…)", '{ old_name: "new_name" }')))
  for (const [name, other] of to) {
    if (!isText(other)) {
      throw new DefinitionError(`rename(…): ${name} is ${shortJson(other)}; give it a non-empty name.`)
    }
  }
  return transformNaming(
    "rename",
    mentioned(names),
    (components) =>
      components.map((component) => {
        const name = isTool(component) || isPrompt(component) ? to.get(component.name) : undefined
        if (name === undefined) return component
        const fault = isTool(component) ? toolNameFault(name) : undefined
        if (fault !== undefined) throw new DefinitionError(`${component.name}: ${fault}`)
        return derive(component, { name })
      }),
    ["tool", "prompt"]
  )
}
