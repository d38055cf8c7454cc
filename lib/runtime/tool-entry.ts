import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { ToolError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import type { ToolCall } from "../builder/middleware.ts"
import { timedOut } from "../builder/timeout.ts"
import type { Tool } from "../builder/tool.ts"
import { toolResultOf } from "../builder/tool-output.ts"
import { result, type ToolResult, toolErrorResult } from "../builder/tool-result.ts"
import { mountUri } from "../builder/uri-template.ts"
import { compile, type Level, type Run, startOf } from "./chain.ts"
import type { ToolEntry } from "./entry.ts"
import { idOf, mountedName, requestHooksOf, rootUriOf } from "./names.ts"
import { ancestry, type Node } from "./node.ts"
import { timed } from "./timed.ts"

type Args = Readonly<Record<string, unknown>>

/** Assembles a tool of a node: its handler, validation, timeout, and all middleware around it. */
export const toolEntry = (tool: Tool.Any, node: Node): ToolEntry => {
  const levels = ancestry(node).map((at) => levelOf(tool, node, at))
  const start = startOf(node)
  const name = mountedName(tool.name, node)
  return {
    type: "tool",
    id: idOf(tool, node),
    name,
    node,
    component: tool,
    start,
    uriOf: rootUriOf(node),
    requestHooks: requestHooksOf(node, (at) => {
      const local = mountedName(tool.name, node, at)
      return () => local
    }),
    run: compile(coreOf(tool, name), "callTool", levels, start)
  }
}

const levelOf = (tool: Tool.Any, owner: Node, at: Node): Level<Args, ToolResult> => {
  const name = mountedName(tool.name, owner, at)
  return {
    node: at,
    describe: (args): ToolCall => ({ name, args, tool }),
    accept: (call: ToolCall) => call.args,
    enter: undefined,
    leave: at.namespace === undefined ? undefined : (given) => translateRefs(given, at.namespace!)
  }
}

/** `name` is the tool's as clients know it, for messages. */
const coreOf = (tool: Tool.Any, name: string): Run<Args, ToolResult> => {
  const { invoke } = tool["~mcpipe/Component"]
  const subject = `tool ${JSON.stringify(name)}`
  const decode = tool.input.decode
  const finish = toolResultOf(tool)
  const { timeout } = tool
  return (args) => {
    const decoded = decode(args)
    if (!decoded.ok)
      return Effect.succeed(toolErrorResult(formatIssues(`Invalid arguments for ${subject}`, decoded.issues)))
    const called = Effect.map(invoke(decoded.value), finish)
    return timeout === undefined
      ? called
      : timed(called, timeout, () => new ToolError(timedOut(capital(subject), timeout)))
  }
}

/** Links made from references name a URI of the child; the parent knows it under the child's namespace. */
const translateRefs = (given: ToolResult, namespace: string): ToolResult => {
  if (!given.content.some((item) => contentRef(item) !== undefined)) return given
  return result({
    content: given.content.map((item) => {
      const ref = contentRef(item)
      return ref === undefined ? item : withUri(item, mountUri(namespace, ref.uri))
    }) as any,
    structured: given.structuredContent,
    meta: given._meta,
    isError: given.isError
  })
}

const capital = (s: string): string => s[0]!.toUpperCase() + s.slice(1)
