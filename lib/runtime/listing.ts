import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { hookStep } from "../builder/uniform-hook.ts"
import type { Caller } from "../builder/visibility.ts"
import { caller } from "./caller.ts"
import { type Item, type Items, kindOfPlace, type ListKind, listedItem, renewed } from "./listed.ts"
import { movedUri } from "./names.ts"
import type { Node } from "./node.ts"
import { NodeContexts } from "./node-contexts.ts"
import { chainOf, type Place, visibleOf } from "./place.ts"
import { servedOf } from "./versions.ts"

/** One list: what it holds, and, where more than the catalogue has a say in it, how to make it for a request. */
export interface List<K extends ListKind = ListKind> {
  readonly items: Items<K>
  /** Undefined where every caller gets the same, so that its bytes can be prepared. */
  readonly live: Effect.Effect<Items<K>, unknown, any> | undefined
}

export type Lists = { readonly [K in ListKind]: List<K> }

const hooks = {
  tools: { name: "listTools", method: "tools/list" },
  resources: { name: "listResources", method: "resources/list" },
  templates: { name: "listResourceTemplates", method: "resources/templates/list" },
  prompts: { name: "listPrompts", method: "prompts/list" }
} as const

/** The four lists of what a root serves, of each version of it, neutral of any protocol revision. */
export const listsOf = (root: Node, places: ReadonlyArray<Place>): Lists => {
  const list = <K extends ListKind>(kind: K): List<K> => {
    const all = places.filter((place) => kindOfPlace(place) === kind)
    return {
      items: servedOf(all).map((place) => listedItem(place, kind)) as unknown as Items<K>,
      live: isLive(root, kind) || all.some(variesByCaller) ? (liveList(root, kind, all) as any) : undefined
    }
  }
  return { tools: list("tools"), resources: list("resources"), templates: list("templates"), prompts: list("prompts") }
}

/** Whether some hook has a say in a list. */
const isLive = (node: Node, kind: ListKind): boolean =>
  node.definition.middleware.some(
    (middleware) => middleware["~mcpipe/Middleware"].hooks[hooks[kind].name] !== undefined
  ) || node.children.some((child) => isLive(child, kind))

/** Whether a component is shown to some callers only, or otherwise to some than to others. */
export const variesByCaller = (place: Place): boolean =>
  chainOf(place).some(({ shape }) => shape?.visible !== undefined || shape?.describe !== undefined)

const liveList = (root: Node, kind: ListKind, places: ReadonlyArray<Place>): Effect.Effect<Items, unknown, any> => {
  const seenBy = seen(places)
  return Effect.flatMap(caller, (who) => Effect.map(behindHooks(root, kind, seenBy(who), who), itemsOf))
}

/** What a caller is shown of places: the highest version that is there for them. */
const seen = (places: ReadonlyArray<Place>): ((who: Caller) => ReadonlyArray<Place>) => {
  const all = places.map((place) => ({ place, visible: visibleOf(place) }))
  const served = servedOf(places)
  if (all.every(({ visible }) => visible === undefined)) return () => served
  return (who) => servedOf(all.flatMap(({ place, visible }) => (visible === undefined || visible(who) ? [place] : [])))
}

/** What a component of `node` sees of places that its transform was given. */
export const seenFrom = (
  node: Node,
  kind: ListKind,
  places: ReadonlyArray<Place>
): Effect.Effect<Items, unknown, any> => {
  const seenBy = seen(places)
  return Effect.flatMap(caller, (who) => Effect.map(viewed(node, kind, seenBy(who), who), itemsOf))
}

/** An item, and the place that it shows; what a hook has added shows none. */
interface Shown {
  readonly place: Place | undefined
  readonly item: Item
}

const itemsOf = (shown: ReadonlyArray<Shown>): Items => shown.map(({ item }) => item) as unknown as Items

const placeKey = Symbol("mcpipe/place")

/** Places of a node as its clients see them: through its own list hooks. */
const behindHooks = (
  node: Node,
  kind: ListKind,
  places: ReadonlyArray<Place>,
  who: Caller
): Effect.Effect<ReadonlyArray<Shown>, unknown, any> => {
  const { name, method } = hooks[kind]
  const { middleware, layers } = node.definition
  const inner = viewed(node, kind, places, who)
  if (!middleware.some((one) => one["~mcpipe/Middleware"].hooks[name] !== undefined)) return inner
  // hooks may copy an item, and then they copy this too; one that is made anew is known by its name
  let list: Effect.Effect<Items, unknown, any> = Effect.map(
    inner,
    (shown) => shown.map(({ place, item }) => ({ ...item, [placeKey]: place })) as unknown as Items
  )
  for (let i = middleware.length - 1; i >= 0; i--) {
    const { hooks: record, provides } = middleware[i]!["~mcpipe/Middleware"]
    const inside = list
    const hook = record[name]
    if (hook !== undefined) list = hookStep(hook, () => inside, { method })
    if (provides !== undefined) list = provides(list, { method })
  }
  const names = new Map(places.map((place) => [place.name, place]))
  const shown = Effect.map(list, (items) =>
    (items as ReadonlyArray<Item>).map((item): Shown => {
      const place = (item as { readonly [placeKey]?: Place })[placeKey] ?? names.get(nameOf(item))
      return { place, item }
    })
  )
  if (node.parent === undefined || layers.length === 0) return shown
  return Effect.updateContext(shown, (outer: Context.Context<any>) =>
    Context.merge(outer, Context.getUnsafe(outer, NodeContexts).own[node.index]!)
  )
}

/** Places as hooks of `node` are shown them: what comes from a child is as the child's own hooks made it. */
const viewed = (
  node: Node,
  kind: ListKind,
  places: ReadonlyArray<Place>,
  who: Caller
): Effect.Effect<ReadonlyArray<Shown>, unknown, any> => {
  const groups = new Map<Node, Map<Place, Array<Place>>>()
  // what a node has itself is a group of its own, so that all stays in order
  const order: Array<Place | Node> = []
  for (const place of places) {
    const from = enteredBy(place, node)
    if (from === undefined) {
      order.push(place)
      continue
    }
    let group = groups.get(from.node)
    if (group === undefined) {
      group = new Map()
      groups.set(from.node, group)
      order.push(from.node)
    }
    const same = group.get(from)
    if (same === undefined) group.set(from, [place])
    else same.push(place)
  }
  const parts = order.map((one): Effect.Effect<ReadonlyArray<Shown>, unknown, any> => {
    if ("component" in one) return outwards(one, undefined, listedItem(chainOf(one)[0]!, kind), kind, who)
    const group = groups.get(one)!
    return Effect.flatMap(behindHooks(one, kind, [...group.keys()], who), (shown) =>
      joined(
        shown.map(({ place, item }) =>
          place === undefined
            ? Effect.succeed([{ place, item: movedItem(item, one) }])
            : joined((group.get(place) ?? []).map((outer) => outwards(outer, place, item, kind, who)))
        )
      )
    )
  })
  return joined(parts)
}

const joined = (
  parts: ReadonlyArray<Effect.Effect<ReadonlyArray<Shown>, unknown, any>>
): Effect.Effect<ReadonlyArray<Shown>, unknown, any> => Effect.map(Effect.all(parts), (lists) => lists.flat())

/** The place through which a component enters a node: the outermost one on a child of it. */
const enteredBy = (place: Place, node: Node): Place | undefined => {
  let at: Place | undefined = place
  while (at !== undefined && at.node === node) at = at.inner
  return at
}

/** An item on its way from one place, by default its first, out to another. */
const outwards = (
  outer: Place,
  from: Place | undefined,
  item: Item,
  kind: ListKind,
  who: Caller
): Effect.Effect<ReadonlyArray<Shown>, unknown, any> => {
  const chain = chainOf(outer)
  const steps = chain.slice(from === undefined ? 0 : chain.indexOf(from) + 1)
  let made: Effect.Effect<Item, unknown, any> = Effect.succeed(item)
  for (const at of steps) {
    const { inner, shape } = at
    if (inner !== undefined) made = Effect.map(made, (item) => renewed(item, inner, at, kind))
    const describe = shape?.describe
    if (describe !== undefined) {
      made = Effect.flatMap(made, (item) => Effect.map(describe(who), (description) => ({ ...item, description })))
    }
  }
  return Effect.map(made, (item) => [{ place: outer, item }])
}

const nameOf = (item: Item): string => ("uriTemplate" in item ? item.uriTemplate : "uri" in item ? item.uri : item.name)

/** What a hook of a child added, as the node around it names it. */
const movedItem = (item: Item, child: Node): Item => {
  if ("uriTemplate" in item) return { ...item, uriTemplate: movedUri(item.uriTemplate, child) }
  if ("uri" in item) return { ...item, uri: movedUri(item.uri, child) }
  return child.namespace === undefined ? item : { ...item, name: `${child.namespace}_${item.name}` }
}
