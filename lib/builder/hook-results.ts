import type { HookName } from "./middleware.ts"
import { isToolResult } from "./tool-result.ts"

/**
 * What throws where a hook returned something that no client could read, since a program without types can return
 * anything; undefined where there is nothing to check. `request` hooks are checked where their outcomes are made.
 */
export const hookCheck = (name: HookName): ((result: unknown) => void) | undefined => {
  const check = checks[name]
  if (check === undefined) return undefined
  return (result) => {
    if (!check.valid(result)) throw new TypeError(`The middleware hook ${name} must return ${check.wanted}.`)
  }
}

interface Check {
  readonly valid: (result: any) => boolean
  readonly wanted: string
}

const hasArray = (result: unknown, member: string, valid: (item: any) => boolean): boolean => {
  const items = (result as Record<string, unknown> | null | undefined)?.[member]
  return Array.isArray(items) && items.every(valid)
}

const isMessage = (item: any): boolean =>
  typeof item?.role === "string" && typeof item.content === "object" && item.content !== null

/** Clients refuse a whole list for one item without its `member`. */
const listed = (things: string, member: string, type: "string" | "object" = "string"): Check => ({
  valid: (result) =>
    Array.isArray(result) &&
    result.every((item) => typeof item?.name === "string" && typeof item[member] === type && item[member] !== null),
  wanted: `an array of ${things}, each with a name${member === "name" ? "" : ` and ${member}`}, as \`next\` gives it`
})

const checks: { readonly [K in HookName]?: Check } = {
  callTool: { valid: isToolResult, wanted: "what `next` gave it, or a result made by result(…)" },
  readResource: {
    valid: (result) =>
      hasArray(
        result,
        "contents",
        (item) => typeof item?.uri === "string" && typeof (item.text ?? item.blob) === "string"
      ),
    wanted: "{ contents } whose items have a uri and a text or blob, as `next` gives it"
  },
  getPrompt: {
    valid: (result) => hasArray(result, "messages", isMessage),
    wanted: "{ messages }, as `next` gives it, or a result made by Prompt.result(…)"
  },
  complete: {
    valid: (result) => hasArray(result, "values", (item) => typeof item === "string"),
    wanted: "{ values } with an array of strings, as `next` gives it"
  },
  listTools: listed("tools", "inputSchema", "object"),
  listResources: listed("resources", "uri"),
  listResourceTemplates: listed("resource templates", "uriTemplate"),
  listPrompts: listed("prompts", "name")
}
