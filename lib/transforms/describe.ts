import { derive } from "../builder/component.ts"
import type { Handled, ServicesOf } from "../builder/handler.ts"
import { isFunction, OptionReader } from "../builder/options.ts"
import { reshape } from "../builder/reshape.ts"
import { servedName, type Transform } from "../builder/transform.ts"
import type { Caller } from "../builder/visibility.ts"
import { checkedRecord, mentioned } from "./by-name.ts"
import { transformNaming } from "./make-transform.ts"
import { describer } from "./transform-tool.ts"

/** A description, or what makes one for each caller, in any of the four forms of a handler. */
export type Description = string | ((caller: Caller) => Handled<string>)

type ServicesOfDescription<D> = D extends (...args: any) => infer Ret ? ServicesOf<Ret> : never

/**
 * Describes components anew, by their names or URIs. A function runs for each list that shows its component; a name that
 * nothing has stops the assembly.
 * @example transform(describe({ search: ({ principal }) => `Searches what ${principal.id} may see.` }))
 */
export const describe = <const D extends Readonly<Record<string, Description>>>(
  descriptions: D
): Transform<ServicesOfDescription<D[keyof D]>> => {
  const where = "describe(…)"
  const record = checkedRecord(descriptions, where, '{ search: "Finds people." }')
  const read = new OptionReader(where, record, Object.keys(record))
  const given = new Map<string, Description>(Object.entries(record))
  for (const [name, value] of given) {
    if (typeof value !== "string" && !isFunction(value)) read.refuse(name, "use a string or a function of the caller")
  }
  return transformNaming("describe", mentioned(descriptions), (components) =>
    components.map((component) => {
      const name = servedName(component)
      const description = given.get(name)
      if (description === undefined) return component
      return typeof description === "string"
        ? derive(component, { description })
        : reshape(component, { describe: describer(description, `describe(…) of ${JSON.stringify(name)}`) })
    })
  )
}
