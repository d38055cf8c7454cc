import * as Effect from "effect/Effect"
import { type Invoke, invoker } from "../builder/handler.ts"
import { type HeaderParam, headerParams } from "../builder/header-params.ts"
import { formatIssues, makeIssue, shortJson } from "../builder/issues.ts"
import { makeSchema } from "../builder/json-schema.ts"
import type { Step } from "../builder/reshape.ts"
import type { Decoded, Issue, Schema } from "../builder/schema.ts"
import type { Tool } from "../builder/tool.ts"
import { toolErrorResult } from "../builder/tool-result.ts"
import { type ArgumentPlan, listedArguments, moves, plansOf } from "./argument-schema.ts"
import type { ArgumentOptions } from "./argument-options.ts"

type Args = Readonly<Record<string, unknown>>

/** The arguments of a tool as clients send them, and how they become its own. */
export interface ToolArguments {
  readonly input: Schema<any, any>
  readonly headers: ReadonlyArray<HeaderParam>
  readonly wrap: (next: Step, name: string) => Step
}

export const toolArguments = (
  tool: Tool.Any,
  changes: ReadonlyMap<string, ArgumentOptions>,
  mapInput: ((args: any, context: any) => unknown) | undefined,
  where: string
): ToolArguments => {
  const plans = plansOf(tool.input.jsonSchema, changes, where)
  const document = listedArguments(tool.input.jsonSchema, plans, where)
  const translator = new Translator(tool, plans)
  const computed = plans.flatMap(({ inner, change: { compute } }) =>
    compute === undefined ? [] : [[inner, invoker((_, context) => compute(context), undefined, where)] as const]
  )
  const map = mapInput === undefined ? undefined : invoker(mapInput, undefined, where)
  return {
    input: makeSchema(document, (value) => translator.decode(value)),
    headers: headerParams(document, `${where}: input`),
    wrap: (next, name) => wrapped(next, name, translator, computed, map)
  }
}

const wrapped = (
  next: Step,
  name: string,
  translator: Translator,
  computed: ReadonlyArray<readonly [string, Invoke]>,
  map: Invoke | undefined
): Step => {
  const refused = (issues: ReadonlyArray<Issue>) =>
    Effect.succeed(toolErrorResult(formatIssues(`Invalid arguments for tool ${JSON.stringify(name)}`, issues)))
  const pass = (args: unknown): Effect.Effect<any, unknown, any> => {
    const issues = translator.faults(args, name)
    return issues.length === 0 ? next(args) : refused(issues)
  }
  const passMapped =
    map === undefined
      ? pass
      : (args: unknown) => {
          const issues = translator.faultsAsSent(args)
          return issues.length === 0 ? Effect.flatMap(map(args), pass) : refused(issues)
        }
  return (sent) =>
    Effect.suspend(() => {
      const { args, issues } = translator.translate(sent)
      if (issues.length > 0) return refused(issues)
      if (computed.length === 0) return passMapped(args)
      const values = Effect.forEach(computed, ([inner, compute]) =>
        Effect.map(compute(undefined), (value) => [inner, value] as const)
      )
      return Effect.flatMap(values, (entries) => passMapped({ ...args, ...Object.fromEntries(entries) }))
    })
}

class Translator {
  readonly #tool: Tool.Any
  readonly #plans: ReadonlyArray<ArgumentPlan>
  readonly #byOuter: ReadonlyMap<string, ArgumentPlan>
  readonly #byInner: ReadonlyMap<string, ArgumentPlan>
  /** Those that may have to be put where clients send nothing. */
  readonly #filled: ReadonlyArray<ArgumentPlan>
  /** Whether names that clients may send are all known. */
  readonly #closed: boolean

  constructor(tool: Tool.Any, plans: ReadonlyArray<ArgumentPlan>) {
    this.#tool = tool
    this.#plans = plans
    this.#byInner = new Map(plans.map((plan) => [plan.inner, plan]))
    this.#byOuter = new Map(plans.flatMap((plan) => (plan.outer === undefined ? [] : [[plan.outer, plan]])))
    this.#filled = plans.filter(
      ({ change, replaced, required }) =>
        change.default !== undefined ||
        change.value !== undefined ||
        replaced !== undefined ||
        (change.required && required)
    )
    this.#closed = plans.some(moves)
  }

  /** What clients send under the tool's own names, with what they need not send; values that are computed are not in it. */
  translate(sent: unknown): { readonly args: Args; readonly issues: ReadonlyArray<Issue> } {
    const issues: Array<Issue> = []
    const entries: Array<readonly [string, unknown]> = []
    if (typeof sent !== "object" || sent === null || Array.isArray(sent)) {
      return { args: {}, issues: [makeIssue([], "object", shortJson(sent))] }
    }
    const given = sent as Args
    for (const [name, value] of Object.entries(given)) {
      const plan = this.#byOuter.get(name)
      if (plan === undefined) {
        if (this.#closed) issues.push(this.#stranger(name, value))
        else entries.push([name, value])
      } else if (plan.replaced === undefined) entries.push([plan.inner, value])
      else if (value !== undefined) this.#replace(plan, { [name]: value }, entries, issues)
    }
    for (const plan of this.#filled) {
      const { inner, outer, change, replaced } = plan
      if (outer === undefined) entries.push([inner, fresh(change.value)])
      else if (Object.hasOwn(given, outer) && given[outer] !== undefined) continue
      else if (change.default !== undefined) {
        const value = fresh(change.default)
        if (replaced === undefined) entries.push([inner, value])
        else this.#replace(plan, { [outer]: value }, entries, issues)
      } else if (change.required === true) issues.push(makeIssue([outer], "a value", "nothing"))
      else this.#replace(plan, {}, entries, issues)
    }
    return { args: Object.fromEntries(entries), issues }
  }

  /** Why the tool would not take arguments that were to be mapped; those whose schema was replaced are not its concern yet. */
  faultsAsSent(args: unknown): ReadonlyArray<Issue> {
    const decoded = this.#tool.input.decode(args)
    if (decoded.ok) return []
    return this.#named(decoded.issues.filter(({ path }) => this.#planOf(path)?.replaced === undefined)).filter(
      ({ path }) => !this.#isHidden(path)
    )
  }

  /** Why the tool would not take its arguments, under the names that clients know; throws where a hidden one is at fault. */
  faults(args: unknown, name: string): ReadonlyArray<Issue> {
    const decoded = this.#tool.input.decode(args)
    if (decoded.ok) return []
    const hidden = decoded.issues.filter(({ path }) => this.#isHidden(path))
    if (hidden.length > 0) {
      throw new TypeError(
        formatIssues(`Hidden arguments of tool ${JSON.stringify(name)} got values that do not fit`, hidden)
      )
    }
    return this.#named(decoded.issues)
  }

  decode(sent: unknown): Decoded<unknown> {
    const { args, issues } = this.translate(sent)
    if (issues.length > 0) return { ok: false, issues }
    const decoded = this.#tool.input.decode(args)
    if (decoded.ok) return decoded
    // a computed value comes later
    const left = decoded.issues.filter(({ path }) => !this.#isHidden(path))
    return left.length === 0 ? { ok: true, value: args } : { ok: false, issues: this.#named(left) }
  }

  #replace(plan: ArgumentPlan, sent: Args, entries: Array<readonly [string, unknown]>, issues: Array<Issue>): void {
    const decoded = plan.replaced!.decode(sent)
    if (!decoded.ok) issues.push(...decoded.issues)
    else if (decoded.value[plan.outer!] !== undefined) entries.push([plan.inner, decoded.value[plan.outer!]])
  }

  #stranger(name: string, value: unknown): Issue {
    const allowed = this.#plans.flatMap(({ outer }) => (outer === undefined ? [] : [outer]))
    return makeIssue([name], "no property of this name", shortJson(value), { allowed })
  }

  #planOf([first]: Issue["path"]): ArgumentPlan | undefined {
    return this.#byInner.get(String(first))
  }

  #isHidden(path: Issue["path"]): boolean {
    const plan = path.length === 0 ? undefined : this.#planOf(path)
    return plan !== undefined && plan.outer === undefined
  }

  #named(issues: ReadonlyArray<Issue>): ReadonlyArray<Issue> {
    return issues.map((issue) => {
      const outer = issue.path.length === 0 ? undefined : this.#planOf(issue.path)?.outer
      return outer === undefined ? issue : { ...issue, path: [outer, ...issue.path.slice(1)] }
    })
  }
}

/** Handlers may change what they are given. */
const fresh = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value
