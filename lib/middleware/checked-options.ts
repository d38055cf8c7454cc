import { checkOptions } from "../builder/check-options.ts"
import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"

/** Checks the options of one middleware; what is wrong throws a `DefinitionError` naming it, value and range. */
export class CheckOptions<O extends object> {
  readonly #subject: string
  readonly #given: Readonly<Record<string, unknown>>

  /** `subject` is the middleware as users write it; a name that is not among `names` is refused. */
  constructor(subject: string, given: O | undefined, names: ReadonlyArray<keyof O & string>) {
    this.#subject = subject
    if (given !== undefined) checkOptions(given, subject, names)
    this.#given = (given ?? {}) as Readonly<Record<string, unknown>>
  }

  oneOf<const A extends string>(name: keyof O & string, choices: ReadonlyArray<A>, otherwise: A): A {
    const value = this.#given[name]
    if (value === undefined) return otherwise
    if ((choices as ReadonlyArray<unknown>).includes(value)) return value as A
    return this.refuse(name, `use ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`)
  }

  flag(name: keyof O & string, otherwise: boolean): boolean {
    const value = this.#given[name]
    if (value === undefined || typeof value === "boolean") return value ?? otherwise
    return this.refuse(name, "use true or false")
  }

  integer(name: keyof O & string, min: number, max: number, otherwise: number): number {
    const value = this.#given[name]
    if (value === undefined) return otherwise
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
    return this.refuse(name, `use an integer from ${min} to ${max}`)
  }

  text(name: keyof O & string, otherwise: string): string {
    const value = this.#given[name]
    if (value === undefined) return otherwise
    return typeof value === "string" && value !== "" ? value : this.refuse(name, "use a non-empty string")
  }

  fn<F>(name: keyof O & string): F | undefined {
    const value = this.#given[name]
    return value === undefined || typeof value === "function"
      ? (value as F | undefined)
      : this.refuse(name, "use a function")
  }

  /** The MCP methods that a middleware is for; undefined where it is for all. */
  methods(name: keyof O & string): ReadonlySet<string> | undefined {
    const value = this.#given[name]
    if (value === undefined) return undefined
    const fits = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && one !== "")
    return fits ? new Set(value) : this.refuse(name, `use MCP methods, such as ["tools/call"]`)
  }

  refuse(name: keyof O & string, fix: string): never {
    const value = this.#given[name]
    const shown = typeof value === "number" ? String(value) : shortJson(value)
    throw new DefinitionError(`${this.#subject}: ${name} is ${shown}; ${fix}.`)
  }
}
