import * as Effect from "effect/Effect"
import { isResourceRef } from "./resource-ref.ts"

export interface UnserializableOptions extends ErrorOptions {
  /** Default `$`, the whole result. */
  readonly path?: string | undefined
}

/** A handler returned something that cannot be sent; `path` says which part, as in `$.rows[3].owner`. */
export class UnserializableResult extends Error {
  override readonly name: string = "UnserializableResult"
  readonly path: string
  constructor(message: string, options?: UnserializableOptions) {
    super(message, options)
    this.path = options?.path ?? "$"
  }
}

/** The error for one part of a result; `problem` completes "The result cannot be sent: $.rows[3] …". */
export const unserializable = (path: string, problem: string, options?: ErrorOptions): UnserializableResult =>
  new UnserializableResult(`The result cannot be sent: ${path} ${problem}.`, { ...options, path })

/**
 * JSON text of a handler's value; an UnserializableResult says where and why there is none. One `JSON.stringify`: the
 * search for the culprit starts only once that has failed. Members JSON leaves out, such as functions, are left out.
 */
export const jsonText = (value: unknown): string => {
  if (typeof value === "object" && value !== null) refuseEmptied(value)
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw culprit(value, cause)
  }
  if (text === undefined) throw unserializable("$", nothingProblem(value))
  // Effects write themselves as JSON, with whatever they hold; so do exits, and failures in them were never masked
  if (text.includes('"_id":"')) {
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

/** Objects that `JSON.stringify` would quietly turn into `{}` or a list of bytes; looked for at the top only. */
const refuseEmptied = (value: object): void => {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) {
    if (isResourceRef(value)) throw unserializable("$", "is a Resource.ref; return Content.link(ref)")
    return
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function" && !ArrayBuffer.isView(value)) return
  const problem = emptiedProblem(value)
  if (problem !== undefined) throw unserializable("$", problem)
}

const emptiedProblem = (value: object): string | undefined => {
  if (value instanceof Map) return "is a Map; return Object.fromEntries(map)"
  if (value instanceof Set) return "is a Set; return [...set]"
  if (value instanceof Error) return "is an Error; throw it instead"
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return "is binary; return Content.image, Content.audio or Content.file, from a resource a Uint8Array"
  }
  if (typeof (value as { then?: unknown }).then === "function") return "is a Promise; await it"
  if (Symbol.asyncIterator in value) return "is an async generator; write function* with Effects, or an async function"
  return undefined
}

const nothingProblem = (value: unknown): string => {
  if (typeof value === "function") return "is a function; call it and return what it gives"
  if (typeof value === "symbol") return "is a symbol; return its description"
  if (value === undefined) return "is undefined; return null or leave the value out"
  return "has a toJSON method that returns nothing"
}

interface Culprit {
  readonly path: string
  readonly problem: string
}

// JSON.stringify gives up between 5,000 and 10,000 levels; the walk stops well before it would do the same
const DEEPEST = 1000

/** Visits what `JSON.stringify` visits, in its order, until something is wrong. */
class Walk {
  readonly #open = new Map<object, string>()
  readonly #fine = new Set<object>()

  find(given: unknown, key: string, path: string, depth: number): Culprit | undefined {
    let value = given
    if (Effect.isEffect(value)) {
      return { path, problem: "is an Effect; return it from a handler that is not async, or yield* it" }
    }
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
      const inside = isArray ? `${path}[${key}]` : member(path, String(key))
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

const member = (path: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
