import * as Effect from "effect/Effect"
import { listsFor } from "../runtime/catalogue.ts"
import type { PromptEntry, ResourceEntry } from "../runtime/entry.ts"
import type { ListKind } from "../runtime/listed.ts"
import type { Operation } from "../runtime/operation.ts"
import { findPrompt, findTemplate, findTool, findUri } from "./find.ts"
import { wellFormed } from "./json.ts"
import { isRecord, type MethodRow, type Params, quoted, type WireRequest } from "./method.ts"
import { editionOf, pageOf } from "./pagination.ts"
import { type Refusal, refusal } from "./reasons.ts"

const lists = (method: string, kind: ListKind, served: MethodRow["served"]): MethodRow => ({
  method,
  served,
  resolve: (params, { running, catalogue, rules }) => {
    const list = rules.length === 0 ? catalogue.lists[kind] : listsFor(catalogue, running.assembly.root, rules)[kind]
    const { items } = list
    // what a session has switched is prepared for nobody else
    const live = list.live ?? (rules.length === 0 ? undefined : Effect.succeed(items))
    // middleware may make a list longer than the catalogue
    const length = live === undefined ? items.length : Number.POSITIVE_INFINITY
    const { cursor } = params
    const edition = cursor === undefined ? 0 : editionOf(running, catalogue, kind)
    const page = pageOf(cursor, kind, edition, running.assembly.info.pageSize, length)
    return "reason" in page ? page : { type: "list", kind, items, live, page }
  }
})

// what a source may bring is served before it does: clients were told that they may list it

export const servesTools: MethodRow["served"] = ({ assembly }, { tools }) =>
  tools.size > 0 || assembly.changing.has("tools")

export const servesPrompts: MethodRow["served"] = ({ assembly }, { prompts }) =>
  prompts.size > 0 || assembly.changing.has("prompts")

export const servesResources: MethodRow["served"] = ({ assembly }, { resources, templates }) =>
  resources.size > 0 || templates.length > 0 || assembly.changing.has("resources")

export const servesCompletions: MethodRow["served"] = ({ assembly }, { completes }) =>
  completes || assembly.changing.has("prompts") || assembly.changing.has("resources")

/** What servers of any revision serve. */
export const coreMethods: ReadonlyArray<MethodRow> = [
  lists("tools/list", "tools", servesTools),
  lists("resources/list", "resources", servesResources),
  lists("resources/templates/list", "templates", servesResources),
  lists("prompts/list", "prompts", servesPrompts),
  {
    method: "tools/call",
    served: servesTools,
    name: (params) => params["name"],
    resolve: (params, at) => toolCall(params, at)
  },
  {
    method: "resources/read",
    served: servesResources,
    name: (params) => params["uri"],
    resolve: (params, at) => read(params, at)
  },
  {
    method: "prompts/get",
    served: servesPrompts,
    name: (params) => params["name"],
    resolve: (params, at) => get(params, at)
  },
  {
    method: "completion/complete",
    served: servesCompletions,
    resolve: (params, at) => complete(params, at)
  }
]

const listedPrompts = "prompts/list names the ones there are."

const none: Params = Object.freeze({})

const toolCall = (params: Params, request: WireRequest): Operation | Refusal => {
  const { name, arguments: args = none } = params
  if (typeof name !== "string") return invalid("tools/call: params.name must be a string, the name of a tool.")
  if (!isRecord(args)) return invalid(`tools/call: params.arguments must be an object, not ${quoted(args)}.`)
  const entry = findTool(name, params, request)
  if (entry === undefined) {
    return refusal("unknown-tool", `Unknown tool: ${quoted(name)}. tools/list names the ones there are.`)
  }
  return "reason" in entry ? entry : { type: "tool", entry, args }
}

const read = (params: Params, request: WireRequest): Operation | Refusal => {
  const { uri } = params
  if (typeof uri !== "string") return invalid("resources/read: params.uri must be a string, the URI of a resource.")
  const entry = findUri(uri, params, request)
  if (entry === undefined) return unknownResource(uri)
  return "reason" in entry ? entry : { type: "resource", entry, uri }
}

const listedUris = "resources/list and resources/templates/list name the ones there are."

/** Also for URIs whose template matched, but whose variables were refused or have nothing behind them; `why` says so. */
export const unknownResource = (uri: string, why = ""): Refusal =>
  refusal("unknown-resource", `Resource not found: ${quoted(uri)}${why === "" ? "" : ` (${why})`}. ${listedUris}`, {
    data: { uri: wellFormed(uri) }
  })

const get = (params: Params, request: WireRequest): Operation | Refusal => {
  const { name, arguments: args = none } = params
  if (typeof name !== "string") return invalid("prompts/get: params.name must be a string, the name of a prompt.")
  if (!isRecord(args)) return invalid(`prompts/get: params.arguments must be an object, not ${quoted(args)}.`)
  const entry = findPrompt(name, params, request)
  if (entry === undefined) return refusal("unknown-prompt", `Unknown prompt: ${quoted(name)}. ${listedPrompts}`)
  if ("reason" in entry) return entry
  for (const [key, value] of Object.entries(args)) {
    if (typeof value !== "string") {
      return invalid(
        `prompts/get: argument ${quoted(key)} must be a string, as all prompt arguments, not ${quoted(value)}.`
      )
    }
  }
  return { type: "prompt", entry, args: args as Readonly<Record<string, string>> }
}

const complete = (params: Params, request: WireRequest): Operation | Refusal => {
  const { ref, argument, context } = params
  if (!isRecord(argument) || typeof argument["name"] !== "string" || typeof argument["value"] !== "string") {
    return invalid("completion/complete: params.argument must be { name: string, value: string }.")
  }
  const others = context === undefined ? none : isRecord(context) ? (context["arguments"] ?? none) : undefined
  if (!isRecord(others) || !Object.values(others).every((value) => typeof value === "string")) {
    return invalid(
      "completion/complete: params.context must be { arguments }, where arguments is an object of strings."
    )
  }
  if (!isRecord(ref)) {
    return invalid(
      'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
    )
  }
  const entry = referred(ref, params, request)
  if ("reason" in entry) return entry
  const known =
    entry.type === "prompt"
      ? entry.component.arguments.map(({ name }) => name)
      : entry.template.variables.map(({ name }) => name)
  if (!known.includes(argument["name"])) {
    const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`
    return invalid(`completion/complete: ${quoted(entry.name)} has no argument ${quoted(argument["name"])}; ${has}.`)
  }
  return {
    type: "complete",
    entry,
    asked: { argument: argument["name"], prefix: argument["value"], others: others as Readonly<Record<string, string>> }
  }
}

const referred = (ref: Params, params: Params, request: WireRequest): PromptEntry | ResourceEntry | Refusal => {
  const { type, name, uri } = ref
  if (type === "ref/prompt" && typeof name === "string") {
    return (
      findPrompt(name, params, request) ??
      refusal("unknown-prompt", `Unknown prompt: ${quoted(name)}. ${listedPrompts}`)
    )
  }
  if (type === "ref/resource" && typeof uri === "string") {
    return (
      findTemplate(uri, params, request) ??
      refusal("invalid-params", `Unknown resource or template: ${quoted(uri)}. ${listedUris}`, {
        data: { uri: wellFormed(uri) }
      })
    )
  }
  return invalid(
    'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
  )
}

const invalid = (message: string): Refusal => refusal("invalid-params", message)
