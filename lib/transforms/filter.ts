import type { Component } from "../builder/component.ts"
import { type Named, type Selection, selector } from "../builder/selection.ts"
import { servedName, type Transform } from "../builder/transform.ts"
import { transformNaming } from "./make-transform.ts"

/** A component as selections are shown it. */
export const namedOf = (component: Component): Named => ({
  type: component["~mcpipe/Component"].type,
  name: servedName(component),
  tags: component.tags,
  component
})

/**
 * Serves what a selection picks, and nothing else. A `DefinitionError` for what is no selection; a name in it that nothing
 * has stops the assembly.
 * @example server(info).add(search, wipe).transform(filter({ tag: "safe" }))
 */
export const filter = (selection: Selection): Transform => picking("filter", selection, true)

/** Serves all but what a selection picks; see `filter`. */
export const except = (selection: Selection): Transform => picking("except", selection, false)

const picking = (name: string, selection: Selection, wanted: boolean): Transform => {
  const { picks, names } = selector(selection, `${name}(…)`)
  return transformNaming(name, names, (components) =>
    components.filter((component) => picks(namedOf(component)) === wanted)
  )
}
