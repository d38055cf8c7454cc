import * as Effect from "effect/Effect"
import { formatIssues } from "../builder/issues.ts"
import { type Middleware, middleware } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import type { Issue } from "../builder/schema.ts"
import { toolErrorResult } from "../builder/tool-result.ts"
import { InvalidArguments } from "../runtime/invalid-arguments.ts"
import { fieldPaths } from "../builder/field-paths.ts"
import { componentName, componentOptions, type ComponentSelection, Picker } from "./selection.ts"
import { stringRules, type StringOptions, stringOptions } from "./sanitize-string.ts"
import { cleaned } from "./sanitize-walk.ts"

/** What is cleaned, how, and where; what is left out has the defaults of `sanitize()`. */
export interface SanitizeOptions extends StringOptions, ComponentSelection {
  /**
   * Paths from the root of the arguments to what is cleaned, with all that is in it: `comment`, `items[].note`, `**.text`. Default:
   * everything. The syntax is that of `redactor`.
   */
  readonly fields?: ReadonlyArray<string> | undefined
  /** Whether the case of names in `fields` does not matter. Default false. */
  readonly ignoreCase?: boolean | undefined
}

/**
 * Cleans every string of the arguments of tools and prompts, and what is to be completed, before they are validated: control
 * characters go, and what looks the same is written the same (NFC). Names of members, numbers and all else stay. It does the
 * same in every round of a call. What it refuses is an error of the arguments that says where and why: a tool result for the
 * model, invalid params (-32602) for prompts and completions.
 *
 * URIs that are read are not touched; the `params` of a resource validate their variables. It is part of the logical call:
 * `request` hooks see what was sent.
 * @example server(info).use(sanitize({ trim: true, patterns: [{ match: /<script/i, refuse: "has a script in it" }] }))
 */
export const sanitize = (options: SanitizeOptions = {}): Middleware => {
  const read = new OptionReader("sanitize", options, [...stringOptions, "fields", "ignoreCase", ...componentOptions])
  const picker = new Picker(read)
  const fields = read.texts("fields")
  const root = fields && fieldPaths(fields, read.flag("ignoreCase", false), read.where)
  const rules = stringRules(read)
  return middleware({
    callTool: (next, call) => {
      const { name, args } = call
      if (!picker.takes(call)) return next(call)
      const { value, issues } = cleaned(args, { method: "tools/call", name }, rules, root)
      if (issues.length > 0) return Effect.succeed(toolErrorResult(refusal("tool", name, issues)))
      return next(value === args ? call : { ...call, args: value as typeof args })
    },
    getPrompt: (next, get) => {
      const { name, args } = get
      if (!picker.takes(get)) return next(get)
      const { value, issues } = cleaned(args, { method: "prompts/get", name }, rules, root)
      if (issues.length > 0) return Effect.fail(new InvalidArguments(refusal("prompt", name, issues)))
      return next(value === args ? get : { ...get, args: value as typeof args })
    },
    complete: (next, completion) => {
      if (!picker.takes(completion)) return next(completion)
      const { component, argument, prefix, others } = completion
      const name = componentName(completion)
      const place = { method: "completion/complete", name } as const
      const prefixes = cleaned(single(argument, prefix), place, rules, root)
      const rest = cleaned(others, place, rules, root)
      const issues = [...prefixes.issues, ...rest.issues]
      if (issues.length > 0)
        return Effect.fail(new InvalidArguments(refusal("uri" in component ? "resource" : "prompt", name, issues)))
      const [clean] = Object.values(prefixes.value as Readonly<Record<string, string>>)
      if (clean === prefix && rest.value === others) return next(completion)
      return next({ ...completion, prefix: clean!, others: rest.value as typeof others })
    }
  })
}

/** One member, whatever its name. */
const single = (name: string, value: string): object => Object.fromEntries([[name, value]])

const refusal = (kind: string, name: string, issues: ReadonlyArray<Issue>): string =>
  formatIssues(`Invalid arguments for ${kind} ${JSON.stringify(name)}`, issues)
