import * as Effect from "effect/Effect"
import * as v from "valibot"
import { contentRef } from "../builder/content.ts"
import type { ResourceContents } from "../builder/contents.ts"
import { isResourceNotFound, ToolError } from "../builder/errors.ts"
import { OptionReader } from "../builder/options.ts"
import { tool } from "../builder/tool.ts"
import { type Inner, type Transform, transform } from "../builder/transform.ts"
import { jsonOutput, readOnly, toolName } from "./added-tools.ts"

export interface ResourcesAsToolsOptions {
  /** Name of the tool that lists resources and templates. Default `"list_resources"`. */
  readonly list?: string | undefined
  /** Name of the tool that reads one. Default `"read_resource"`. */
  readonly read?: string | undefined
}

/**
 * Adds two read-only tools, by which clients that know tools alone list resources and templates, as far as they may see them,
 * and read them: text as it is, bytes as base64. URIs are those of clients. A `DefinitionError` for wrong options.
 * @example server(info).resource(profile).transform(resourcesAsTools())
 */
export const resourcesAsTools = (options: ResourcesAsToolsOptions = {}): Transform => {
  const where = "resourcesAsTools(…)"
  new OptionReader(where, options, ["list", "read"])
  const list = toolName(options.list, "list_resources", `${where}: list`)
  const read = toolName(options.read, "read_resource", `${where}: read`)
  return transform("resourcesAsTools", (components, inner) => [
    ...components,
    listTool(list, read, inner),
    readTool(read, list, inner)
  ])
}

const listTool = (name: string, read: string, inner: Inner) =>
  tool(
    {
      name,
      title: "List resources",
      description:
        `Lists the resources there are, and templates of URIs, whose variables stand in braces; ` +
        `${read} reads one by its URI.`,
      output: jsonOutput({
        resources: { type: "array", items: { type: "object" } },
        templates: { type: "array", items: { type: "object" } }
      }),
      annotations: readOnly
    },
    () =>
      Effect.map(Effect.all([inner.resources, inner.templates]), ([resources, templates]) => ({
        resources: resources.map((item) => ({ ...item, uri: inner.outside(item.uri) })),
        templates: templates.map((item) => ({ ...item, uriTemplate: inner.outside(item.uriTemplate) }))
      }))
  )

const readTool = (name: string, list: string, inner: Inner) =>
  tool(
    {
      name,
      title: "Read resource",
      description: `Reads a resource by its URI: text, or base64 in "blob"; ${list} lists the ones there are.`,
      input: { uri: v.pipe(v.string(), v.description("URI of the resource")) },
      output: jsonOutput({ contents: { type: "array", items: { type: "object" } } }),
      annotations: readOnly
    },
    ({ uri }) => {
      const own = inner.inside(uri)
      const missing = (why: string) =>
        new ToolError(
          `There is no resource ${JSON.stringify(uri)}${why === "" ? "" : ` (${why})`}; ${list} lists the ones there are.`
        )
      return Effect.matchEffect(inner.read(own), {
        onFailure: (error) => Effect.fail(isResourceNotFound(error) ? missing(error.why) : error),
        onSuccess: (contents) =>
          Effect.succeed({ contents: contents.map((item) => ({ ...item, uri: uriOf(item, own, inner) })) })
      })
    }
  )

/** References, and contents under the URI that was asked for, are called what clients call them; other URIs stay. */
const uriOf = (item: ResourceContents, asked: string, inner: Inner): string => {
  const ref = contentRef(item)
  if (ref !== undefined) return inner.outside(ref.uri)
  return item.uri === asked || item.uri.startsWith(`${asked}/`) ? inner.outside(item.uri) : item.uri
}
