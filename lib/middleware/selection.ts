import type { AnyCall, Completion, PromptGet, RequestInfo, ResourceRead, ToolCall } from "../builder/middleware.ts"
import type { OptionReader } from "../builder/options.ts"
import { type Named, type Selection, type Selector, selector } from "../builder/selection.ts"
import { named, type Place } from "../runtime/place.ts"
import { placeOf } from "../runtime/placed.ts"

/** What runs a handler whose result a middleware can see. */
export type CallMethod = "tools/call" | "resources/read" | "prompts/get"

export const callMethods: ReadonlyArray<CallMethod> = ["tools/call", "resources/read", "prompts/get"]

/** Which components a middleware is for, as mounts and transforms pick them. */
export interface ComponentSelection {
  /**
   * What it is for: names of tools and prompts and URIs of resources, in which `*` stands for anything, `{ tag }`, a function,
   * or an array of these that is not empty. Names are those that the server knows which it is used on; a template goes by its
   * own URI and by those that are read of it. A name that nothing has picks nothing; a function is asked when a component is
   * first called, and not again. Default: all. What has no component, such as a list, is only picked by default.
   */
  readonly only?: Selection | undefined
  /** What it leaves alone, picked in the same way. Default: nothing. */
  readonly except?: Selection | undefined
}

/** Which calls a middleware is for. */
export interface CallSelection<Method extends string = CallMethod> extends ComponentSelection {
  /** The MCP methods it is for, at least one. Default: all that the middleware knows. */
  readonly methods?: ReadonlyArray<Method> | undefined
}

/** Which requests a limit is for. */
export interface RequestScope extends ComponentSelection {
  /** MCP methods, at least one. Default `tools/call`, `resources/read`, `prompts/get` and `completion/complete`; others pass. */
  readonly methods?: ReadonlyArray<string> | undefined
}

export const componentOptions = ["only", "except"] as const satisfies ReadonlyArray<keyof ComponentSelection>

export const selectionOptions = ["methods", ...componentOptions] as const

/** What a hook was shown. */
type Shown = AnyCall | RequestInfo

/** What is known of a component once it was looked at. */
interface Verdict {
  /** A function of the URI where that decides. */
  readonly takes: boolean | ((uri: string) => boolean)
  readonly vouched: boolean
}

/** Picks components as `only` and `except` say, and looks at each of them once. */
export class Picker {
  readonly #only: Selector | undefined
  readonly #except: Selector | undefined
  /** `only` without its wildcards. */
  readonly #exact: Selector | undefined
  /** Whether `only` is given and picks all that it picks on purpose: by its name, a tag or a function, and by no wildcard. */
  readonly vouches: boolean
  readonly #verdicts = new WeakMap<Place, Verdict>()

  constructor(read: OptionReader<ComponentSelection>) {
    this.#only = read.selection("only")
    this.#except = read.selection("except")
    const only = read.value("only")
    const picked = listOf(only)
    if (only !== undefined && picked.length === 0) read.refuse("only", "pick something, or leave it out")
    const excepted = this.#except?.names.map(({ text }) => text)
    const both = this.#only?.names.find(({ text }) => excepted?.includes(text))
    if (both !== undefined) {
      read.fail(`${JSON.stringify(both.text)} is in only and in except; leave it in one of them.`)
    }
    const exact = picked.filter((one) => typeof one !== "string" || !one.includes("*"))
    this.vouches = only !== undefined && exact.length === picked.length
    this.#exact = exact.length === 0 ? undefined : this.vouches ? this.#only : selector(exact as Selection, "only")
  }

  /** Whether `only` picks a component on purpose. */
  vouchesFor(shown: Shown): boolean {
    if (this.#exact === undefined) return false
    const place = placeOf(shown)
    return place !== undefined && this.#verdictOf(place).vouched
  }

  takes(shown: Shown): boolean {
    if (this.#only === undefined && this.#except === undefined) return true
    const place = placeOf(shown)
    if (place === undefined) return this.#only === undefined
    const { takes } = this.#verdictOf(place)
    return typeof takes === "boolean" ? takes : takes(uriOf(shown) ?? place.name)
  }

  #verdictOf(place: Place): Verdict {
    let verdict = this.#verdicts.get(place)
    if (verdict === undefined) {
      const component = named(place)
      const picked = this.#only?.picks(component) ?? true
      const vouched = picked && this.#exact !== undefined && (this.vouches || this.#exact.picks(component))
      verdict = { takes: this.#taken(component, picked), vouched }
      this.#verdicts.set(place, verdict)
    }
    return verdict
  }

  #taken(component: Named, only: boolean): Verdict["takes"] {
    const except = this.#except?.picks(component) ?? false
    const isTemplate = component.type === "resource" && component.name.includes("{")
    if (!isTemplate || except) return only && !except
    const onlyNames = only ? [] : this.#only!.names
    const exceptNames = this.#except?.names ?? []
    if (onlyNames.length + exceptNames.length === 0) return only
    return (uri) => (only || matchAny(onlyNames, uri)) && !matchAny(exceptNames, uri)
  }
}

const listOf = (selection: Selection | undefined): ReadonlyArray<unknown> =>
  selection === undefined ? [] : Array.isArray(selection) ? selection : [selection]

const matchAny = (names: Selector["names"], uri: string): boolean => names.some(({ matches }) => matches(uri))

const uriOf = (shown: Shown): string | undefined =>
  "uri" in shown ? shown.uri : "name" in shown ? shown.name : undefined

const requestMethods = [...callMethods, "completion/complete"]

/** Whether a request is meant. */
export const requestScope = (read: OptionReader<RequestScope>): ((request: RequestInfo) => boolean) => {
  const methods: ReadonlySet<string> = read.methods("methods") ?? new Set(requestMethods)
  const picker = new Picker(read)
  return (request) => methods.has(request.method) && picker.takes(request)
}

/** The name, URI or template under which the server of a middleware knows the component of a call. */
export const componentName = (call: HandlerCall | Completion): string =>
  placeOf(call)?.name ?? ("component" in call ? call.component.name : nameOfCall(call))

/** One call, whatever its method. */
export type HandlerCall = ToolCall | ResourceRead | PromptGet

/** The name or URI under which the server of a middleware knows what is called. */
export const nameOfCall = (call: HandlerCall): string => ("uri" in call ? call.uri : call.name)
