import type { ComponentType } from "../builder/component.ts"
import { DefinitionError } from "../builder/errors.ts"
import type { Selector } from "../builder/selection.ts"
import { servedName, type Transform, transform } from "../builder/transform.ts"

/** A transform that mentions names, which should be somebody's: where it is for some `types` alone, somebody's of these. */
export const transformNaming = <R = never>(
  name: string,
  names: Selector["names"],
  apply: Transform<R>["~mcpipe/Transform"]["apply"],
  types?: ReadonlyArray<ComponentType>
): Transform<R> => {
  const made = transform<R>(name, (components, inner) => {
    if (types !== undefined) expectTypes(name, names, components, types)
    return apply(components, inner)
  })
  return Object.freeze({ ...made, "~mcpipe/Transform": { ...made["~mcpipe/Transform"], names } })
}

/** What a name leaves as it is would pass for done. */
const expectTypes = (
  where: string,
  names: Selector["names"],
  components: Parameters<Transform["~mcpipe/Transform"]["apply"]>[0],
  types: ReadonlyArray<ComponentType>
): void => {
  for (const { text, matches } of names) {
    const named = components.filter((component) => matches(servedName(component)))
    const isMeant = named.some((component) => types.includes(component["~mcpipe/Component"].type))
    if (named.length === 0 || isMeant) continue
    throw new DefinitionError(
      `${JSON.stringify(text)} names a ${named[0]!["~mcpipe/Component"].type}; ${where}(…) is for ${types.map((type) => `${type}s`).join(" and ")} only.`
    )
  }
}
