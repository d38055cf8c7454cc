import * as Effect from "effect/Effect"
import { lossOf, tellsAll } from "./json-loss.ts"
import { isResourceRef } from "./resource-ref.ts"

export interface UnserializableOptions extends ErrorOptions {
  /** Default `$`, the whole result. */
  readonly path?: string | undefined
}

/** A handler returned something that cannot be sent whole; `path` says which part, as in `$.rows[3].owner`. */
export class UnserializableResult extends Error {
  override readonly name: string = "UnserializableResult"
  readonly path: string
  constructor(message: string, options?: UnserializableOptions) {
    super(message, options)
    this.path = options?.path ?? "$"
  }
}

/** What is wrong, in the words of `jsonText` without its beginning: for values that are no results. */
export const whyNotJson = (error: unknown): string => messageOf(error).replace(/^The result cannot be sent: /, "")

/** The error for one part of a result; `problem` completes "The result cannot be sent: $.rows[3] …". */
export const unserializable = (path: string, problem: string, options?: ErrorOptions): UnserializableResult =>
  new UnserializableResult(`The result cannot be sent: ${path} ${problem}.`, { ...options, path })

/**
 * JSON text of a handler's value; an UnserializableResult says where and why there is none, or what JSON would leave out or
 * empty: functions, symbols, NaN, a Map. Members that are `undefined` are left out. The search for the culprit starts only
 * once something is wrong.
 */
export const jsonText = (value: unknown): string => {
  // before anything is written: megabytes of bytes would be, number by number
  const lost = lossAt(value)
  if (lost !== undefined) throw unserializable("$", lost)
  if (isResourceRef(value)) throw unserializable("$", "is a Resource.ref; return Content.link(ref)")
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw culprit(value, cause)
  }
  if (text === undefined) throw unserializable("$", nothingProblem(value))
  // Effects write themselves as JSON, with whatever they hold; so do exits, and failures in them were never masked
  if (text.includes('"_id":"') || !seemsWhole(value)) {
    const found = new Walk().find(value, "", "$", 0)
    if (found !== undefined) throw unserializable(found.path, found.problem)
  }
  return text
}

/** The error for a value on which `JSON.stringify` threw `cause`. */
export const culprit = (value: unknown, cause: unknown): UnserializableResult => {
  const found = new Walk().find(value, "", "$", 0)
  if (found !== undefined) return unserializable(found.path, found.problem, { cause })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return unserializable("$", `made JSON.stringify throw: ${reason}`, { cause })
}

const lossAt = (value: unknown): string | undefined => {
  try {
    return lossOf(value)
  } catch (error) {
    return `throws when it is looked at: ${messageOf(error)}`
  }
}

/** False as well where it is too deep to say, or a getter throws that did not before. */
const seemsWhole = (value: unknown): boolean => {
  try {
    return tellsAll(value)
  } catch {
    return false
  }
}

const nothingProblem = (value: unknown): string =>
  value === undefined ? "is undefined; return null or leave the value out" : "has a toJSON method that returns nothing"

interface Culprit {
  readonly path: string
  readonly problem: string
}

// JSON.stringify gives up between 5,000 and 10,000 levels; the walk stops well before it would do the same
const DEEPEST = 1000

/** Visits what `JSON.stringify` visits, in its order, until something cannot be written or would be lost. */
class Walk {
  readonly #open = new Map<object, string>()
  readonly #fine = new Set<object>()

  find(given: unknown, key: string, path: string, depth: number): Culprit | undefined {
    let value = given
    if (Effect.isEffect(value)) {
      return { path, problem: "is an Effect; return it from a handler that is not async, or yield* it" }
    }
    const lost = lossAt(value)
    if (lost !== undefined) return { path, problem: lost }
    try {
      const toJSON = (value as { toJSON?: unknown } | null | undefined)?.toJSON
      if (typeof toJSON === "function") value = toJSON.call(value, key)
    } catch (error) {
      return { path, problem: `has a toJSON method that throws: ${messageOf(error)}` }
    }
    if (typeof value === "bigint") return { path, problem: "is a BigInt; return String(value)" }
    if (typeof value !== "object" || value === null || this.#fine.has(value)) return undefined

    const above = this.#open.get(value)
    if (above !== undefined) return { path, problem: `refers back to ${above}; return a copy without the cycle` }
    if (depth > DEEPEST) return { path: "$", problem: `is nested more than ${DEEPEST} levels deep; flatten it` }

    this.#open.set(value, path)
    const found = this.#findInside(value, path, depth)
    this.#open.delete(value)
    this.#fine.add(value)
    return found
  }

  #findInside(value: object, path: string, depth: number): Culprit | undefined {
    const isArray = Array.isArray(value)
    const keys = isArray ? value.keys() : Object.keys(value)
    for (const key of keys) {
      const inside = member(path, String(key), isArray)
      let child: unknown
      try {
        child = (value as Record<PropertyKey, unknown>)[key]
      } catch (error) {
        return { path: inside, problem: `is a getter that throws: ${messageOf(error)}` }
      }
      const found = this.find(child, String(key), inside, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** The path to a member, as JavaScript writes it. */
export const member = (path: string, key: string, isArray: boolean): string => {
  if (isArray) return `${path}[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
