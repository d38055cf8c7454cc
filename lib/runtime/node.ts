import type { AnyServer, ServerDefinition, ServerOptions } from "../builder/server.ts"

/** One place of a server in the tree of mounts; the same server mounted twice has two nodes. */
export interface Node {
  /** Position in the tree's pre-order; contexts of a running app are kept by it. */
  readonly index: number
  readonly parent: Node | undefined
  /** Namespace under its parent; undefined at the root. */
  readonly namespace: string | undefined
  readonly info: ServerOptions
  readonly definition: ServerDefinition
  readonly children: ReadonlyArray<Node>
}

/** The tree of a server and everything mounted on it, and its nodes in pre-order. */
export const treeOf = (root: AnyServer): { readonly root: Node; readonly nodes: ReadonlyArray<Node> } => {
  const nodes: Array<Node> = []
  const grow = (server: AnyServer, parent: Node | undefined, namespace: string | undefined): Node => {
    const children: Array<Node> = []
    const definition = server["~mcpipe/Server"]
    const node: Node = { index: nodes.length, parent, namespace, info: server.info, definition, children }
    nodes.push(node)
    for (const mount of definition.mounts) children.push(grow(mount.server, node, mount.namespace))
    return node
  }
  return { root: grow(root, undefined, undefined), nodes }
}

/** `server "crm" mounted as "x.y"`, for messages. */
export const describeNode = (node: Node): string => {
  const path = pathOf(node)
  const name = `server ${JSON.stringify(node.info.name)}`
  return path.length === 0 ? name : `${name} mounted as ${JSON.stringify(path.join("/"))}`
}

/** Namespaces from the root down to a node. */
export const pathOf = (node: Node): ReadonlyArray<string> =>
  node.parent === undefined ? [] : [...pathOf(node.parent), node.namespace!]

/** The node and its ancestors, innermost first. */
export const ancestry = (node: Node): ReadonlyArray<Node> =>
  node.parent === undefined ? [node] : [node, ...ancestry(node.parent)]
