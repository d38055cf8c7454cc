import * as Effect from "effect/Effect"
import { Content, textBlock } from "../builder/content.ts"
import { type Invoke, invoker } from "../builder/handler.ts"
import { jsonText } from "../builder/json-text.ts"
import type { Step } from "../builder/reshape.ts"
import type { Tool } from "../builder/tool.ts"
import { outputOf, toolResultOf } from "../builder/tool-output.ts"
import { isToolResult, result, type ToolResult } from "../builder/tool-result.ts"
import { canonical } from "../services/digest.ts"
import { type Cut, cutValue } from "./cut.ts"

/** Gives what `map` makes of a tool's output; results that say they are errors pass as they are. */
export const mapResults = (
  map: (output: any, context: any) => unknown,
  tool: Pick<Tool.Any, "name" | "output">,
  where: string
): ((next: Step) => Step) => {
  const invoke: Invoke = invoker(map, undefined, where)
  const finish = toolResultOf(tool as Tool.Any)
  return (next) => (args) =>
    Effect.flatMap(next(args), (given: ToolResult) => {
      if (given.isError === true) return Effect.succeed(given)
      return Effect.map(invoke(outputOf(given)), (made) => {
        const finished = finish(made)
        if (isToolResult(made) || given._meta === undefined) return finished
        return result({
          content: finished.content as ReadonlyArray<Content>,
          structured: finished.structuredContent,
          meta: given._meta
        })
      })
    })
}

/** A result without what is cut from its structured content, and from text that says the same. */
export const cutResult = (given: ToolResult, cut: Cut): ToolResult => {
  const { content, structuredContent, _meta, isError } = given
  if (structuredContent === undefined) return given
  const whole = jsonText(structuredContent)
  const left = cutValue(structuredContent, cut)
  const text = jsonText(left)
  return result({
    content: content.map((block) => {
      if (block.type !== "text" || !says(block.text, whole)) return block
      const { annotations, _meta: meta } = block
      return annotations === undefined && meta === undefined
        ? textBlock(text)
        : Content.text(text, { annotations, meta })
    }),
    structured: left,
    meta: _meta,
    isError
  })
}

/** Whether a text is the JSON of a value, however it is spaced and ordered. */
const says = (text: string, whole: string): boolean => {
  if (text === whole) return true
  if (!/^\s*[[{]/.test(text)) return false
  try {
    return canonical(JSON.parse(text)) === canonical(JSON.parse(whole))
  } catch {
    return false
  }
}

export const cutResults =
  (cut: Cut) =>
  (next: Step): Step =>
  (args) =>
    Effect.map(next(args), (given: ToolResult) => cutResult(given, cut))
