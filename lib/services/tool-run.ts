import * as Effect from "effect/Effect"
import { hookStep } from "../builder/uniform-hook.ts"
import { formatIssues } from "../builder/issues.ts"
import type { AnyMiddleware, ToolCall } from "../builder/middleware.ts"
import type { Step } from "../builder/reshape.ts"
import type { Tool } from "../builder/tool.ts"
import { toolResultOf } from "../builder/tool-output.ts"
import { toolErrorResult } from "../builder/tool-result.ts"

/** A tool that no server stands around: raw arguments in, its result out, through its own shapes and middleware. */
export const toolRun = (tool: Tool.Any): Step => runOf(tool, tool.name)

/** `name` is what the tool is called by, for messages. */
const runOf = (tool: Tool.Any, name: string): Step => {
  const { shape } = tool["~mcpipe/Component"]
  if (shape === undefined) return coreOf(tool, name)
  const base = runOf(shape.base as Tool.Any, name)
  let run = shape.wrap === undefined ? base : shape.wrap(base, name)
  for (const middleware of (shape.middleware ?? []).toReversed()) run = around(run, middleware, tool)
  return run
}

const coreOf = (tool: Tool.Any, name: string): Step => {
  const { invoke } = tool["~mcpipe/Component"]
  const finish = toolResultOf(tool)
  return (args) =>
    Effect.suspend(() => {
      const decoded = tool.input.decode(args)
      if (decoded.ok) return Effect.map(invoke(decoded.value), finish)
      const subject = `Invalid arguments for tool ${JSON.stringify(name)}`
      return Effect.succeed(toolErrorResult(formatIssues(subject, decoded.issues)))
    })
}

const around = (inner: Step, middleware: AnyMiddleware, tool: Tool.Any): Step => {
  const { hooks, provides } = middleware["~mcpipe/Middleware"]
  const hook = hooks.callTool
  if (hook === undefined && provides === undefined) return inner
  const { name } = tool
  const next = ({ args }: ToolCall) => inner(args)
  return (args) => {
    const call: ToolCall = { name, args, tool }
    const run = hook === undefined ? inner(args) : hookStep(hook, next, call)
    return provides === undefined ? run : provides(run, call)
  }
}
