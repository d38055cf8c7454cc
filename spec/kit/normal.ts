import { expect } from "vitest"
import type { Combination } from "./eras.ts"

/** A result without what only frames it, or the error in its place. */
export type Answer = Readonly<Record<string, any>>

const serverInfoKey = "io.modelcontextprotocol/serverInfo"

/**
 * The normal form of an answer. On 2026-07-28 every result names the server, which is asserted and then taken off;
 * `resultType` and cache hints, which only that revision has, go too. Golden specs look at them byte by byte.
 */
export const answerOf = async (asked: Promise<unknown>, at: Combination, serverInfo: unknown): Promise<Answer> => {
  let result: any
  try {
    result = await asked
  } catch (error: any) {
    if (typeof error.code !== "number") throw error
    const message = String(error.message).replace(/^MCP error -?\d+: /, "")
    return { error: { code: error.code, message, ...(error.data === undefined ? {} : { data: error.data }) } }
  }
  const { resultType: _, ttlMs: __, cacheScope: ___, _meta, ...rest } = result
  const { [serverInfoKey]: stamp, ...meta } = _meta ?? {}
  expect(stamp).toEqual(at.era === "sessionless" ? serverInfo : undefined)
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta }
}
