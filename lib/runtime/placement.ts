import type { Component } from "../builder/component.ts"
import { mountUri } from "../builder/uri-template.ts"
import { crossing } from "./crossing.ts"
import type { Node } from "./node.ts"
import { mountedPlace, ownPlace, type Place, typeOf } from "./place.ts"
import { type Loss, Shelf } from "./shelf.ts"
import { nameKey, versionsOf } from "./versions.ts"

/** What every node of a tree knows, from the components its servers have at the moment. */
export interface Placement {
  readonly of: ReadonlyMap<Node, ReadonlyArray<Place>>
  readonly losses: ReadonlyArray<Loss>
  /** Namespaces of URIs, where a collision moved them. */
  readonly uriNamespaces: ReadonlyMap<Node, string>
  /** Why it cannot be served. */
  readonly problems: ReadonlyArray<string>
}

/** Places the components of a tree on its nodes, from the leaves to the root: mounts, their policies and their transforms. */
export const placementOf = (root: Node, componentsOf: (node: Node) => ReadonlyArray<Component>): Placement => {
  const of = new Map<Node, ReadonlyArray<Place>>()
  const losses: Array<Loss> = []
  const uriNamespaces = new Map<Node, string>()
  const problems: Array<string> = []

  const place = (node: Node): ReadonlyArray<Place> => {
    const served = new Shelf(problems, losses)
    const numbers: Numbers = new Map()
    for (const component of componentsOf(node)) served.put(ownPlace(component, node), "error")
    for (const child of node.children) {
      const { collisions } = child.policy
      const crossed = crossing(place(child), child, node, problems)
      const nameOf =
        collisions === "suffix" ? freeNames(crossed, child, node, served, numbers) : plainName(child, child.namespace)
      const moved = collisions === "suffix" ? freeNamespace(crossed, child, node, served, numbers) : child.namespace
      if (moved !== child.namespace) uriNamespaces.set(child, moved!)
      const uriOf = plainName(child, moved)
      for (const inner of crossed) {
        const name = typeOf(inner) === "resource" ? uriOf(inner) : nameOf(inner)
        served.put(mountedPlace(inner, node, name, child), collisions)
      }
    }
    const all = served.all()
    of.set(node, all)
    return all
  }
  place(root)
  return { of, losses, uriNamespaces, problems }
}

/** The name of a child's component on the node around it, where nothing collides. */
const plainName =
  ({ namespace }: Node, uriNamespace: string | undefined) =>
  (place: Place): string => {
    if (typeOf(place) !== "resource") return namespace === undefined ? place.name : `${namespace}_${place.name}`
    return uriNamespace === undefined ? place.name : mountUri(uriNamespace, place.name)
  }

/** Names of tools and prompts that are not taken: their own, else those with the first number that will do for all versions. */
const freeNames = (
  crossed: ReadonlyArray<Place>,
  child: Node,
  node: Node,
  served: Shelf,
  numbers: Numbers
): ((place: Place) => string) => {
  const plain = plainName(child, undefined)
  const names = new Map<string, string>()
  /** What the mount itself has keeps its name: a number must not make it collide with its own. */
  const taken = new Set(crossed.map((place) => nameKey(typeOf(place), plain(place))))
  for (const [key, all] of versionsOf(crossed)) {
    const [first] = all
    if (typeOf(first!) === "resource") continue
    const fits = (name: string) =>
      all.every((inner) => served.rivalOf(mountedPlace(inner, node, name, child)) === undefined)
    let name = plain(first!)
    if (!fits(name)) {
      const stem = name
      name = numbered(stem, nameKey(typeOf(first!), stem), numbers, (one) => {
        return !taken.has(nameKey(typeOf(first!), one)) && fits(one)
      })
    }
    taken.add(nameKey(typeOf(first!), name))
    names.set(key, name)
  }
  return (place) => names.get(nameKey(typeOf(place), place.name))!
}

/** A namespace in which no URI is taken: the mount's own, else that with the first number that will do. */
const freeNamespace = (
  crossed: ReadonlyArray<Place>,
  child: Node,
  node: Node,
  served: Shelf,
  numbers: Numbers
): string | undefined => {
  const resources = crossed.filter((place) => typeOf(place) === "resource")
  const fits = (namespace: string | undefined) => {
    const uriOf = plainName(child, namespace)
    return resources.every((inner) => served.rivalOf(mountedPlace(inner, node, uriOf(inner), child)) === undefined)
  }
  if (fits(child.namespace)) return child.namespace
  const stem = child.namespace ?? child.info.name.replaceAll(/[^A-Za-z0-9._-]+/g, "-")
  if (child.namespace === undefined && fits(stem)) return stem
  return numbered(stem, nameKey("resource", stem), numbers, fits)
}

/** The number from which to look for a free one, so that the hundredth of one name does not try all before it. */
type Numbers = Map<string, number>

const numbered = (stem: string, key: string, numbers: Numbers, fits: (name: string) => boolean): string => {
  let n = numbers.get(key) ?? 2
  while (!fits(`${stem}_${n}`)) n++
  numbers.set(key, n)
  return `${stem}_${n}`
}
