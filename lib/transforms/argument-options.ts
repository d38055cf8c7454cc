import type * as v from "valibot"
import { frozenJson } from "../builder/component.ts"
import { DefinitionError } from "../builder/errors.ts"
import type { HandlerContext } from "../builder/handler.ts"
import { isFunction, isText, OptionReader } from "../builder/options.ts"
import { isValibotSchema } from "../builder/schema-closed.ts"

/** What becomes of one argument of a tool. */
export interface ArgumentOptions {
  /** Its new name. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** The value where a client sends none; it is listed, and the argument is no longer required. */
  readonly default?: unknown
  /** `true`: it must be sent, and has no default any more. `false`: it needs a `default` where the tool requires it. */
  readonly required?: boolean | undefined
  /** What clients send instead; what it decodes to is what the tool gets. */
  readonly schema?: v.GenericSchema<any, any> | undefined
  /** Clients neither see it nor can send it; the tool gets `value`, or what `compute` gives, or nothing where it requires none. */
  readonly hide?: boolean | undefined
  /** Of a hidden argument. */
  readonly value?: unknown
  /** Of a hidden argument, in any of the four forms of a handler; it runs again in each round of a call. */
  readonly compute?: ((context: HandlerContext) => unknown) | undefined
}

const names = ["name", "description", "default", "required", "schema", "hide", "value", "compute"] as const

/** Checks what is said of one argument; `where` names tool and argument. */
export const checkedArgument = (given: unknown, where: string): ArgumentOptions => {
  if (given === undefined) return {}
  const change = given as ArgumentOptions
  const read = new OptionReader(where, change, names)
  read.expect("name", isText, "use a non-empty string")
  read.expect("description", (text) => typeof text === "string", "use a string")
  for (const flag of ["required", "hide"] as const) read.flag(flag, false)
  read.expect("schema", isValibotSchema, "use a valibot schema, such as v.string()")
  read.expect("compute", isFunction, "use a function, (context) => value")
  const has = (name: keyof ArgumentOptions) => change[name] !== undefined
  if (change.hide === true) {
    const other = (["name", "description", "default", "required", "schema"] as const).find(has)
    if (other !== undefined)
      throw new DefinitionError(`${where} is hidden, so that ${other} says nothing; leave it out.`)
    if (has("value") && has("compute")) throw new DefinitionError(`${where}: give either value or compute.`)
  } else {
    const lone = (["value", "compute"] as const).find(has)
    if (lone !== undefined) throw new DefinitionError(`${where}: ${lone} is of hidden arguments; add hide: true.`)
  }
  if (change.required === true && has("default")) {
    throw new DefinitionError(`${where} is required, so that its default is never used; leave one of them out.`)
  }
  return {
    ...change,
    ...(has("default") ? { default: frozenJson(change.default, `${where}: default`) } : undefined),
    ...(has("value") ? { value: frozenJson(change.value, `${where}: value`) } : undefined)
  }
}
