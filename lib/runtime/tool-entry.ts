import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { ToolError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import type { ToolCall } from "../builder/middleware.ts"
import { timedOut } from "../builder/timeout.ts"
import type { Tool } from "../builder/tool.ts"
import { toolResultOf } from "../builder/tool-output.ts"
import { result, type ToolResult, toolErrorResult } from "../builder/tool-result.ts"
import { compile, Described, type Passage, type Run, type Start } from "./chain.ts"
import type { ToolEntry } from "./entry.ts"
import { entryBase } from "./entry-base.ts"
import { movedUri } from "./names.ts"
import type { Node } from "./node.ts"
import { originOf, type Place } from "./place.ts"
import { timed } from "./timed.ts"

type Args = Readonly<Record<string, unknown>>

/** Assembles a tool as the node of a place serves it: its handler, validation, timeout, and all that stands around them. */
export const toolEntry = (place: Place, id: string, start: Start): ToolEntry => {
  // written out: spreading takes most of the time of assembling many
  const { node, visible, uriOf, requestHooks } = entryBase(place)
  const origin = originOf(place).component as Tool.Any
  return {
    id,
    name: place.name,
    node,
    place,
    visible,
    start: start.node,
    uriOf,
    requestHooks,
    type: "tool",
    component: place.component as Tool.Any,
    run: compile(coreOf(origin, place.name), place, start, passage)
  }
}

class Called extends Described implements ToolCall {
  readonly name: string
  readonly args: Args
  readonly tool: Tool.Any
  constructor(place: Place, args: Args) {
    super(place)
    this.name = place.name
    this.args = args
    this.tool = place.component as Tool.Any
  }
}

const passage: Passage<Args, ToolResult> = {
  hook: "callTool",
  describe: (place) => (args) => new Called(place, args),
  accept: (call: ToolCall) => call.args,
  cross: (inner, from) => (args) => Effect.map(inner(args), (given) => translateRefs(given, from)),
  shaped: true
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
const translateRefs = (given: ToolResult, from: Node): ToolResult => {
  if (!given.content.some((item) => contentRef(item) !== undefined)) return given
  return result({
    content: given.content.map((item) => {
      const ref = contentRef(item)
      return ref === undefined ? item : withUri(item, movedUri(ref.uri, from))
    }) as any,
    structured: given.structuredContent,
    meta: given._meta,
    isError: given.isError
  })
}

const capital = (s: string): string => s[0]!.toUpperCase() + s.slice(1)
