import * as Effect from "effect/Effect"
import * as v from "valibot"
import { isToolError, ToolError } from "../builder/errors.ts"
import type { ListedTool } from "../builder/listing.ts"
import { OptionReader } from "../builder/options.ts"
import type { Selection } from "../builder/selection.ts"
import { tool } from "../builder/tool.ts"
import { type Inner, isTool, type Transform } from "../builder/transform.ts"
import { jsonOutput, readOnly, toolName } from "./added-tools.ts"
import { namedOf } from "./filter.ts"
import { transformNaming } from "./make-transform.ts"
import { type Finder, patternFinder, wordFinder } from "./search-index.ts"
import { searchText } from "./search-text.ts"

export interface ToolSearchOptions {
  /**
   * `"bm25"` ranks by the words of a query; `"regex"` finds what a regular expression matches, case aside, without back-references
   * and looking around, so that no pattern takes long. Default `"bm25"`.
   */
  readonly strategy?: "bm25" | "regex" | undefined
  /** Tools a search gives at most, 1 to 100. Default 5. */
  readonly limit?: number | undefined
  /** Tools that stay listed, and are not searched for. Default: none. */
  readonly alwaysVisible?: Selection | undefined
  /** Name of the tool that searches. Default `"search_tools"`. */
  readonly searchTool?: string | undefined
  /** Name of the tool that calls what was found. Default `"call_tool"`. */
  readonly callTool?: string | undefined
}

/**
 * Serves two tools in place of all: one searches names, titles, descriptions and arguments of the tools that its caller may
 * see, the other calls one of them. They are called through all that stands around them: validation, middleware used before,
 * visibility. Resources and prompts stay. A `DefinitionError` for wrong options.
 * @example server(info).mount("crm", crm).mount("erp", erp).transform(toolSearch({ alwaysVisible: "crm_help" }))
 */
export const toolSearch = (options: ToolSearchOptions = {}): Transform => {
  const where = "toolSearch(…)"
  const names = ["strategy", "limit", "alwaysVisible", "searchTool", "callTool"] as const
  const read = new OptionReader(where, options, names)
  const strategy = read.oneOf("strategy", ["bm25", "regex"], "bm25")
  const limit = read.integer("limit", { min: 1, max: 100 }, 5)
  const always = read.selection("alwaysVisible")
  const search = toolName(options.searchTool, "search_tools", `${where}: searchTool`)
  const call = toolName(options.callTool, "call_tool", `${where}: callTool`)
  if (search === call) read.fail(`searchTool and callTool are both ${JSON.stringify(search)}.`)
  const find = strategy === "regex" ? patternFinder : wordFinder()
  return transformNaming(
    "toolSearch",
    always?.names ?? [],
    (components, inner) => {
      const pinned = new Set<string>()
      const kept = components.filter((component) => {
        if (!isTool(component)) return true
        if (always?.picks(namedOf(component)) !== true) return false
        pinned.add(component.name)
        return true
      })
      return [
        ...kept,
        searchTool({ name: search, call, strategy, limit, find, pinned, inner }),
        callTool(call, search, inner)
      ]
    },
    ["tool"]
  )
}

interface Search {
  readonly name: string
  readonly call: string
  readonly strategy: "bm25" | "regex"
  readonly limit: number
  readonly find: Finder
  readonly pinned: ReadonlySet<string>
  readonly inner: Inner
}

const ways = {
  bm25: { text: "words that say what it should do", most: 1_000, argument: "query" },
  regex: { text: "a regular expression", most: 200, argument: "pattern" }
} as const

const searchTool = ({ name, call, strategy, limit, find, pinned, inner }: Search) => {
  const { text, most, argument } = ways[strategy]
  return tool(
    {
      name,
      title: "Search tools",
      description:
        `Finds tools by ${text}, in their names, descriptions and arguments, and gives up to ${limit} with the schemas of ` +
        `their arguments, the best first. Call one with ${call}.`,
      input: {
        [argument]: v.pipe(v.string(), v.minLength(1), v.maxLength(most), v.description(capital(text)))
      },
      output: jsonOutput({ tools: { type: "array", items: { type: "object" } } }),
      annotations: readOnly
    },
    (args) =>
      Effect.flatMap(inner.tools, (tools) =>
        Effect.try({
          try: () => {
            const searched = tools.filter((one) => !pinned.has(one.name))
            const found = find(searched.map(searchText), (args as Readonly<Record<string, string>>)[argument]!)
            return { tools: found.slice(0, limit).map((at) => shown(searched[at]!)) }
          },
          catch: (error) => error
        })
      )
  )
}

const shown = ({ name, title, description, inputSchema }: ListedTool) => ({
  name,
  ...(title === undefined ? undefined : { title }),
  ...(description === undefined ? undefined : { description }),
  inputSchema
})

const callTool = (name: string, search: string, inner: Inner) =>
  tool(
    {
      name,
      title: "Call tool",
      description: `Calls a tool that ${search} found, with arguments that fit its inputSchema.`,
      input: {
        name: v.pipe(v.string(), v.description(`Name of the tool, as ${search} gave it`)),
        arguments: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description("Its arguments")))
      }
    },
    ({ name: called, arguments: args = {} }) => {
      const missing = `There is no tool ${JSON.stringify(called)}.`
      return Effect.mapError(inner.call(called, args), (error) =>
        isToolError(error) && error.message === missing
          ? new ToolError(`${missing} ${search} finds the ones there are.`)
          : error
      )
    }
  )

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`
