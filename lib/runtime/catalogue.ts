import type { Component } from "../builder/component.ts"
import type { Prompt } from "../builder/prompt.ts"
import type { Resource } from "../builder/resource.ts"
import type { Tool } from "../builder/tool.ts"
import { templatesConflict } from "../builder/uri-template.ts"
import { AssemblyError } from "./assembly-error.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { type Lists, listsOf } from "./listing.ts"
import { describeNode, type Node } from "./node.ts"
import { promptEntry } from "./prompt-entry.ts"
import { resourceEntry } from "./resource-entry.ts"
import { toolEntry } from "./tool-entry.ts"

/** Where a node's components come from; the builder's own are one source, and it never changes. */
export interface Source {
  readonly load: (node: Node) => ReadonlyArray<Component>
}

export const builderSource: Source = { load: (node) => node.definition.components }

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

/** Takes a snapshot of the tree's components; throws `AssemblyError` where two of them collide. */
export const catalogueOf = (nodes: ReadonlyArray<Node>, source: Source, generation: number): Catalogue => {
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
    for (const component of source.load(node)) {
      const { type } = component["~mcpipe/Component"]
      if (type === "tool")
        claim(tools, checkedTool(toolEntry(component as Tool.Any, node), problems), "tools are called")
      else if (type === "prompt") claim(prompts, promptEntry(component as Prompt.Any, node), "prompts are called")
      else {
        const entry = resourceEntry(component as Resource.Any, node)
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
