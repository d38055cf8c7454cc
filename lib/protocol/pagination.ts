import type { ListKind } from "../runtime/listing.ts"
import type { Page } from "../runtime/operation.ts"
import { quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

/**
 * The page a cursor stands for (MCP server/utilities/pagination). A cursor names its list, the catalogue's generation and
 * the place, so that one kept too long is refused instead of skipping components; an empty string is the first page.
 */
export const pageOf = (
  cursor: unknown,
  kind: ListKind,
  generation: number,
  size: number | undefined,
  length: number
): Page | Refusal => {
  if (cursor === undefined || cursor === "") return { from: 0, to: size ?? Number.POSITIVE_INFINITY }
  if (typeof cursor !== "string")
    return refusal("invalid-cursor", `params.cursor must be a string, not ${quoted(cursor)}.`)
  const from = size === undefined ? undefined : placeOf(cursor, kind, generation)
  if (from === undefined || from <= 0 || from >= length || from % size! !== 0) {
    return refusal("invalid-cursor", `Invalid cursor ${quoted(cursor)}: list again from the start, without a cursor.`)
  }
  return { from, to: from + size! }
}

/** The cursor of the page that starts at `from`. */
export const cursorOf = (kind: ListKind, generation: number, from: number): string =>
  btoa(`${kind}:${generation}:${from}`).replace(/=+$/, "")

const placeOf = (cursor: string, kind: ListKind, generation: number): number | undefined => {
  if (cursor.length > 64) return undefined
  let text: string
  try {
    text = atob(cursor)
  } catch {
    return undefined
  }
  const [list, made, from] = text.split(":")
  const place = Number(from)
  const intact = list === kind && Number(made) === generation && Number.isInteger(place)
  return intact && cursorOf(kind, generation, place) === cursor ? place : undefined
}
