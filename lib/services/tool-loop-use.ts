import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { isPublicError } from "../builder/errors.ts"
import type { ErrorClass } from "../builder/component.ts"
import type { Step } from "../builder/reshape.ts"
import type { Tool } from "../builder/tool.ts"
import { type ToolResult, toolErrorResult } from "../builder/tool-result.ts"
import { callOf } from "./current-call.ts"
import { canonical, digest } from "./digest.ts"
import { isRecord } from "./sampling-content.ts"
import type { Port } from "./sampling-port.ts"
import { toolRun } from "./tool-run.ts"
import type { ToolUse, ToolUseResult } from "../builder/sampling-types.ts"

interface Usable {
  readonly run: Step
  readonly errors: ReadonlyArray<ErrorClass>
}

/** Tools by the name a model uses them under. */
export type UsableTools = ReadonlyMap<string, Usable>

export const usableTools = (tools: ReadonlyArray<Tool.Any>): UsableTools =>
  new Map(tools.map((tool) => [tool.name, { run: toolRun(tool), errors: tool["~mcpipe/Component"].errors }]))

/**
 * Does what the model wants of a tool, once along the rounds of a call. Whatever is wrong with it is a result that the
 * model can act on. `cut` says that the model was cut off, so that its arguments may not be all there.
 */
export const useTool = (
  use: ToolUse,
  tools: UsableTools,
  port: Port,
  cut: boolean
): Effect.Effect<ToolUseResult, never, any> => {
  const usable = tools.get(use.name)
  if (usable === undefined) {
    return refused(use, `There is no ${subjectOf(use)}. These can be used: ${[...tools.keys()].join(", ")}.`)
  }
  if (cut) return refused(use, "The answer was cut off at its limit of tokens, so the tool was not run. Be briefer.")
  // ids are the client's: they may be long, and come again in another turn or run
  const id = digest(canonical([use.id, use.input])).slice(0, 16)
  return port.step(`tool:${use.name}:${id}`, execute(use, usable))
}

const refused = (use: ToolUse, why: string): Effect.Effect<ToolUseResult> =>
  Effect.succeed(blockOf(use, toolErrorResult(why)))

const execute = (use: ToolUse, { run, errors }: Usable): Effect.Effect<ToolUseResult, never, any> => {
  const called: Effect.Effect<ToolResult, unknown, any> = Effect.suspend(() => run(use.input))
  const failed = (cause: Cause.Cause<unknown>): Effect.Effect<ToolResult> => {
    const known = publicMessage(cause, (error) => errors.some((declared) => error instanceof declared))
    if (known !== undefined) return Effect.succeed(toolErrorResult(known))
    const reference = globalThis.crypto.randomUUID().slice(0, 8)
    const log = Effect.logError(`${subjectOf(use)} failed in Sampling.run (reference ${reference})`, cause)
    return Effect.as(log, toolErrorResult(`Internal error (reference ${reference})`))
  }
  return Effect.withFiber((fiber) => {
    const uriOf = callOf(fiber.context)?.uriOf
    return Effect.map(Effect.catchCause(called, failed), (result) =>
      blockOf(use, uriOf === undefined ? result : asClientsKnow(result, uriOf))
    )
  })
}

const subjectOf = ({ name }: ToolUse): string => `tool ${JSON.stringify(name)}`

/** The message of a failure that clients may see, declared as such or by its class. */
const publicMessage = (cause: Cause.Cause<unknown>, declared: (error: Error) => boolean): string | undefined => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    if (isPublicError(error)) return error.message
    if (error instanceof Error && declared(error))
      return error.message || (error as { _tag?: string })._tag || error.name
  }
  return undefined
}

/** Links made from references name a URI of the server that made them. */
const asClientsKnow = (result: ToolResult, uriOf: (uri: string) => string): ToolResult => ({
  ...result,
  content: result.content.map((item) => {
    const ref = contentRef(item)
    return ref === undefined ? item : withUri(item, uriOf(ref.uri))
  })
})

/** Plain JSON, the same now as when the journal gives it back. */
const blockOf = (use: ToolUse, { content, structuredContent, isError, _meta }: ToolResult): ToolUseResult =>
  JSON.parse(
    JSON.stringify({
      type: "tool_result",
      toolUseId: use.id,
      content,
      // 2025-11-25 takes objects alone; the text has the value in any case
      structuredContent: isRecord(structuredContent) ? structuredContent : undefined,
      isError,
      _meta
    })
  )
