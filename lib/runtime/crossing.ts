import { type Component, derive, isComponent } from "../builder/component.ts"
import type { Selector } from "../builder/selection.ts"
import { toolNameFault } from "../builder/tool.ts"
import { isTool, servedName, type Transform } from "../builder/transform.ts"
import { parseUriTemplate } from "../builder/uri-template.ts"
import { innerOf } from "./inner.ts"
import { describeNode, type Node } from "./node.ts"
import { named, ownPlace, type Place, shapedPlace, typeOf } from "./place.ts"

/**
 * What of a child's components reaches the node around it, before the namespace: those its mount picks, under their new
 * names, through its transforms. What is wrong with the mount is added to `problems`.
 */
export const crossing = (
  places: ReadonlyArray<Place>,
  child: Node,
  node: Node,
  problems: Array<string>
): ReadonlyArray<Place> => {
  const { only, except, rename, transforms } = child.policy
  checkNames(places, child, problems)
  let crossed: ReadonlyArray<Place> = places.filter(
    (place) => (only === undefined || only.picks(named(place))) && except?.picks(named(place)) !== true
  )
  if (rename.size > 0) {
    crossed = crossed.map((place) => {
      const to = typeOf(place) === "resource" ? undefined : rename.get(place.name)
      if (to === undefined) return place
      const fault = isTool(place.component) ? toolNameFault(to) : undefined
      if (fault !== undefined) problems.push(`${describeNode(child)}: rename.${place.name}: ${fault}`)
      return { ...shapedPlace(place, place.component, node, to), shape: undefined }
    })
  }
  for (const transform of transforms) crossed = transformed(transform, crossed, child, node, problems)
  return crossed
}

/** A name that nothing has is a slip of the pen, unless a source may yet bring what has it. */
const checkNames = (places: ReadonlyArray<Place>, child: Node, problems: Array<string>): void => {
  const { only, except, rename } = child.policy
  const check = (option: string, names: Selector["names"], among = places) =>
    checkMentioned(names, among, child, (text) => `${describeNode(child)}: ${option} names ${text}`, problems)
  check("only", only?.names ?? [])
  check("except", except?.names ?? [])
  check(
    "rename",
    [...rename.keys()].map((text) => ({ text, matches: (one) => one === text })),
    places.filter((place) => typeOf(place) !== "resource")
  )
}

const checkMentioned = (
  names: Selector["names"],
  places: ReadonlyArray<Place>,
  child: Node,
  where: (text: string) => string,
  problems: Array<string>
): void => {
  if (names.length === 0 || changes(child)) return
  for (const { text, matches } of names) {
    if (places.some(({ name }) => matches(name))) continue
    const has = places.length === 0 ? "it has none" : `it has ${places.map(({ name }) => name).join(", ")}`
    problems.push(`${where(JSON.stringify(text))}, which is not there; ${has}.`)
  }
}

const changes = ({ definition, children }: Node): boolean => definition.sources.length > 0 || children.some(changes)

const transformed = (
  transform: Transform<unknown>,
  places: ReadonlyArray<Place>,
  child: Node,
  node: Node,
  problems: Array<string>
): ReadonlyArray<Place> => {
  const aliases = new Map<Component, Place>()
  const tokens = new Map<unknown, Place>()
  for (const place of places) {
    const token = {}
    aliases.set(aliasOf(place, token), place)
    tokens.set(token, place)
  }
  const where = `${describeNode(child)}: the transform ${JSON.stringify(transform.name)}`
  checkMentioned(
    transform["~mcpipe/Transform"].names ?? [],
    places,
    child,
    (text) => `${where} names ${text}`,
    problems
  )
  let given: unknown
  try {
    given = transform["~mcpipe/Transform"].apply([...aliases.keys()], innerOf(places, child, node))
  } catch (error) {
    problems.push(`${where} failed: ${error instanceof Error ? error.message : String(error)}`)
    return places
  }
  if (!Array.isArray(given) || !given.every(isComponent)) {
    problems.push(`${where} must give an array of tools, resources and prompts.`)
    return places
  }
  return given.map((component) => placeOf(component, aliases, tokens, node))
}

/** The component as this transform shall see it: under the name it is served by, and with nothing of what it has inside. */
const aliasOf = (place: Place, token: object): Component => {
  const { component, name } = place
  const internals = component["~mcpipe/Component"]
  const patch =
    internals.type === "resource"
      ? {
          uri: name,
          "~mcpipe/Component": { ...internals, template: parseUriTemplate(name, name), shape: undefined, token }
        }
      : { name, "~mcpipe/Component": { ...internals, shape: undefined, token } }
  return derive(component, patch as Partial<Record<keyof Component, unknown>>)
}

/** Finds what a transform made a component from. */
const placeOf = (
  component: Component,
  aliases: ReadonlyMap<Component, Place>,
  tokens: ReadonlyMap<unknown, Place>,
  node: Node
): Place => {
  const known = aliases.get(component)
  if (known !== undefined) return known
  const { shape, token } = component["~mcpipe/Component"]
  if (shape !== undefined && comesFrom(shape.base, aliases, tokens)) {
    return shapedPlace(placeOf(shape.base, aliases, tokens, node), component, node, servedName(component))
  }
  const described = tokens.get(token)
  if (shape === undefined && described !== undefined) {
    return shapedPlace(described, component, node, servedName(component))
  }
  return ownPlace(component, node)
}

const comesFrom = (
  component: Component,
  aliases: ReadonlyMap<Component, Place>,
  tokens: ReadonlyMap<unknown, Place>
): boolean => {
  if (aliases.has(component)) return true
  const { shape, token } = component["~mcpipe/Component"]
  return shape === undefined ? tokens.has(token) : comesFrom(shape.base, aliases, tokens)
}
