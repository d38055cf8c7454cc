import { type Component, identity } from "../builder/component.ts"
import { mountUri, unmountUri } from "../builder/uri-template.ts"
import type { RequestHook } from "./entry.ts"
import { ancestry, type Node, pathOf } from "./node.ts"

/** The stable id of a component: mount path, type, name and version, such as `crm/tool:lookup@`. */
export const idOf = (component: Component, node: Node): string => [...pathOf(node), identity(component)].join("/")

/** A tool's or prompt's name as `at` knows it; `at` is the owner or one of the nodes around it, by default the root. */
export const mountedName = (name: string, owner: Node, at?: Node): string =>
  owner === at || owner.parent === undefined ? name : mountedName(`${owner.namespace}_${name}`, owner.parent, at)

/** A URI or template as `at` knows it. */
export const mountedUri = (uri: string, owner: Node, at?: Node): string =>
  owner === at || owner.parent === undefined ? uri : mountedUri(mountUri(owner.namespace!, uri), owner.parent, at)

/** How a node's own URIs become those of the root; undefined at the root, where they are. */
export const rootUriOf = (node: Node): ((uri: string) => string) | undefined =>
  node.parent === undefined ? undefined : (uri) => mountedUri(uri, node)

/** What `at` calls a URI that the root's clients use. */
export const localUri = (uri: string, at: Node): string =>
  at.parent === undefined ? uri : (unmountUri(at.namespace!, localUri(uri, at.parent)) ?? uri)

/** The `request` hooks around a component, outermost first, each with the name its node knows. */
export const requestHooksOf = (
  owner: Node,
  nameAt: (node: Node) => RequestHook["nameOf"]
): ReadonlyArray<RequestHook> =>
  [...ancestry(owner)].reverse().flatMap((node) =>
    node.definition.middleware.flatMap((middleware) => {
      const hook = middleware["~mcpipe/Middleware"].hooks.request
      return hook === undefined ? [] : [{ hook, node, nameOf: nameAt(node) }]
    })
  )
