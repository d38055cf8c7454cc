import type { ListedTool } from "../builder/listing.ts"

/** The texts of a tool that a search looks at; `args` are the names and descriptions of its arguments. */
export interface SearchText {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly args: string
}

/** Characters of one text that are looked at. */
const most = 2_000

export const searchText = ({ name, title, description, annotations, inputSchema }: ListedTool): SearchText => {
  const words: Array<string> = []
  collect(inputSchema, words, 0)
  return {
    name,
    title: (title ?? annotations?.title ?? "").slice(0, most),
    description: (description ?? "").slice(0, most),
    args: words.join("\n").slice(0, most)
  }
}

/** Arguments are described by schemas in schemas; what lies deeper than this says little of a tool. */
const maxDepth = 6

const collect = (schema: unknown, words: Array<string>, depth: number): void => {
  if (typeof schema !== "object" || schema === null || depth > maxDepth) return
  if (Array.isArray(schema)) {
    for (const item of schema) collect(item, words, depth + 1)
    return
  }
  const { title, description, properties, items, anyOf, oneOf, allOf, $defs } = schema as Readonly<
    Record<string, unknown>
  >
  for (const text of [title, description]) if (typeof text === "string") words.push(text)
  for (const named of [properties, $defs]) {
    if (typeof named !== "object" || named === null) continue
    for (const [name, inner] of Object.entries(named)) {
      if (named === properties) words.push(name)
      collect(inner, words, depth + 1)
    }
  }
  for (const inner of [items, anyOf, oneOf, allOf]) collect(inner, words, depth + 1)
}
