import { type MountPolicy, mountPolicy } from "../builder/mount.ts"
import type { AnyServer, ServerDefinition, ServerOptions } from "../builder/server.ts"

/** One place of a server in the tree of mounts; the same server mounted twice has two nodes. */
export interface Node {
  /** Position in the tree's pre-order; contexts of a running app are kept by it. */
  readonly index: number
  readonly parent: Node | undefined
  /** Namespace under its parent; undefined at the root and where it was mounted without one. */
  readonly namespace: string | undefined
  /** Its part of a component's id, unique under its parent. */
  readonly key: string
  readonly policy: MountPolicy
  readonly info: ServerOptions
  readonly definition: ServerDefinition
  readonly children: ReadonlyArray<Node>
  /** The namespace of its URIs, which may have been suffixed; decided by each catalogue. */
  uriNamespace: string | undefined
}

/** The tree of a server and everything mounted on it, and its nodes in pre-order. */
export const treeOf = (root: AnyServer): { readonly root: Node; readonly nodes: ReadonlyArray<Node> } => {
  const nodes: Array<Node> = []
  const grow = (
    server: AnyServer,
    parent: Node | undefined,
    namespace: string | undefined,
    key: string,
    policy: MountPolicy
  ): Node => {
    const children: Array<Node> = []
    const own = server["~mcpipe/Server"]
    const definition = policy.use.length === 0 ? own : { ...own, middleware: [...policy.use, ...own.middleware] }
    const at = { index: nodes.length, parent, namespace, key, policy, uriNamespace: namespace }
    const node: Node = { ...at, info: server.info, definition, children }
    nodes.push(node)
    const keys = new Set<string>()
    for (const mount of definition.mounts) {
      const key = uniqueKey(mount.policy.own ? ownKey : (mount.namespace ?? mount.server.info.name), keys)
      children.push(grow(mount.server, node, mount.namespace, key, mount.policy))
    }
    return node
  }
  return { root: grow(root, undefined, undefined, "", plain), nodes }
}

const plain = mountPolicy(undefined, "")

const ownKey = "~"

const uniqueKey = (key: string, taken: Set<string>): string => {
  let unique = key
  for (let n = 2; taken.has(unique); n++) unique = `${key}~${n}`
  taken.add(unique)
  return unique
}

/** The mount, or the root, that a node is a part of: a server is in several nodes where it has transforms. */
export const serverOf = (node: Node): Node =>
  node.policy.own && node.parent !== undefined ? serverOf(node.parent) : node

/** Whether a node is the root, or the root as it was before its transforms. */
export const isRoot = (node: Node): boolean => serverOf(node).parent === undefined

/** `server "crm" mounted as "x.y"`, for messages. */
export const describeNode = (node: Node): string => {
  const path = namesOf(node)
  const name = `server ${JSON.stringify(node.info.name)}`
  return path.length === 0 ? name : `${name} mounted as ${JSON.stringify(path.join("/"))}`
}

const namesOf = (node: Node): ReadonlyArray<string> => {
  if (node.parent === undefined) return []
  return node.policy.own ? namesOf(node.parent) : [...namesOf(node.parent), node.namespace ?? node.info.name]
}

/** Keys from the root down to a node: namespaces, or the names of servers mounted without one. */
export const pathOf = (node: Node): ReadonlyArray<string> =>
  node.parent === undefined ? [] : [...pathOf(node.parent), node.key]

/** The node and its ancestors, innermost first. */
export const ancestry = (node: Node): ReadonlyArray<Node> =>
  node.parent === undefined ? [node] : [node, ...ancestry(node.parent)]
