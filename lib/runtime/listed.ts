import type { Component } from "../builder/component.ts"
import type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "../builder/listing.ts"
import type { Prompt } from "../builder/prompt.ts"
import type { Resource } from "../builder/resource.ts"
import type { Tool } from "../builder/tool.ts"
import { type Place, typeOf } from "./place.ts"

export type ListKind = "tools" | "resources" | "templates" | "prompts"

export interface ItemOf {
  readonly tools: ListedTool
  readonly resources: ListedResource
  readonly templates: ListedTemplate
  readonly prompts: ListedPrompt
}

export type Items<K extends ListKind = ListKind> = ReadonlyArray<ItemOf[K]>

export type Item = ItemOf[ListKind]

/** The list in which a component is shown. */
export const kindOfPlace = (place: Place): ListKind => {
  const type = typeOf(place)
  if (type === "tool") return "tools"
  if (type === "prompt") return "prompts"
  return place.name.includes("{") ? "templates" : "resources"
}

/** A component as lists show it under the name of its place, neutral of any protocol revision. */
export const listedItem = (place: Place, kind: ListKind): Item => {
  const { name, component } = place
  switch (kind) {
    case "tools":
      return listedTool(name, component as Tool.Any)
    case "prompts":
      return listedPrompt(name, component as Prompt.Any)
    case "resources": {
      const { size } = component as Resource.Any
      return {
        uri: name,
        name: component.name,
        ...resourceFields(component as Resource.Any),
        ...(size === undefined ? undefined : { size })
      }
    }
    case "templates":
      return { uriTemplate: name, name: component.name, ...resourceFields(component as Resource.Any) }
  }
}

/** What a step outwards changes of an item, whatever hooks have made of it further in. */
export const renewed = (item: Item, inner: Place, outer: Place, kind: ListKind): Item => {
  const before = listedItem(inner, kind) as unknown as Record<string, unknown>
  const after = listedItem(outer, kind) as unknown as Record<string, unknown>
  const renewed = { ...item } as unknown as Record<string, unknown>
  for (const key of Object.keys({ ...before, ...after })) {
    if (before[key] === after[key]) continue
    if (after[key] === undefined) delete renewed[key]
    else renewed[key] = after[key]
  }
  return renewed as unknown as Item
}

const base = ({ title, description, icons, meta }: Component): Omit<ListedPrompt, "name"> => ({
  ...(title === undefined ? undefined : { title }),
  ...(description === undefined ? undefined : { description }),
  ...(icons === undefined ? undefined : { icons }),
  ...(meta === undefined ? undefined : { _meta: meta })
})

const listedTool = (name: string, tool: Tool.Any): ListedTool => ({
  name,
  ...base(tool),
  inputSchema: tool.input.jsonSchema,
  ...(tool.output === undefined ? undefined : { outputSchema: tool.output.jsonSchema }),
  ...(tool.annotations === undefined ? undefined : { annotations: tool.annotations })
})

const listedPrompt = (name: string, prompt: Prompt.Any): ListedPrompt => ({
  name,
  ...base(prompt),
  ...(prompt.arguments.length === 0 ? undefined : { arguments: prompt.arguments })
})

const resourceFields = (resource: Resource.Any) => ({
  ...base(resource),
  ...(resource.mimeType === undefined ? undefined : { mimeType: resource.mimeType }),
  ...(resource.annotations === undefined ? undefined : { annotations: resource.annotations })
})
