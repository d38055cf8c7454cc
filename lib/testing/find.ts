import { type Component, type ComponentType, isComponent } from "../builder/component.ts"
import type { Catalogue } from "../runtime/catalogue.ts"
import type { Entry } from "../runtime/entry.ts"
import { mountedName } from "../runtime/names.ts"
import { chainOf, originOf, placeOn } from "../runtime/place.ts"
import { ancestry, describeNode, type Node, pathOf } from "../runtime/node.ts"

/** Where in the tree of mounts components are looked for: one node, or several under one namespace. */
export type Place = readonly [Node, ...Array<Node>]

type EntryOf<T extends ComponentType> = Extract<Entry, { readonly type: T }>

/**
 * The entry of this very component at a place or mounted below it. Throws an error that names what there is where it is
 * not there, or there more than once.
 */
export const findEntry = <T extends ComponentType>(
  catalogue: Catalogue,
  place: Place,
  type: T,
  component: unknown
): EntryOf<T> => {
  if (!isComponent(component) || component["~mcpipe/Component"].type !== type) {
    throw new TypeError(
      `Give a ${type}, made by ${type}(options, handler), or ${type === "resource" ? "a URI" : "a name"}.`
    )
  }
  const here = [...catalogue.byId.values()].filter(
    (entry): entry is EntryOf<T> => entry.type === type && ancestry(entry.node).some((node) => place.includes(node))
  )
  const found = here.filter(({ place }) => chainOf(place).some((one) => one.component === component))
  if (found.length === 1) return found[0]!
  throw new Error(found.length === 0 ? missing(component, type, place, here) : ambiguous(component, type, place, found))
}

const missing = (component: Component, type: string, place: Place, here: ReadonlyArray<Entry>): string => {
  const name = labelOf(component)
  const has = here.length === 0 ? `it has no ${type}s` : `its ${type}s are ${here.map((one) => one.name).join(", ")}`
  const namesake = here.some((one) => labelOf(originOf(one.place).component) === name)
    ? "One has that name and is another value: import the one the server was built with."
    : `Add it with .${type}(…), or call one that is there.`
  return `The ${describeNode(place[0])} does not have this ${type} ${JSON.stringify(name)}; ${has}. ${namesake}`
}

const ambiguous = (component: Component, type: string, place: Place, found: ReadonlyArray<Entry>): string => {
  const names = found.map(({ name }) => JSON.stringify(name)).join(", ")
  const ways = found.flatMap(({ node }) => {
    const path = pathOf(node).slice(pathOf(place[0]).length)
    return path.length === 0 ? [] : [`client${path.map((one) => `.at(${JSON.stringify(one)})`).join("")}`]
  })
  return (
    `The ${describeNode(place[0])} has this ${type} ${JSON.stringify(labelOf(component))} ${found.length} times, as ${names}: ` +
    `say which with ${ways.join(" or ")}, or by its ${type === "resource" ? "URI" : "name"}.`
  )
}

/** A resource is known by its URI; its name may be anything. */
const labelOf = (component: Component): string => (component as { readonly uri?: string }).uri ?? component.name

/** What is mounted under a namespace at a place; throws an error that lists the namespaces where nothing is. */
export const mountedAt = (place: Place, namespace: string): Place => {
  const children = place.flatMap(mountsOf)
  const [first, ...more] = children.filter((node) => node.namespace === namespace)
  if (first !== undefined) return [first, ...more]
  const known = [...new Set(children.map((node) => node.namespace))]
  const has = known.length === 0 ? "it has no mounts" : `it has ${known.join(", ")}`
  throw new Error(`The ${describeNode(place[0])} has nothing mounted as ${JSON.stringify(namespace)}; ${has}.`)
}

/** What is mounted on a node, and on what its transforms stand around. */
const mountsOf = ({ children }: Node): ReadonlyArray<Node> =>
  children.flatMap((child) => (child.policy.own ? mountsOf(child) : [child]))

/** What the root's clients call what a node calls so: policies and transforms of mounts may have renamed it. */
export const servedAs = (catalogue: Catalogue, here: Node, name: string): string => {
  for (const { type, place } of catalogue.byId.values()) {
    if (type !== "resource" && placeOn(place, here)?.name === name) return place.name
  }
  return mountedName(name, here)
}
