import type { Extension } from "../builder/extension.ts"
import { AssemblyError } from "./assembly-error.ts"
import { describeNode, type Node } from "./node.ts"

/** An extension and the node that brought it, in whose context its methods run. */
export interface PlacedExtension {
  readonly extension: Extension<unknown>
  readonly node: Node
}

/**
 * The extensions of a whole tree: mounting a server brings its extensions along. The same value added twice is one;
 * throws `AssemblyError` where two of them have one id or one method.
 */
export const extensionsOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<PlacedExtension> => {
  const placed = new Map<Extension<unknown>, PlacedExtension>()
  for (const node of nodes) {
    for (const extension of node.definition.extensions) {
      if (!placed.has(extension)) placed.set(extension, { extension, node })
    }
  }
  const all = [...placed.values()]
  const taken = new Map<string, Node>()
  for (const { extension, node } of all) {
    const names = [`id ${JSON.stringify(extension.id)}`]
    for (const method of extension.methods.keys()) names.push(`method ${JSON.stringify(method)}`)
    for (const name of names) {
      const other = taken.get(name)
      if (other !== undefined) {
        throw new AssemblyError(
          `Two extensions have the ${name}: one in ${describeNode(other)}, one in ${describeNode(node)}. ` +
            "Remove one of them, or add the same extension value to both."
        )
      }
      taken.set(name, node)
    }
  }
  return all
}
