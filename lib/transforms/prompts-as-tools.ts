import * as Effect from "effect/Effect"
import * as v from "valibot"
import { contentRef, withUri } from "../builder/content.ts"
import { OptionReader } from "../builder/options.ts"
import { tool } from "../builder/tool.ts"
import { type Inner, type Transform, transform } from "../builder/transform.ts"
import { jsonOutput, readOnly, toolName } from "./added-tools.ts"

export interface PromptsAsToolsOptions {
  /** Name of the tool that lists prompts. Default `"list_prompts"`. */
  readonly list?: string | undefined
  /** Name of the tool that gets one. Default `"get_prompt"`. */
  readonly get?: string | undefined
}

/**
 * Adds two read-only tools, by which clients that know tools alone list prompts, as far as they may see them, and get their
 * messages. A `DefinitionError` for wrong options.
 * @example server(info).prompt(review).transform(promptsAsTools())
 */
export const promptsAsTools = (options: PromptsAsToolsOptions = {}): Transform => {
  const where = "promptsAsTools(…)"
  new OptionReader(where, options, ["list", "get"])
  const list = toolName(options.list, "list_prompts", `${where}: list`)
  const get = toolName(options.get, "get_prompt", `${where}: get`)
  return transform("promptsAsTools", (components, inner) => [
    ...components,
    listTool(list, get, inner),
    getTool(get, list, inner)
  ])
}

const listTool = (name: string, get: string, inner: Inner) =>
  tool(
    {
      name,
      title: "List prompts",
      description: `Lists the prompts there are, with the arguments they take; ${get} gets the messages of one.`,
      output: jsonOutput({ prompts: { type: "array", items: { type: "object" } } }),
      annotations: readOnly
    },
    () => Effect.map(inner.prompts, (prompts) => ({ prompts }))
  )

const getTool = (name: string, list: string, inner: Inner) =>
  tool(
    {
      name,
      title: "Get prompt",
      description: `Gets the messages of a prompt by its name; ${list} lists the ones there are.`,
      input: {
        name: v.pipe(v.string(), v.description("Name of the prompt")),
        arguments: v.optional(
          v.pipe(v.record(v.string(), v.string()), v.description("Its arguments, all of them strings"))
        )
      },
      output: jsonOutput(
        { messages: { type: "array", items: { type: "object" } } },
        { description: { type: "string" } }
      ),
      annotations: readOnly
    },
    ({ name: prompt, arguments: args = {} }) =>
      Effect.map(inner.get(prompt, args), ({ description, messages }) => ({
        ...(description === undefined ? undefined : { description }),
        messages: messages.map(({ role, content }) => {
          const ref = contentRef(content)
          return { role, content: ref === undefined ? content : withUri(content, inner.outside(ref.uri)) }
        })
      }))
  )
