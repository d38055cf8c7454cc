import { OptionReader } from "../builder/options.ts"
import type { Selection } from "../builder/selection.ts"
import { isTool, type Transform } from "../builder/transform.ts"
import { namedOf } from "./filter.ts"
import { transformNaming } from "./make-transform.ts"
import { checkedTransformation, transformed } from "./transform-tool.ts"

export interface RedactFieldsOptions {
  /** The tools whose output is redacted. Default: all. */
  readonly only?: Selection | undefined
}

/**
 * Leaves fields out of the structured output of tools, of text that is its JSON, and of their output schemas; tools without
 * such fields stay as they are. Paths are written as in `omit` of `transformTool`; a `DefinitionError` names one that is none.
 * @example server(info).add(lookup).transform(redactFields(["**.ssn", "user.email"]))
 */
export const redactFields = (fields: ReadonlyArray<string>, options: RedactFieldsOptions = {}): Transform => {
  const where = "redactFields(…)"
  const selection = new OptionReader(where, options, ["only"]).selection("only")
  // what is wrong with paths is said of them, not of an option that was not written
  const transformation = checkedTransformation({ omit: fields }, where)
  return transformNaming(
    "redactFields",
    selection?.names ?? [],
    (components) =>
      components.map((component) =>
        isTool(component) && selection?.picks(namedOf(component)) !== false
          ? transformed(component, transformation, true)
          : component
      ),
    ["tool"]
  )
}
