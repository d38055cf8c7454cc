import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"
import { type Selection, type Selector, selector } from "./selection.ts"

/** Bounds of a number, both included, and what it counts, such as `"milliseconds"`. */
export interface Range {
  readonly min: number
  readonly max: number
  readonly unit?: string | undefined
}

/** The longest time that can be asked for: a year. */
export const upToAYear: Range = { min: 1, max: 365 * 86_400_000, unit: "milliseconds" }

/**
 * Reads the options of one thing, each once. What is wrong throws a `DefinitionError` that names the thing, the option, the
 * value and what to use. An option that is undefined counts as left out.
 */
export class OptionReader<O extends object> {
  /** The thing as users write it. */
  readonly where: string
  readonly #given: Readonly<Record<string, unknown>>

  /** An option that is not among `names` is refused. */
  constructor(where: string, given: O, names: ReadonlyArray<keyof O & string>) {
    this.where = where
    this.#given = given as Readonly<Record<string, unknown>>
    if (!isRecord(given)) this.fail(`pass a record of options: ${names.join(", ")}.`)
    const unknown = Object.keys(given).find((name) => !(names as ReadonlyArray<string>).includes(name))
    if (unknown === undefined) return
    const there = names.length === 1 ? "there is" : "there are"
    this.fail(`there is no option ${JSON.stringify(unknown)}; ${there} ${names.join(", ")}.`)
  }

  /** As it was given. */
  value<K extends keyof O & string>(name: K): O[K] | undefined {
    return this.#given[name] as O[K] | undefined
  }

  flag(name: keyof O & string, otherwise: boolean): boolean {
    this.expect(name, (value) => typeof value === "boolean", "use true or false")
    return (this.#given[name] as boolean | undefined) ?? otherwise
  }

  /** Without `otherwise` it has to be given. */
  integer(name: keyof O & string, range: Range, otherwise?: number): number {
    const { [name]: value = otherwise } = this.#given
    return Number.isSafeInteger(value) && isIn(range, value) ? value : this.#refuseNumber(name, "an integer", range)
  }

  number(name: keyof O & string, range: Range, otherwise?: number): number {
    const { [name]: value = otherwise } = this.#given
    return isIn(range, value) ? value : this.#refuseNumber(name, "a number", range)
  }

  oneOf<const A extends string | boolean>(name: keyof O & string, choices: ReadonlyArray<A>, otherwise: A): A {
    const fits = (value: unknown) => (choices as ReadonlyArray<unknown>).includes(value)
    this.expect(name, fits, `use ${alternatives(choices.map((choice) => JSON.stringify(choice)))}`)
    return (this.#given[name] as A | undefined) ?? otherwise
  }

  /** A text that is not empty. */
  text(name: keyof O & string): string | undefined {
    this.expect(name, isText, "use a non-empty string")
    return this.#given[name] as string | undefined
  }

  texts(name: keyof O & string): ReadonlyArray<string> | undefined {
    const fits = (value: unknown) => Array.isArray(value) && value.every(isText)
    this.expect(name, fits, "use an array of non-empty strings")
    return this.#given[name] as ReadonlyArray<string> | undefined
  }

  list(name: keyof O & string): ReadonlyArray<unknown> {
    this.expect(name, Array.isArray, "use an array")
    return (this.#given[name] as ReadonlyArray<unknown> | undefined) ?? []
  }

  fn<F>(name: keyof O & string): F | undefined {
    this.expect(name, isFunction, "use a function")
    return this.#given[name] as F | undefined
  }

  /** MCP methods, at least one; all of them among `known`, where that is given. */
  methods<M extends string>(name: keyof O & string, known?: ReadonlyArray<M>): ReadonlySet<M> | undefined {
    const isMethod = (one: unknown) => isText(one) && (known === undefined || known.includes(one as M))
    const fits = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isMethod)
    const choices = known === undefined ? 'MCP methods, such as ["tools/call"]' : `some of ${known.join(", ")}`
    this.expect(name, fits, `use an array of ${choices}`)
    const value = this.#given[name] as ReadonlyArray<M> | undefined
    return value && new Set(value)
  }

  selection(name: keyof O & string): Selector | undefined {
    const value = this.#given[name] as Selection | undefined
    return value === undefined ? undefined : selector(value, `${this.where}: ${name}`)
  }

  /** Refuses what is given and does not fit. */
  expect(name: keyof O & string, fits: (value: any) => boolean, fix: string): void {
    const value = this.#given[name]
    if (value !== undefined && !fits(value)) this.refuse(name, fix)
  }

  refuse(name: keyof O & string, fix: string): never {
    this.fail(`${name} is ${shortJson(this.#given[name])}; ${fix}.`)
  }

  /** For what is wrong with several options at once. */
  fail(message: string): never {
    throw new DefinitionError(`${this.where}: ${message}`)
  }

  #refuseNumber(name: keyof O & string, kind: string, { min, max, unit }: Range): never {
    return this.refuse(name, `use ${kind} from ${min} to ${max}${unit === undefined ? "" : `, in ${unit}`}`)
  }
}

const isIn = ({ min, max }: Range, value: unknown): value is number =>
  typeof value === "number" && value >= min && value <= max

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isFunction = (value: unknown): boolean => typeof value === "function"

export const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== ""

/** `a, b or c` */
export const alternatives = (all: ReadonlyArray<string>): string =>
  all.length < 2 ? all.join() : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`
