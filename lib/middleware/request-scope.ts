import { DefinitionError } from "../builder/errors.ts"
import type { RequestInfo } from "../builder/middleware.ts"
import type { Resource } from "../builder/resource.ts"
import { given } from "./limiter-options.ts"

/** Which requests a limit is for. */
export interface RequestScope {
  /** MCP methods. Default `tools/call`, `resources/read`, `prompts/get` and `completion/complete`; others pass. */
  readonly methods?: ReadonlyArray<string> | undefined
  /**
   * Names of tools and prompts, URIs and URI templates of resources, as the server knows them that this is used on; others
   * pass, and so does what has no name, such as a list. Default: all.
   */
  readonly only?: ReadonlyArray<string> | undefined
}

export const scopeOptions = ["methods", "only"] as const satisfies ReadonlyArray<keyof RequestScope>

const calls = ["tools/call", "resources/read", "prompts/get", "completion/complete"]

/** Whether a request is meant; throws a `DefinitionError` for lists that are none, or empty. */
export const scopeOf = (
  thing: string,
  { methods = calls, only }: RequestScope
): ((request: RequestInfo) => boolean) => {
  const known = names(thing, "methods", methods)
  if (only === undefined) return ({ method }) => known.has(method)
  const meant = names(thing, "only", only)
  return (request) => {
    if (!known.has(request.method)) return false
    const { name, component } = request
    if (name !== undefined && meant.has(name)) return true
    return component?.["~mcpipe/Component"].type === "resource" && meant.has((component as Resource.Any).uri)
  }
}

const names = (thing: string, option: string, value: unknown): ReadonlySet<string> => {
  const isList =
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name !== "")
  if (isList) return new Set(value as ReadonlyArray<string>)
  throw new DefinitionError(`${thing}: ${option} is ${given(value)}; use an array of one or more names.`)
}
