import { type Component, type ComponentKind, componentKinds } from "../builder/component.ts"
import type { Resource } from "../builder/resource.ts"
import { AssemblyError } from "./assembly-error.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { type Lists, listsOf, variesByCaller } from "./listing.ts"
import { entryOf } from "./make-entry.ts"
import { idOf } from "./names.ts"
import { describeNode, type Node } from "./node.ts"
import { isSamePlace, originOf, type Place, typeOf, visibleOf } from "./place.ts"
import { type Placement, placementOf } from "./placement.ts"
import type { VisibilityRule } from "../services/visibility.ts"
import { isHidden, shows } from "./session-rules.ts"
import type { Loss } from "./shelf.ts"
import { nameKey, servedOf, versionsOf } from "./versions.ts"

/** An immutable snapshot of everything an app serves; replaced whole, and a call in flight keeps its own. */
export interface Catalogue {
  readonly generation: number
  readonly tools: ReadonlyMap<string, ToolEntry>
  readonly prompts: ReadonlyMap<string, PromptEntry>
  /** Static resources, by URI. */
  readonly resources: ReadonlyMap<string, ResourceEntry>
  /** Most literal characters first. */
  readonly templates: ReadonlyArray<ResourceEntry>
  /** Every template by the text of its URI, for completion references. */
  readonly templatesByUri: ReadonlyMap<string, ResourceEntry>
  /** All versions of each component, the highest first, by kind and name; empty where there is one of each. */
  readonly versions: ReadonlyMap<string, ReadonlyArray<Entry>>
  /** What each node knows. */
  readonly places: Placement["of"]
  /** What collision policies left out. */
  readonly losses: ReadonlyArray<Loss>
  readonly byId: ReadonlyMap<string, Entry>
  /** What is listed for those who have switched nothing. */
  readonly lists: Lists
  /** What may be listed at all. */
  readonly shelves: ReadonlyArray<Place>
  readonly completes: boolean
  /** What the protocol room prepared from this snapshot; thrown away with it. */
  readonly prepared: Map<string, unknown>
}

/**
 * Takes a snapshot of the tree's components; throws `AssemblyError` where two of them collide. What the snapshot `before` it
 * has of the same component is used again.
 */
export const catalogueOf = (
  nodes: ReadonlyArray<Node>,
  componentsOf: (node: Node) => ReadonlyArray<Component>,
  generation: number,
  before?: Catalogue
): Catalogue => {
  const root = nodes[0]!
  const { of, losses, uriNamespaces, problems } = placementOf(root, componentsOf)
  const places = of.get(root)!
  const faults = [...problems, ...places.flatMap(longName), ...sharedLists(root, places)]
  if (faults.length > 0) throw new AssemblyError(faults.join("\n"))
  for (const node of nodes) node.uriNamespace = uriNamespaces.get(node) ?? node.namespace
  const byId = new Map<string, Entry>()
  const byPlace = new Map<Place, Entry>()
  for (const place of places) {
    const id = freeId(place, byId)
    const entry = knownEntry(before, place, id) ?? entryOf(place, id)
    byId.set(id, entry)
    byPlace.set(place, entry)
  }
  const highest = servedOf(places)
  const served = highest.map((place) => byPlace.get(place)!)
  const templates = served.filter(isTemplate).sort((a, b) => b.template.literals - a.template.literals)
  return {
    generation,
    tools: named(served.filter((entry) => entry.type === "tool")),
    prompts: named(served.filter((entry) => entry.type === "prompt")),
    resources: named(served.filter((entry) => entry.type === "resource").filter((entry) => !entry.template.isTemplate)),
    templates,
    templatesByUri: named(templates),
    versions: highest.length === places.length ? noVersions : entriesOf(places, byPlace),
    byId,
    places: of,
    losses,
    lists: listsOf(
      root,
      places.filter((place) => !isHidden(place))
    ),
    shelves: places,
    completes: served.some((entry) => entry.type !== "tool" && entry.complete !== undefined),
    prepared: new Map()
  }
}

const isTemplate = (entry: Entry): entry is ResourceEntry => entry.type === "resource" && entry.template.isTemplate

const named = <E extends Entry>(entries: ReadonlyArray<E>): ReadonlyMap<string, E> =>
  new Map(entries.map((entry) => [entry.name, entry]))

const noVersions: Catalogue["versions"] = new Map()

const entriesOf = (
  places: ReadonlyArray<Place>,
  byPlace: ReadonlyMap<Place, Entry>
): ReadonlyMap<string, ReadonlyArray<Entry>> =>
  new Map([...versionsOf(places)].map(([key, all]) => [key, all.map((place) => byPlace.get(place)!)]))

/** Who may see what, as far as one request is concerned. */
export type Sees = (entry: Entry) => boolean

const everything: Sees = () => true

/** All versions of a component, the highest first. */
export const allVersions = <E extends Entry>({ versions }: Catalogue, highest: E): ReadonlyArray<E> =>
  (versions.get(nameKey(highest.type, highest.name)) as ReadonlyArray<E> | undefined) ?? [highest]

/** The highest version of a component that can be seen. */
export const seenOf = <E extends Entry>(catalogue: Catalogue, highest: E, sees: Sees): E | undefined =>
  sees(highest) ? highest : allVersions(catalogue, highest).find(sees)

/** What a transform makes twice of one component is two components. */
const freeId = (place: Place, taken: ReadonlyMap<string, Entry>): string => {
  const { component, node } = originOf(place)
  const id = idOf(component, node)
  let free = id
  for (let n = 2; taken.has(free); n++) free = `${id}~${n}`
  return free
}

const knownEntry = (before: Catalogue | undefined, place: Place, id: string): Entry | undefined => {
  const known = before?.byId.get(id)
  return known !== undefined && isSamePlace(known.place, place) ? known : undefined
}

const longName = (place: Place): ReadonlyArray<string> => {
  const { name } = place
  if (typeOf(place) !== "tool" || name.length <= 128) return []
  return [
    `The tool ${JSON.stringify(name)} in ${describeNode(originOf(place).node)} has a name of ${name.length} characters; ` +
      "at most 128 are allowed, namespaces included. Shorten a namespace or the tool's name."
  ]
}

/** What clients may share between users must not depend on who asks. */
const sharedLists = ({ info }: Node, places: ReadonlyArray<Place>): ReadonlyArray<string> => {
  const isPublic = info.cache?.scope === "public"
  const varying = places.find(
    (place) =>
      (isPublic && variesByCaller(place)) ||
      ((place.component as Resource.Any).cache?.scope === "public" && visibleOf(place) !== undefined)
  )
  if (varying === undefined) return []
  const what = `${typeOf(varying)} ${JSON.stringify(varying.name)}`
  return [
    isPublic
      ? `The ${what} is not the same for all callers, but server ${JSON.stringify(info.name)} has cache: { scope: "public" }, ` +
        'so that clients may share its lists. Use the scope "private", or show it to everybody.'
      : `The ${what} is there for some callers only, but has cache: { scope: "public" }, so that clients may share it. ` +
        'Use the scope "private", or show it to everybody.'
  ]
}

/** The kinds whose lists are not the same in two snapshots. */
export const changedKinds = (before: Catalogue, after: Catalogue): ReadonlyArray<ComponentKind> =>
  componentKinds.filter((kind) => !isSameList(before, after, kind))

const isSameList = (before: Catalogue, after: Catalogue, kind: ComponentKind): boolean => {
  const [old, now] = [listed(before, kind), listed(after, kind)]
  if (old.length === now.length && old.every((one, index) => isSamePlace(one.place, now[index]!.place))) {
    return true
  }
  const lists = kind === "resources" ? (["resources", "templates"] as const) : ([kind] as const)
  // what middleware makes of a list may depend on more than clients see of it
  return lists.every(
    (list) =>
      after.lists[list].live === undefined &&
      JSON.stringify(before.lists[list].items) === JSON.stringify(after.lists[list].items)
  )
}

/** All versions: who may not see the highest is shown another. */
const listed = ({ byId }: Catalogue, kind: ComponentKind): ReadonlyArray<Entry> =>
  [...byId.values()].filter(({ type }) => `${type}s` === kind)

/** The lists of a session that has switched something; kept while its rules are the same. */
export const listsFor = (catalogue: Catalogue, root: Node, rules: ReadonlyArray<VisibilityRule>): Lists => {
  const known = switchedLists.get(rules)
  if (known?.catalogue === catalogue) return known.lists
  const lists = listsOf(
    root,
    catalogue.shelves.filter((place) => shows(rules, place))
  )
  switchedLists.set(rules, { catalogue, lists })
  return lists
}

const switchedLists = new WeakMap<
  ReadonlyArray<VisibilityRule>,
  { readonly catalogue: Catalogue; readonly lists: Lists }
>()

/**
 * The resource that serves a URI: the static one, else the most literal template that matches; the highest version of it.
 * What cannot be seen does not stand in the way of others.
 */
export const findResource = (catalogue: Catalogue, uri: string, sees: Sees = everything): ResourceEntry | undefined => {
  const at = catalogue.resources.get(uri)
  const known = at === undefined ? undefined : seenOf(catalogue, at, sees)
  if (known !== undefined) return known
  for (const highest of catalogue.templates) {
    if (highest.template.match(uri) === undefined) continue
    const found = seenOf(catalogue, highest, sees)
    if (found !== undefined) return found
  }
  return undefined
}
