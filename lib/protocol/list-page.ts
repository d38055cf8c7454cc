import { deepFreeze } from "../builder/component.ts"
import type { Items, ListKind } from "../runtime/listing.ts"
import type { Operation } from "../runtime/operation.ts"
import type { WireRequest } from "./method.ts"
import { cursorOf, editionOf } from "./pagination.ts"

type Result = Readonly<Record<string, unknown>>

const members = { tools: "tools", resources: "resources", templates: "resourceTemplates", prompts: "prompts" } as const

/** UTF-8 bytes of results that were prepared, kept with them. */
const bytes = new WeakMap<Result, Uint8Array>()

/** The encoded form of a result, where it was prepared. */
export const preparedBytes = (result: Result): Uint8Array | undefined => bytes.get(result)

const encoder = new TextEncoder()

/**
 * A page of a list as `finish` completes it. Lists without list middleware are the same for everybody until the
 * catalogue changes, so their pages are made, frozen and encoded once per variant and kept with the catalogue.
 */
export const listPage = (
  items: Items,
  operation: Extract<Operation, { readonly type: "list" }>,
  request: WireRequest,
  variant: string,
  encodeItem: (kind: ListKind, item: Items[number]) => unknown,
  finish: (result: Result) => Result
): Result => {
  const { kind, page, live } = operation
  const make = (): Result => {
    const edition = () => editionOf(request.running, request.catalogue, kind)
    const shown = items.slice(page.from, page.to).map((item) => encodeItem(kind, item))
    const next = page.to < items.length ? { nextCursor: cursorOf(kind, edition(), page.to) } : undefined
    return finish({ [members[kind]]: shown, ...next })
  }
  if (live !== undefined) return make()
  const pages = pagesOf(request.catalogue.prepared, variant, kind)
  const known = pages.get(page.from)
  if (known !== undefined) return known
  const text = JSON.stringify(make())
  // in memory it reaches clients as the object it is; none may change it for the others
  const result = deepFreeze(JSON.parse(text) as Result)
  bytes.set(result, encoder.encode(text))
  pages.set(page.from, result)
  return result
}

/** Maps in maps: putting a key together would cost more than the rest of a list that is prepared. */
const pagesOf = (prepared: Map<string, unknown>, variant: string, kind: ListKind): Map<number, Result> => {
  let kinds = prepared.get(variant) as Map<ListKind, Map<number, Result>> | undefined
  if (kinds === undefined) {
    kinds = new Map()
    prepared.set(variant, kinds)
  }
  let pages = kinds.get(kind)
  if (pages === undefined) {
    pages = new Map()
    kinds.set(kind, pages)
  }
  return pages
}
