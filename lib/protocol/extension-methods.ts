import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Extension } from "../builder/extension.ts"
import { formatIssues } from "../builder/issues.ts"
import { jsonText } from "../builder/json-text.ts"
import type { Running } from "../runtime/app.ts"
import type { PlacedExtension } from "../runtime/extensions.ts"
import { isRecord, type MethodRow } from "./method.ts"
import { refusal } from "./reasons.ts"

const tables = new WeakMap<Running, ReadonlyMap<string, MethodRow>>()

/** The row that an extension adds for a method. */
export const extensionRow = (running: Running, method: string): MethodRow | undefined => {
  const { extensions } = running.assembly
  if (extensions.length === 0) return undefined
  let table = tables.get(running)
  if (table === undefined) {
    table = new Map(extensions.flatMap((placed) => rowsOf(running, placed)).map((row) => [row.method, row]))
    tables.set(running, table)
  }
  return table.get(method)
}

const rowsOf = (running: Running, { extension, node }: PlacedExtension): ReadonlyArray<MethodRow> =>
  [...extension.methods].map(([method, { params: schema, invoke, nameParam }]) => ({
    method,
    served: () => true,
    name: nameParam === undefined ? undefined : (params) => params[nameParam],
    resolve: (params, { capabilities }) => {
      const declared = isRecord(capabilities["extensions"]) ? capabilities["extensions"] : {}
      if (!Object.hasOwn(declared, extension.id)) {
        // SEP-2133: what a client has not declared it cannot be expected to understand
        return refusal(
          "missing-capability",
          `${method} needs the client to declare the extension ${JSON.stringify(extension.id)}.`,
          {
            data: { requiredCapabilities: { extensions: { [extension.id]: {} } } }
          }
        )
      }
      const { _meta, ...own } = params
      const decoded = schema.decode(own)
      if (!decoded.ok) return refusal("invalid-params", formatIssues(`Invalid params for ${method}`, decoded.issues))
      const result = Effect.map(invoke(decoded.value), (value) => checked(extension, method, value))
      if (node.parent === undefined) return { type: "effect", effect: result }
      const inNode = (outer: Context.Context<any>) => Context.merge(outer, running.context(node))
      return { type: "effect", effect: Effect.updateContext(result, inNode) }
    }
  }))

const checked = (extension: Extension<unknown>, method: string, result: unknown): unknown => {
  if (!isRecord(result)) throw new TypeError(`The handler of ${method} must return an object.`)
  jsonText(result)
  const { resultType } = result
  if (resultType === undefined || resultType === "complete" || extension.resultTypes.has(resultType as string))
    return result
  const known = ["complete", ...extension.resultTypes].join(", ")
  throw new TypeError(
    `${method} answered with resultType ${JSON.stringify(resultType)}; extension ${extension.id} declares ${known}.`
  )
}
