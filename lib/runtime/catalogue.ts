import { type Component, type ComponentKind, componentKinds } from "../builder/component.ts"
import type { Prompt } from "../builder/prompt.ts"
import type { Resource } from "../builder/resource.ts"
import type { Tool } from "../builder/tool.ts"
import { templatesConflict } from "../builder/uri-template.ts"
import { AssemblyError } from "./assembly-error.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { type Lists, listsOf } from "./listing.ts"
import { idOf } from "./names.ts"
import { describeNode, type Node } from "./node.ts"
import { promptEntry } from "./prompt-entry.ts"
import { resourceEntry } from "./resource-entry.ts"
import { toolEntry } from "./tool-entry.ts"

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
  readonly byId: ReadonlyMap<string, Entry>
  readonly lists: Lists
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
  const tools = new Map<string, ToolEntry>()
  const prompts = new Map<string, PromptEntry>()
  const resources = new Map<string, ResourceEntry>()
  const templates: Array<ResourceEntry> = []
  const problems: Array<string> = []
  const claim = <E extends Entry>(taken: Map<string, E>, entry: E, what: string) => {
    const other = taken.get(entry.name)
    if (other === undefined) taken.set(entry.name, entry)
    else problems.push(collision(`Two ${what} ${JSON.stringify(entry.name)}`, other, entry))
  }
  for (const node of nodes) {
    for (const component of componentsOf(node)) {
      const entry = knownEntry(before, component, node) ?? entryOf(component, node)
      if (entry.type === "tool") claim(tools, checkedTool(entry, problems), "tools are called")
      else if (entry.type === "prompt") claim(prompts, entry, "prompts are called")
      else {
        if (!entry.template.isTemplate) {
          claim(resources, entry, "resources have the URI")
          continue
        }
        const other = templates.find((known) => templatesConflict(known.template, entry.template))
        if (other !== undefined) {
          const both = `${JSON.stringify(other.name)} and ${JSON.stringify(entry.name)}`
          problems.push(
            collision(`The resource templates ${both} match the same URIs with equal precedence`, other, entry)
          )
        }
        templates.push(entry)
      }
    }
  }
  if (problems.length > 0) throw new AssemblyError(problems.join("\n"))
  const entries: ReadonlyArray<Entry> = [...tools.values(), ...prompts.values(), ...resources.values(), ...templates]
  templates.sort((a, b) => b.template.literals - a.template.literals)
  return {
    generation,
    tools,
    prompts,
    resources,
    templates,
    templatesByUri: new Map(templates.map((entry) => [entry.name, entry])),
    byId: new Map(entries.map((entry) => [entry.id, entry])),
    lists: listsOf(nodes, entries),
    completes: entries.some((entry) => entry.type !== "tool" && entry.complete !== undefined),
    prepared: new Map()
  }
}

const entryOf = (component: Component, node: Node): Entry => {
  const { type } = component["~mcpipe/Component"]
  if (type === "tool") return toolEntry(component as Tool.Any, node)
  return type === "prompt" ? promptEntry(component as Prompt.Any, node) : resourceEntry(component as Resource.Any, node)
}

const knownEntry = (before: Catalogue | undefined, component: Component, node: Node): Entry | undefined => {
  const known = before?.byId.get(idOf(component, node))
  return known?.component === component && known.node === node ? known : undefined
}

/** The kinds whose lists are not the same in two snapshots. */
export const changedKinds = (before: Catalogue, after: Catalogue): ReadonlyArray<ComponentKind> =>
  componentKinds.filter((kind) => !isSameList(before, after, kind))

const isSameList = (before: Catalogue, after: Catalogue, kind: ComponentKind): boolean => {
  const [old, now] = [listed(before, kind), listed(after, kind)]
  if (old.length === now.length && old.every(({ component }, index) => component === now[index]!.component)) return true
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

/** The resource that serves a URI: the static one, else the most literal template that matches. */
export const findResource = (catalogue: Catalogue, uri: string): ResourceEntry | undefined =>
  catalogue.resources.get(uri) ?? catalogue.templates.find(({ template }) => template.match(uri) !== undefined)

const collision = (what: string, one: Entry, other: Entry): string =>
  one.node === other.node
    ? `${what}; both are in ${describeNode(one.node)}. Rename or remove one of them.`
    : `${what}; one is in ${describeNode(one.node)}, the other in ${describeNode(other.node)}. ` +
      "Rename one of them, or mount its server under another namespace."

const checkedTool = (entry: ToolEntry, problems: Array<string>): ToolEntry => {
  if (entry.name.length > 128) {
    problems.push(
      `The tool ${JSON.stringify(entry.name)} in ${describeNode(entry.node)} has a name of ${entry.name.length} characters; ` +
        "at most 128 are allowed, namespaces included. Shorten a namespace or the tool's name."
    )
  }
  return entry
}
