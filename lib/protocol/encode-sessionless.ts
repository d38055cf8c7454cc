import type { CacheHint } from "../builder/resource.ts"
import type { Suggestions } from "../builder/complete.ts"
import type { Encoders, WireRequest } from "./method.ts"
import { listPage } from "./list-page.ts"
import { metaKeys } from "./revisions.ts"
import { serverInfoOf } from "./capabilities.ts"

type Result = Readonly<Record<string, unknown>>

/** How 2026-07-28 writes results: each says how it ended and who answered (basic/index, "Results"). */
export const encodeSessionless: Encoders = {
  tool: (value, _, request) => {
    const result: Record<string, unknown> = { content: value.content }
    if (value.structuredContent !== undefined) result["structuredContent"] = value.structuredContent
    if (value.isError === true) result["isError"] = true
    return complete(result, value._meta, request)
  },
  resource: (contents, { entry }, request) =>
    complete({ contents, ...cacheFields(entry.component.cache, request) }, undefined, request),
  prompt: ({ messages, description, _meta }, { entry }, request) => {
    const described = description ?? entry.component.description
    return complete({ ...(described === undefined ? undefined : { description: described }), messages }, _meta, request)
  },
  complete: (suggestions, _, request) => complete({ completion: completionOf(suggestions) }, undefined, request),
  list: (items, operation, request) =>
    listPage(
      items,
      operation,
      request,
      "sessionless",
      (__, item) => item,
      (result) => complete({ ...result, ...cacheFields(undefined, request) }, undefined, request)
    ),
  answer: (value, _, request) => complete({ ...value }, undefined, request),
  effect: (value, _, request) => {
    const { _meta, ...rest } = value as Record<string, unknown>
    return complete(rest, _meta as Result | undefined, request)
  }
}

/** 2026-07-28 basic/patterns/mrtr: a result that asks, and the state to bring back with the answers. */
export const encodeInputRequired = (inputRequests: Result, requestState: string, request: WireRequest): Result =>
  complete({ resultType: "input_required", inputRequests, requestState }, undefined, request)

/** `ttlMs` and `cacheScope` (SEP-2549): the component's hint, else the server's, else not cacheable. */
export const cacheFields = (hint: CacheHint | undefined, { running }: WireRequest): Result => {
  const { ttlMs, scope = "private" } = hint ?? running.assembly.info.cache ?? { ttlMs: 0 }
  return { ttlMs, cacheScope: scope }
}

export const completionOf = ({ values, total, hasMore }: Suggestions): Result => ({
  values,
  ...(total === undefined ? undefined : { total }),
  ...(hasMore === undefined ? undefined : { hasMore })
})

const stamps = new WeakMap<object, Result>()

const stampOf = ({ running, revision }: WireRequest): Result => {
  let stamp = stamps.get(running)
  if (stamp === undefined) {
    stamp = Object.freeze({ [metaKeys.serverInfo]: Object.freeze(serverInfoOf(running, revision)) })
    stamps.set(running, stamp)
  }
  return stamp
}

/** Members may set a `resultType` of an extension; all else is complete. */
const complete = (result: Result, meta: Result | undefined, request: WireRequest): Result => {
  const stamp = stampOf(request)
  const written = result as Record<string, unknown>
  written["resultType"] ??= "complete"
  written["_meta"] = meta === undefined ? stamp : { ...meta, ...stamp }
  return written
}
