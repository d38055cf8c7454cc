import type { Running } from "../runtime/app.ts"
import type { Catalogue } from "../runtime/catalogue.ts"
import type { ListKind } from "../runtime/listed.ts"
import type { Page } from "../runtime/operation.ts"
import { quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

/**
 * The page a cursor stands for (MCP server/utilities/pagination). A cursor names its list, the list's edition and the
 * place, so that one kept too long is refused instead of skipping components; an empty string is the first page.
 */
export const pageOf = (
  cursor: unknown,
  kind: ListKind,
  edition: number,
  size: number | undefined,
  length: number
): Page | Refusal => {
  if (cursor === undefined || cursor === "") return { from: 0, to: size ?? Number.POSITIVE_INFINITY }
  if (typeof cursor !== "string")
    return refusal("invalid-cursor", `params.cursor must be a string, not ${quoted(cursor)}.`)
  const from = size === undefined ? undefined : placeOf(cursor, kind, edition)
  if (from === undefined || from <= 0 || from >= length || from % size! !== 0) {
    return refusal("invalid-cursor", `Invalid cursor ${quoted(cursor)}: list again from the start, without a cursor.`)
  }
  return { from, to: from + size! }
}

/** The cursor of the page that starts at `from`. */
export const cursorOf = (kind: ListKind, edition: number, from: number): string =>
  btoa(`${kind}:${edition}:${from}`).replace(/=+$/, "")

/**
 * A number that another list of that kind most likely does not have. Where sources give components it comes from what the
 * list holds, so that all processes which loaded the same go on with each other's cursors.
 */
export const editionOf = ({ assembly }: Running, catalogue: Catalogue, kind: ListKind): number => {
  if (assembly.sources.length === 0) return catalogue.generation
  const key = `edition of ${kind}`
  let edition = catalogue.prepared.get(key) as number | undefined
  if (edition === undefined) {
    edition = digestOf(catalogue.lists[kind].items.map((item) => JSON.stringify(keyOf(item))))
    catalogue.prepared.set(key, edition)
  }
  return edition
}

const keyOf = (item: object): unknown => {
  const { name, uri, uriTemplate } = item as Readonly<Record<string, unknown>>
  return uri ?? uriTemplate ?? name
}

/** FNV-1a of 32 bits. */
const digestOf = (texts: ReadonlyArray<string>): number => {
  let hash = 0x811c9dc5
  for (const text of texts) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return hash >>> 0
}

const placeOf = (cursor: string, kind: ListKind, edition: number): number | undefined => {
  if (cursor.length > 64) return undefined
  let text: string
  try {
    text = atob(cursor)
  } catch {
    return undefined
  }
  const [list, made, from] = text.split(":")
  const place = Number(from)
  const intact = list === kind && Number(made) === edition && Number.isInteger(place)
  return intact && cursorOf(kind, edition, place) === cursor ? place : undefined
}
