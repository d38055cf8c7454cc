import { formatIssues, formatPath } from "../builder/issues.ts"
import { jsonSchema } from "../builder/json-schema.ts"
import type { Decoded, Issue, Schema } from "../builder/schema.ts"
import type { Tool } from "../builder/tool.ts"

/** Clients see it masked; the log says which fields to redact otherwise. */
class RedactionMismatch extends Error {
  override readonly name = "RedactionMismatch"
}

type Check = (value: unknown) => Decoded<unknown>

/**
 * Makes a redacted result fit the output schema that clients check it against: optional members that broke it are left out.
 * Throws where that is not enough.
 */
export const fittingOutput = (): ((before: unknown, after: unknown, tool: Tool.Any) => unknown) => {
  const checks = new WeakMap<Schema<any, any>, Check>()
  return (before, after, tool) => {
    const { output } = tool
    if (output === undefined) return after
    let check = checks.get(output)
    if (check === undefined) {
      check = checkOf(output)
      checks.set(output, check)
    }
    // as it will be sent: a Date in it is text then
    const sent: unknown = JSON.parse(JSON.stringify(after))
    const first = check(sent)
    if (first.ok) return after
    const fits = without(first.issues, JSON.parse(JSON.stringify(before)), sent) && check(sent)
    if (fits !== false && fits.ok) return sent
    const { issues } = first
    const named = issues.map(({ path }) => formatPath(path)).find((path) => path !== "") ?? "the whole value"
    throw new RedactionMismatch(
      formatIssues(
        `redact: the result of tool ${JSON.stringify(tool.name)} does not match its output schema once it is redacted. ` +
          `Give ${named} a value that fits, as in { path, with: 0 }, or make it optional`,
        issues
      )
    )
  }
}

/** The document is what clients check: a decoder may also transform, or ask for more. */
const checkOf = (output: Schema<any, any>): Check => {
  try {
    return jsonSchema(output.jsonSchema).decode
  } catch {
    return output.decode
  }
}

/** Takes out members that are wrong and were redacted; false where there is none. */
const without = (issues: ReadonlyArray<Issue>, before: unknown, sent: unknown): boolean => {
  let taken = false
  for (const { path } of issues) {
    const name = path.at(-1)
    if (typeof name !== "string") continue
    const above = path.slice(0, -1)
    const [was, is] = [at(before, above), at(sent, above)]
    if (!isMembers(is) || !Object.hasOwn(is, name) || !isMembers(was)) continue
    if (JSON.stringify(was[name]) === JSON.stringify(is[name])) continue
    delete is[name]
    taken = true
  }
  return taken
}

const at = (value: unknown, path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key) ? (inner as any)[key] : undefined,
    value
  )

const isMembers = (u: unknown): u is Record<string, unknown> => typeof u === "object" && u !== null && !Array.isArray(u)
