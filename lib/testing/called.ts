import * as Cause from "effect/Cause"
import type { Content, ContentBlock } from "../builder/content.ts"
import { ToolError } from "../builder/errors.ts"
import type { Tool } from "../builder/tool.ts"
import { originOf } from "../builder/tool-result.ts"
import { isRecord } from "../protocol/method.ts"
import type { Era } from "../protocol/reasons.ts"
import { wrapsOutput } from "../protocol/wrap-output.ts"
import type { Failure } from "../runtime/failure.ts"
import type { Answer } from "./line.ts"

/**
 * What a call of a tool resolves with, where `Out` is the tool's: strings and numbers are themselves, content is an array
 * of blocks, nothing is undefined, and any other value is what its JSON holds.
 */
export type Called<Out> = unknown extends Out ? Out : CalledOne<Out>

type CalledOne<Out> = [Out] extends [never]
  ? never
  : Out extends void
    ? undefined
    : Out extends Content | ReadonlyArray<Content>
      ? ReadonlyArray<ContentBlock>
      : AsJson<Out>

/** What is left of a type once it has been JSON: a `Date` is its string. */
type AsJson<A> = unknown extends A
  ? A
  : A extends { readonly toJSON: (...args: any) => infer J }
    ? AsJson<J>
    : A extends object
      ? { [K in keyof A]: AsJson<A[K]> }
      : A

/** What a call came to that was answered with a result. */
export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error }

/** Reads the result of a call of `tool`; undefined where it is not known which one answered. */
export const outcomeOf = ({ result, original }: Answer, tool: Tool.Any | undefined, era: Era): Outcome => {
  const { content = [], structuredContent, isError } = result
  const origin = originOf(original["content"] ?? [])
  if (isError === true) {
    return {
      ok: false,
      error: errorOf(content, structuredContent, origin?.type === "failed" ? origin.behind : undefined)
    }
  }
  if (structuredContent !== undefined) {
    const wrapped = era === "handshake" && isWrapped(structuredContent, content, tool)
    return { ok: true, value: wrapped ? structuredContent.result : structuredContent }
  }
  if (origin?.type === "returned") return { ok: true, value: origin.value }
  return { ok: true, value: content.length === 0 ? undefined : content }
}

/** The very error of a failure that is public; a `ToolError` with the result's text for any other. */
const errorOf = (content: ReadonlyArray<any>, data: unknown, behind: unknown): Error => {
  const failure = behind as Failure | undefined
  if (failure?.type === "public") return failure.error
  const message = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n")
  const cause = failure?.type === "masked" ? { cause: Cause.squash(failure.cause) } : undefined
  return new ToolError(message, { ...cause, ...(data === undefined ? undefined : { data }) })
}

/**
 * Whether structured content was put into `{ result }` because a handshake revision takes objects only. Without a schema
 * only records are left alone, so that one which looks wrapped is told from one that is by its text.
 */
const isWrapped = (structured: any, content: ReadonlyArray<any>, tool: Tool.Any | undefined): boolean => {
  if (tool?.output !== undefined) return wrapsOutput(tool.output.jsonSchema)
  const keys = Object.keys(structured)
  if (keys.length !== 1 || keys[0] !== "result" || isRecord(structured.result)) return false
  return !(content.length === 1 && content[0].text === JSON.stringify(structured))
}
