import { deepFreeze } from "../builder/component.ts"
import type { Items, ListKind } from "../runtime/listed.ts"
import type { Operation } from "../runtime/operation.ts"
import type { WireRequest } from "./method.ts"
import { cursorOf, editionOf } from "./pagination.ts"

type Result = Readonly<Record<string, unknown>>

const members = { tools: "tools", resources: "resources", templates: "resourceTemplates", prompts: "prompts" } as const

/** UTF-8 bytes of results that were prepared, each with the brace that ends its message. */
const bytes = new WeakMap<Result, Uint8Array>()

/** The encoded form of a result and of the brace that ends its message, where it was prepared. */
export const preparedBytes = (result: Result): Uint8Array | undefined => bytes.get(result)

const encoder = new TextEncoder()

/** node:http writes a Buffer as it is, and would make one of any other bytes for each answer. */
const bytesOf = (text: string): Uint8Array => (typeof Buffer === "function" ? Buffer.from(text) : encoder.encode(text))

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
  const pages = pagesOf(request.catalogue.prepared, kind, page.from)
  for (const known of pages) {
    if (known.variant === variant) return known.result
  }
  const text = JSON.stringify(make())
  // in memory it reaches clients as the object it is; none may change it for the others
  const result = deepFreeze(JSON.parse(text) as Result)
  bytes.set(result, bytesOf(`${text}}`))
  pages.push({ variant, result })
  return result
}

/** A page as one era or revision writes it. */
interface Prepared {
  readonly variant: string
  readonly result: Result
}

const places = {
  tools: "pages tools",
  resources: "pages resources",
  templates: "pages templates",
  prompts: "pages prompts"
}

/** Putting a key together, or hashing a revision that came in a header, would cost more than the rest of a list that is prepared. */
const pagesOf = (prepared: Map<string, unknown>, kind: ListKind, from: number): Array<Prepared> => {
  const place = places[kind]
  let byStart = prepared.get(place) as Map<number, Array<Prepared>> | undefined
  if (byStart === undefined) {
    byStart = new Map()
    prepared.set(place, byStart)
  }
  let pages = byStart.get(from)
  if (pages === undefined) {
    pages = []
    byStart.set(from, pages)
  }
  return pages
}
