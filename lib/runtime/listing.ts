import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Component } from "../builder/component.ts"
import type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "../builder/listing.ts"
import { mountUri } from "../builder/uri-template.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import type { Node } from "./node.ts"
import { NodeContexts } from "./node-contexts.ts"

export type ListKind = "tools" | "resources" | "templates" | "prompts"

interface ItemOf {
  readonly tools: ListedTool
  readonly resources: ListedResource
  readonly templates: ListedTemplate
  readonly prompts: ListedPrompt
}

export type Items<K extends ListKind = ListKind> = ReadonlyArray<ItemOf[K]>

/** One list: what it holds, and, where middleware has a say in it, how to make it for a request. */
export interface List<K extends ListKind = ListKind> {
  readonly items: Items<K>
  /** Undefined when no middleware hooks into this list, so that its bytes can be prepared. */
  readonly live: Effect.Effect<Items<K>, unknown, any> | undefined
}

export type Lists = { readonly [K in ListKind]: List<K> }

const hooks = {
  tools: { name: "listTools", method: "tools/list" },
  resources: { name: "listResources", method: "resources/list" },
  templates: { name: "listResourceTemplates", method: "resources/templates/list" },
  prompts: { name: "listPrompts", method: "prompts/list" }
} as const

/** The four lists of a catalogue, neutral of any protocol revision. */
export const listsOf = (nodes: ReadonlyArray<Node>, entries: ReadonlyArray<Entry>): Lists => ({
  tools: listOf(nodes, "tools", entries.filter((entry) => entry.type === "tool").map(listedTool)),
  prompts: listOf(nodes, "prompts", entries.filter((entry) => entry.type === "prompt").map(listedPrompt)),
  resources: listOf(
    nodes,
    "resources",
    entries
      .filter((entry): entry is ResourceEntry => entry.type === "resource")
      .filter(({ template }) => !template.isTemplate)
      .map(listedResource)
  ),
  templates: listOf(
    nodes,
    "templates",
    entries
      .filter((entry): entry is ResourceEntry => entry.type === "resource")
      .filter(({ template }) => template.isTemplate)
      .map(listedTemplate)
  )
})

interface Placed<K extends ListKind> {
  readonly node: Node
  readonly item: ItemOf[K]
  readonly component: Component
}

const listOf = <K extends ListKind>(nodes: ReadonlyArray<Node>, kind: K, placed: ReadonlyArray<Placed<K>>): List<K> => {
  const hooked = nodes.some(({ definition }) =>
    definition.middleware.some((middleware) => middleware["~mcpipe/Middleware"].hooks[hooks[kind].name] !== undefined)
  )
  return {
    items: placed.map(({ item }) => item),
    live: hooked ? (liveList(nodes[0]!, kind, placed) as Effect.Effect<Items<K>, unknown, any>) : undefined
  }
}

/** A node's list under its own names, through its own hooks, with its children's lists in it. */
const liveList = <K extends ListKind>(
  node: Node,
  kind: K,
  placed: ReadonlyArray<Placed<K>>
): Effect.Effect<Items, unknown, any> => {
  const { name, method } = hooks[kind]
  const own = placed
    .filter((one) => one.node === node)
    .map(({ item, component }) => ({ ...item, ...localName(kind, component) }))
  const children = node.children.map((child) =>
    Effect.map(liveList(child, kind, placed), (items) => items.map((item) => mounted(kind, item, child.namespace!)))
  )
  let list: Effect.Effect<Items, unknown, any> = Effect.map(
    Effect.all(children),
    (lists) => [...own, ...lists.flat()] as Items
  )
  const { middleware, layers } = node.definition
  for (let i = middleware.length - 1; i >= 0; i--) {
    const { hooks: record, provides } = middleware[i]!["~mcpipe/Middleware"]
    const inner = list
    if (provides !== undefined) list = provides(inner, { method })
    const hook = record[name]
    if (hook !== undefined) list = Effect.suspend(() => hook(() => inner, { method }))
  }
  if (node.parent === undefined || layers.length === 0) return list
  return Effect.updateContext(list, (outer: Context.Context<any>) =>
    Context.merge(outer, Context.getUnsafe(outer, NodeContexts).own[node.index]!)
  )
}

const localName = (kind: ListKind, component: Component): object => {
  if (kind === "tools" || kind === "prompts") return { name: component.name }
  const { uri } = component as Component & { readonly uri: string }
  return kind === "resources" ? { uri } : { uriTemplate: uri }
}

const mounted = (kind: ListKind, item: any, namespace: string): any => {
  if (kind === "tools" || kind === "prompts") return { ...item, name: `${namespace}_${item.name}` }
  return kind === "resources"
    ? { ...item, uri: mountUri(namespace, item.uri) }
    : { ...item, uriTemplate: mountUri(namespace, item.uriTemplate) }
}

const base = ({ title, description, icons, meta }: Component): Omit<ListedPrompt, "name"> => ({
  ...(title === undefined ? undefined : { title }),
  ...(description === undefined ? undefined : { description }),
  ...(icons === undefined ? undefined : { icons }),
  ...(meta === undefined ? undefined : { _meta: meta })
})

const listedTool = ({ node, name, component }: ToolEntry): Placed<"tools"> => ({
  node,
  component,
  item: {
    name,
    ...base(component),
    inputSchema: component.input.jsonSchema,
    ...(component.output === undefined ? undefined : { outputSchema: component.output.jsonSchema }),
    ...(component.annotations === undefined ? undefined : { annotations: component.annotations })
  }
})

const listedPrompt = ({ node, name, component }: PromptEntry): Placed<"prompts"> => ({
  node,
  component,
  item: {
    name,
    ...base(component),
    ...(component.arguments.length === 0 ? undefined : { arguments: component.arguments })
  }
})

const resourceFields = ({ component }: ResourceEntry) => ({
  ...base(component),
  ...(component.mimeType === undefined ? undefined : { mimeType: component.mimeType }),
  ...(component.annotations === undefined ? undefined : { annotations: component.annotations })
})

const listedResource = (entry: ResourceEntry): Placed<"resources"> => ({
  node: entry.node,
  component: entry.component,
  item: {
    uri: entry.name,
    name: entry.component.name,
    ...resourceFields(entry),
    ...(entry.component.size === undefined ? undefined : { size: entry.component.size })
  }
})

const listedTemplate = (entry: ResourceEntry): Placed<"templates"> => ({
  node: entry.node,
  component: entry.component,
  item: { uriTemplate: entry.name, name: entry.component.name, ...resourceFields(entry) }
})
