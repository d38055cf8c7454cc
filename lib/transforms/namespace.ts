import { checkNamespace } from "../builder/mount.ts"
import { type Transform, transform } from "../builder/transform.ts"

/**
 * Serves tools and prompts as `ns_name` and resources as `scheme://ns/…`, as the namespace of a mount does: resource links,
 * completion references and change notices follow. A `DefinitionError` where `ns` is not 1 to 64 letters, digits, `.`, `_`, `-`.
 * @example server(info).add(search).transform(namespace("crm"))
 */
export const namespace = (ns: string): Transform => {
  checkNamespace(ns, "namespace(…)")
  const made = transform("namespace", (components) => components)
  return Object.freeze({ ...made, "~mcpipe/Transform": { ...made["~mcpipe/Transform"], namespace: ns } })
}
