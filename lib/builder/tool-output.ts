import { formatIssues } from "./issues.ts"
import { lossOf } from "./json-loss.ts"
import { member, unserializable } from "./json-text.ts"
import type { Tool } from "./tool.ts"
import { isToolResult, originOf, result, type ToolResult, toToolResult } from "./tool-result.ts"

/** A handler broke its own promise; clients see it masked, the log whole. */
class OutputMismatch extends Error {
  override readonly name = "OutputMismatch"
}

/** Turns what a tool's handler returned into a result; throws, and so dies, where that cannot be sent. */
export const toolResultOf = (tool: Tool.Any): ((value: unknown) => ToolResult) => {
  const { output } = tool
  if (output === undefined) return toToolResult
  return (value) => {
    const given = isToolResult(value) ? value : undefined
    if (given?.isError) return given
    const decoded = output.decode(given === undefined ? value : given.structuredContent)
    if (!decoded.ok) {
      throw new OutputMismatch(
        formatIssues(`The result of tool ${JSON.stringify(tool.name)} does not match its output schema`, decoded.issues)
      )
    }
    if (given !== undefined) {
      return result({ content: given.content as any, structured: decoded.value, meta: given._meta })
    }
    const made = result({ structured: decoded.value })
    const [whole] = made.content
    if (whole?.type === "text" && whole.text.includes("{}")) refuseEmptied(value, decoded.value, "$")
    return made
  }
}

/** The value that a result was made of: what the handler returned, as far as clients get it. */
export const outputOf = ({ content, structuredContent }: ToolResult): unknown => {
  if (structuredContent !== undefined) return structuredContent
  const origin = originOf(content)
  if (origin?.type === "returned") return origin.value
  return content.length > 1 ? content : content[0]
}

/** A schema such as v.record(…) takes a Map for an object, and finds nothing in it. */
const refuseEmptied = (given: unknown, made: unknown, path: string): void => {
  if (typeof given !== "object" || given === null || typeof made !== "object" || made === null) return
  const keys = Object.keys(made)
  const lost = keys.length === 0 && (given as { size?: unknown }).size !== 0 ? lossOf(given) : undefined
  if (lost !== undefined) throw unserializable(path, lost)
  for (const key of keys) {
    if (Object.hasOwn(given, key)) {
      refuseEmptied((given as any)[key], (made as any)[key], member(path, key, Array.isArray(made)))
    }
  }
}
