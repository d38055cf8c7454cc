import { ToolError } from "../builder/errors.ts"
import { bm25, type Ranking } from "./bm25.ts"
import { linearPattern } from "./linear-pattern.ts"
import type { SearchText } from "./search-text.ts"

/** Finds texts: gives positions, the best first; fails with a `ToolError` for a query that cannot be used. */
export type Finder = (texts: ReadonlyArray<SearchText>, query: string) => ReadonlyArray<number>

/** Indexes kept at one time: callers who see different tools have one each; the one used longest ago goes. */
const kept = 8

/** Ranks by words; an index is made where there is none yet for these very texts. */
export const wordFinder = (): Finder => {
  const indexes = new Map<string, Ranking>()
  return (texts, query) => {
    const key = JSON.stringify(texts.map(({ name, title, description, args }) => [name, title, description, args]))
    const ranking = indexes.get(key) ?? bm25(texts)
    indexes.delete(key)
    indexes.set(key, ranking)
    if (indexes.size > kept) indexes.delete(indexes.keys().next().value!)
    return ranking(query)
  }
}

/** Steps that one search may take. */
const budget = 5_000_000

/** Those that a regular expression matches; a match in the name comes first. */
export const patternFinder: Finder = (texts, source) => {
  const refuse = (error: unknown) => {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    return new ToolError(`The pattern ${JSON.stringify(source)} cannot be used: ${error.message}.`)
  }
  let matches: ReturnType<typeof linearPattern>
  try {
    matches = linearPattern(source)
  } catch (error) {
    throw refuse(error)
  }
  const left = { left: budget }
  const inName: Array<number> = []
  const elsewhere: Array<number> = []
  try {
    for (const [at, { name, title, description, args }] of texts.entries()) {
      if (matches(name, left)) inName.push(at)
      else if (matches(title, left) || matches(description, left) || matches(args, left)) elsewhere.push(at)
    }
  } catch (error) {
    throw refuse(error)
  }
  return [...inName, ...elsewhere]
}
