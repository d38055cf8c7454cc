import type { Selector } from "../builder/selection.ts"
import { type Transform, transform } from "../builder/transform.ts"

/** A transform that mentions names, which should be somebody's. */
export const transformNaming = <R = never>(
  name: string,
  names: Selector["names"],
  apply: Transform<R>["~mcpipe/Transform"]["apply"]
): Transform<R> => {
  const made = transform<R>(name, apply)
  return Object.freeze({ ...made, "~mcpipe/Transform": { ...made["~mcpipe/Transform"], names } })
}
