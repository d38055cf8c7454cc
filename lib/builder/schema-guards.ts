import * as v from "valibot"

/** Any synchronous valibot schema, with the parts its kind has. */
export type AnySchema = v.GenericSchema<any, any> & { readonly [part: string]: any }

/** The own parts of a fresh schema that replace those of the author's; its settings such as `default` and `message` stay. */
export const parts = (fresh: AnySchema): AnySchema => {
  const { "~standard": _, ...rest } = fresh
  return rest as AnySchema
}

/** An object schema that refuses arrays and unsafe keys, and whose issues name the keys it has. */
export const guarded = (schema: AnySchema, fresh: AnySchema, entries: Record<string, AnySchema>): AnySchema => {
  const run = fresh["~run"]
  const names = Object.keys(entries)
  const unsafe = copying.has(fresh.type) ? unsafeKeys.filter((key) => !Object.hasOwn(entries, key)) : []
  const node: AnySchema = {
    ...schema,
    ...parts(fresh),
    "~run": ((dataset, config) => {
      const input = dataset.value
      if (typeof input !== "object" || input === null) return run.call(node, dataset, config)
      if (Array.isArray(input)) {
        v._addIssue(node as any, "type", dataset as any, config)
        return dataset
      }
      const result: any = run.call(node, dataset, config)
      for (const key of unsafe) if (Object.hasOwn(input, key)) refuseKey(node, result, config, input, key)
      if (result.issues !== undefined) explainKeys(result.issues, input, entries, names)
      return result
    }) as Run
  }
  return node
}

/** A schema whose issues carry the values it accepts. */
export const withAllowed = (schema: AnySchema, allowed: ReadonlyArray<unknown> | undefined): AnySchema => {
  if (allowed === undefined) return schema
  const run = schema["~run"]
  const node: AnySchema = {
    ...schema,
    "~run": ((dataset, config) => {
      const result: any = run.call(node, dataset, config)
      for (const issue of result.issues ?? []) {
        const depth = schema.type === "variant" ? 1 : 0
        if (issue.type === schema.type && issue.requirement === undefined && (issue.path?.length ?? 0) === depth)
          issue.requirement = allowed
      }
      return result
    }) as Run
  }
  return node
}

type Run = AnySchema["~run"]

/** Kinds that copy keys they do not name, except the unsafe ones, which they would drop. */
const copying = new Set(["loose_object", "object_with_rest", "record"])
const unsafeKeys = ["__proto__", "prototype", "constructor"]

const refuseKey = (node: AnySchema, dataset: any, config: any, input: object, key: string) =>
  v._addIssue(node as any, "key", dataset, config, {
    input: key,
    expected: "never",
    path: [{ type: "object", origin: "key", input: input as any, key, value: (input as any)[key] }]
  })

/** valibot stops at the first unknown key and names no alternatives; a model needs all of both. */
const explainKeys = (
  issues: Array<any>,
  input: any,
  entries: Record<string, AnySchema>,
  names: ReadonlyArray<string>
) => {
  for (const issue of [...issues]) {
    const item = issue.path?.length === 1 ? issue.path[0] : undefined
    if (item?.origin !== "key" || item.input !== input || issue.requirement !== undefined) continue
    if (issue.expected !== "never") {
      issue.expected = entries[item.key]?.expects ?? issue.expected
      issue.missing = true
      continue
    }
    issue.requirement = names
    if (issue.type !== "strict_object") continue
    for (const key of Object.keys(input)) {
      if (key === item.key || Object.hasOwn(entries, key)) continue
      if (issues.length >= maxIssues) return
      issues.push({ ...issue, path: [{ ...item, key, value: input[key] }] })
    }
  }
}

const maxIssues = 100
