import { type Component, type ComponentKind, componentKinds } from "../builder/component.ts"
import { AssemblyError } from "./assembly-error.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { type Lists, listsOf, variesByCaller } from "./listing.ts"
import { entryOf } from "./make-entry.ts"
import { idOf } from "./names.ts"
import { describeNode, type Node } from "./node.ts"
import { isSamePlace, originOf, type Place, typeOf } from "./place.ts"
import { placementOf } from "./placement.ts"
import type { VisibilityRule } from "../services/visibility.ts"
import { isHidden, shows } from "./session-rules.ts"
import type { Loss } from "./shelf.ts"
import { servedOf } from "./versions.ts"

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
  /** All versions of what there are several of, by kind and name. */
  readonly versions: ReadonlyMap<string, ReadonlyArray<Entry>>
  /** What collision policies left out. */
  readonly losses: ReadonlyArray<Loss>
  readonly byId: ReadonlyMap<string, Entry>
  /** What is listed for those who have switched nothing. */
  readonly lists: Lists
  /** What may be listed at all: the highest version of each component. */
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
  const entries = [...byId.values()]
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
    versions: served.length === entries.length ? noVersions : versionsOf(entries),
    byId,
    losses,
    lists: listsOf(
      root,
      highest.filter((place) => !isHidden(place))
    ),
    shelves: highest,
    completes: served.some((entry) => entry.type !== "tool" && entry.complete !== undefined),
    prepared: new Map()
  }
}

const isTemplate = (entry: Entry): entry is ResourceEntry => entry.type === "resource" && entry.template.isTemplate

const named = <E extends Entry>(entries: ReadonlyArray<E>): ReadonlyMap<string, E> =>
  new Map(entries.map((entry) => [entry.name, entry]))

const noVersions: Catalogue["versions"] = new Map()

const versionsOf = (entries: ReadonlyArray<Entry>): Catalogue["versions"] => {
  const versions = new Map<string, Array<Entry>>()
  for (const entry of entries) {
    const key = versionKey(entry)
    const known = versions.get(key)
    if (known === undefined) versions.set(key, [entry])
    else known.push(entry)
  }
  return versions
}

const versionKey = ({ type, name }: Pick<Entry, "type" | "name">): string => `${type} ${name}`

/** The version of a component that a client asks for; undefined where there is none, or none of that name. */
export const versionOf = <E extends Entry>(catalogue: Catalogue, highest: E, version: string): E | undefined =>
  highest.component.version === version
    ? highest
    : (catalogue.versions.get(versionKey(highest))?.find(({ component }) => component.version === version) as
        | E
        | undefined)

/** The versions there are of a component, for messages. */
export const knownVersions = (catalogue: Catalogue, entry: Entry): ReadonlyArray<string> =>
  (catalogue.versions.get(versionKey(entry)) ?? [entry]).flatMap(({ component: { version } }) =>
    version === undefined ? [] : [version]
  )

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

/** Lists that clients may share between users must not depend on who asks. */
const sharedLists = ({ info }: Node, places: ReadonlyArray<Place>): ReadonlyArray<string> => {
  const varying = info.cache?.scope === "public" ? places.find(variesByCaller) : undefined
  if (varying === undefined) return []
  return [
    `The ${typeOf(varying)} ${JSON.stringify(varying.name)} is not the same for all callers, but server ${JSON.stringify(info.name)} ` +
      'has cache: { scope: "public" }, so that clients may share its lists. Use the scope "private", or show it to everybody.'
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

const listed = (catalogue: Catalogue, kind: ComponentKind): ReadonlyArray<Entry> =>
  kind === "resources" ? [...catalogue.resources.values(), ...catalogue.templates] : [...catalogue[kind].values()]

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

/** The resource that serves a URI: the static one, else the most literal template that matches. */
export const findResource = (catalogue: Catalogue, uri: string): ResourceEntry | undefined =>
  catalogue.resources.get(uri) ?? catalogue.templates.find(({ template }) => template.match(uri) !== undefined)
