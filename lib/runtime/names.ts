import { type Component, identity } from "../builder/component.ts"
import { mountUri, unmountUri } from "../builder/uri-template.ts"
import type { Node } from "./node.ts"
import { pathOf } from "./node.ts"
import { chainOf, type Place } from "./place.ts"

/** The stable id of a component: mount path, type, name and version, such as `crm/tool:lookup@`. */
export const idOf = (component: Component, node: Node): string => [...pathOf(node), identity(component)].join("/")

/** A name under the namespaces between a node and `at`, one of the nodes around it, by default the root. */
export const mountedName = (name: string, owner: Node, at?: Node): string => {
  if (owner === at || owner.parent === undefined) return name
  const { namespace } = owner
  return mountedName(namespace === undefined ? name : `${namespace}_${name}`, owner.parent, at)
}

/** A URI or template as `at` knows it. */
export const mountedUri = (uri: string, owner: Node, at?: Node): string =>
  owner === at || owner.parent === undefined ? uri : mountedUri(movedUri(uri, owner), owner.parent, at)

/** A node's URI or template as the node around it knows it. */
export const movedUri = (uri: string, { uriNamespace }: Node): string =>
  uriNamespace === undefined ? uri : mountUri(uriNamespace, uri)

/** Takes `movedUri` back; undefined where the URI is not the node's. */
export const unmovedUri = (uri: string, { uriNamespace }: Node): string | undefined =>
  uriNamespace === undefined ? uri : unmountUri(uriNamespace, uri)

/** How a node's own URIs become those of the root; undefined at the root, where they are. */
export const rootUriOf = (node: Node): ((uri: string) => string) | undefined =>
  node.parent === undefined ? undefined : (uri) => mountedUri(uri, node)

/** How URIs known where a place has its handler become those of its outermost node; undefined where they are. */
export const outerUriOf = (place: Place): ((uri: string) => string) | undefined => {
  const children = chainOf(place).flatMap(({ from }) => (from === undefined ? [] : [from]))
  return children.length === 0 ? undefined : (uri) => children.reduce(movedUri, uri)
}

/** What a place further in, `at`, calls a URI that `place` knows. */
export const localUri = (uri: string, place: Place, at: Place): string => {
  let local = uri
  for (let step = place; step !== at && step.inner !== undefined; step = step.inner) {
    if (step.from !== undefined) local = unmovedUri(local, step.from) ?? local
  }
  return local
}

/** What a node calls a URI that the root's clients use; one that is not the node's stays as it is. */
export const uriOn = (uri: string, at: Node): string => {
  if (at.parent === undefined) return uri
  const outside = uriOn(uri, at.parent)
  return unmovedUri(outside, at) ?? outside
}
