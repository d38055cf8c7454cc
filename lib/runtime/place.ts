import type { Component, ComponentType } from "../builder/component.ts"
import type { Shape } from "../builder/reshape.ts"
import type { Named } from "../builder/selection.ts"
import { servedName } from "../builder/transform.ts"
import type { Caller } from "../builder/visibility.ts"
import type { Node } from "./node.ts"

/**
 * A component as one node knows it. Where it was written, that is the component itself; further out it may have another
 * name, and another shape. Each place knows the one it was made from.
 */
export interface Place {
  readonly node: Node
  /** A tool's or prompt's name, a resource's URI or template, as this node knows it. */
  readonly name: string
  readonly component: Component
  /** What it was made from: on the same node, or on a child. Undefined where the component was written. */
  readonly inner: Place | undefined
  /** What stands between it and `inner`. */
  readonly shape: Shape | undefined
  /** The child from which it comes, at the step where URIs and references move. */
  readonly from: Node | undefined
}

/** The place of a component on the node that it was written on. */
export const ownPlace = (component: Component, node: Node): Place => {
  const { shape } = component["~mcpipe/Component"]
  const inner = shape === undefined ? undefined : ownPlace(shape.base, node)
  return { node, name: servedName(component), component, inner, shape, from: undefined }
}

/** The place of a component made from that of `inner`. */
export const shapedPlace = (inner: Place, component: Component, node: Node, name: string): Place => {
  return { node, name, component, inner, shape: component["~mcpipe/Component"].shape, from: undefined }
}

/** The place of a child's component on the node around it. */
export const mountedPlace = (inner: Place, node: Node, name: string, from: Node): Place => {
  return { node, name, component: inner.component, inner, shape: undefined, from }
}

/** From the place with the handler out to this one. */
export const chainOf = (place: Place): ReadonlyArray<Place> => {
  const chain: Array<Place> = []
  for (let at: Place | undefined = place; at !== undefined; at = at.inner) chain.push(at)
  return chain.reverse()
}

/** Where the handler is. */
export const originOf = (place: Place): Place => (place.inner === undefined ? place : originOf(place.inner))

/** The component's outermost place on a node around its handler; undefined where it never was there. */
export const placeOn = (place: Place, node: Node): Place | undefined => {
  for (let at: Place | undefined = place; at !== undefined; at = at.inner) if (at.node === node) return at
  return undefined
}

/** Who may see and call what is here; undefined where everybody may. */
export const visibleOf = (place: Place): ((caller: Caller) => boolean) | undefined => {
  const all = chainOf(place).flatMap(({ shape }) => (shape?.visible === undefined ? [] : [shape.visible]))
  if (all.length === 0) return undefined
  return all.length === 1 ? all[0] : (caller) => all.every((visible) => visible(caller))
}

/** Whether two places are the same, so that what was prepared for one serves the other. */
export const isSamePlace = (a: Place, b: Place): boolean =>
  a.node === b.node &&
  a.name === b.name &&
  a.component === b.component &&
  a.from === b.from &&
  (a.inner === undefined || b.inner === undefined ? a.inner === b.inner : isSamePlace(a.inner, b.inner))

export const typeOf = ({ component }: Place): ComponentType => component["~mcpipe/Component"].type

/** What selections are shown of a component. */
export const named = (place: Place): Named => ({
  type: typeOf(place),
  name: place.name,
  tags: place.component.tags,
  component: place.component
})
