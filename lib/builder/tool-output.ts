import { formatIssues } from "./issues.ts"
import type { Tool } from "./tool.ts"
import { isToolResult, result, type ToolResult, toToolResult } from "./tool-result.ts"

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
    return given === undefined
      ? result({ structured: decoded.value })
      : result({ content: given.content as any, structured: decoded.value, meta: given._meta })
  }
}
