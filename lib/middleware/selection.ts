import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import type { PromptGet, ResourceRead, ToolCall } from "../builder/middleware.ts"

/** What runs a handler whose result a middleware can see. */
export type CallMethod = "tools/call" | "resources/read" | "prompts/get"

export const callMethods: ReadonlyArray<CallMethod> = ["tools/call", "resources/read", "prompts/get"]

/** Which calls a middleware is for. Names are those of the server it is written on. */
export interface Selection<Method extends string = CallMethod> {
  /** Default: all that the middleware knows. */
  readonly methods?: ReadonlyArray<Method> | undefined
  /** Names of tools and prompts, URIs of resources or templates as they were defined: nothing else. Default: all. */
  readonly only?: ReadonlyArray<string> | undefined
  /** The same, for those to leave alone. Default: none. */
  readonly except?: ReadonlyArray<string> | undefined
}

export const selectionOptions = ["methods", "only", "except"] as const

/** A selection, looked up instead of searched. */
export interface Selected<Method extends string = CallMethod> {
  readonly methods: ReadonlySet<Method>
  /** Whether names are listed one by one. */
  readonly named: boolean
  /** Whether a name, or the template it belongs to, is selected. */
  readonly takes: (name: string, template?: string) => boolean
}

/** Checks a selection; a `DefinitionError` that begins with `where` says what is wrong. */
export const selected = <Method extends string>(
  { methods, only, except }: Selection<Method>,
  where: string,
  known: ReadonlyArray<Method>
): Selected<Method> => {
  for (const [option, names] of Object.entries({ methods, only, except })) {
    if (names === undefined || isNames(names)) continue
    throw new DefinitionError(`${where}: ${option} is ${shortJson(names)}; it must be an array of non-empty strings.`)
  }
  for (const method of methods ?? []) {
    if (known.includes(method)) continue
    throw new DefinitionError(`${where}: methods has ${JSON.stringify(method)}; there are ${known.join(", ")}.`)
  }
  const both = only?.find((name) => except?.includes(name))
  if (both !== undefined) {
    throw new DefinitionError(`${where}: ${JSON.stringify(both)} is in only and in except; leave it in one of them.`)
  }
  const chosen = only && new Set(only)
  const left = except && new Set(except)
  const has = (names: ReadonlySet<string>, name: string, template: string | undefined) =>
    names.has(name) || (template !== undefined && names.has(template))
  return {
    methods: new Set(methods ?? known),
    named: chosen !== undefined,
    takes: (name, template) =>
      (chosen === undefined || has(chosen, name, template)) && (left === undefined || !has(left, name, template))
  }
}

const isNames = (u: unknown): boolean => Array.isArray(u) && u.every((name) => typeof name === "string" && name !== "")

/** The number itself, where it lies in its range; else a `DefinitionError` that names both. */
export const checkNumber = (
  value: unknown,
  where: string,
  { least, most, whole = false, unit }: { least: number; most: number; whole?: boolean; unit: string }
): number => {
  if (typeof value === "number" && value >= least && value <= most && (!whole || Number.isSafeInteger(value))) {
    return value
  }
  const given = typeof value === "object" ? shortJson(value) : String(value)
  throw new DefinitionError(
    `${where} is ${given}; it must be ${whole ? "a whole number" : "a number"} of ${unit} from ${least} to ${most}.`
  )
}

/** True or false; else a `DefinitionError`. */
export const checkBoolean = (value: unknown, where: string): boolean => {
  if (typeof value === "boolean") return value
  throw new DefinitionError(`${where} is ${shortJson(value)}; use true or false.`)
}

/** One call, whatever its method. */
export type HandlerCall = ToolCall | ResourceRead | PromptGet

/** The name or URI under which the server of a middleware knows what is called. */
export const nameOfCall = (call: HandlerCall): string => ("uri" in call ? call.uri : call.name)
