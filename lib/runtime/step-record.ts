import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { ErrorClass } from "../builder/component.ts"
import { PublicError, ResourceNotFound, ToolError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { jsonText, whyNotJson } from "../builder/json-text.ts"
import {
  AskRefused,
  AskTimedOut,
  ClientUnsupported,
  ElicitationCancelled,
  ElicitationDeclined,
  InvalidAnswer
} from "../services/ask-errors.ts"
import { UrlElicitationRequired } from "../services/elicitation-url.ts"
import { NoSession, StateTooLarge, UnknownSession } from "../services/session-errors.ts"
import { ModelFailed, TooManyTurns } from "../services/sampling-errors.ts"
import type { Recorded } from "./journal.ts"

/** A step gave something that cannot be recorded as it is. */
export class UnrecordableStep extends Error {
  override readonly name = "UnrecordableStep"
}

/**
 * What a step gave, as JSON. Without a schema only plain data is taken: a `Date` would come back as a string in the next
 * round and not in this one, and nothing would have said so.
 */
const recordable = (value: unknown, step: string, decoded: boolean): unknown => {
  try {
    return decoded ? JSON.parse(jsonText(value)) : plain(value, "$", [])
  } catch (error) {
    throw new UnrecordableStep(
      `Durable.step(${JSON.stringify(step)}): what it gave cannot be recorded: ${whyNotJson(error)} ` +
        "Return plain JSON data, or give the step a schema that makes the value from JSON."
    )
  }
}

const plain = (value: unknown, path: string, above: ReadonlyArray<object>): unknown => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value)) return value
      throw new TypeError(`${path} is ${value}, which JSON does not have.`)
    case "object":
      break
    default:
      throw new TypeError(`${path} is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}.`)
  }
  if (value === null) return null
  if (above.includes(value)) throw new TypeError(`${path} is part of itself.`)
  const within = [...above, value]
  if (Array.isArray(value)) return Array.from(value, (item, index) => plain(item, `${path}[${index}]`, within))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`${path} is an instance of ${prototype.constructor?.name ?? "a class"}.`)
  }
  const copy: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    // `__proto__` would set a prototype instead of a member
    Object.defineProperty(copy, key, {
      value: plain(inner, `${path}.${key}`, within),
      enumerable: true,
      writable: true,
      configurable: true
    })
  }
  return copy
}

interface RecordedError {
  readonly class: string
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A failure as JSON; errors keep their class's name, message and own fields, of which those that are no JSON are left out. */
const recordableFailure = (error: unknown, step: string): unknown => {
  if (!(error instanceof Error)) return recordable(error, step, false)
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (key === "name" || key === "message" || key === "stack" || key === "cause" || value === undefined) continue
    try {
      fields[key] = plain(value, "$", [])
    } catch {
      // a socket or a request that an error drags along is of no use in another round
    }
  }
  const recorded: RecordedError = { class: error.constructor.name, name: error.name, message: error.message, fields }
  return { "~error": recorded }
}

const own: ReadonlyArray<ErrorClass> = [
  ToolError,
  PublicError,
  ResourceNotFound,
  ElicitationDeclined,
  ElicitationCancelled,
  InvalidAnswer,
  ClientUnsupported,
  AskTimedOut,
  AskRefused,
  ModelFailed,
  TooManyTurns,
  NoSession,
  UnknownSession,
  StateTooLarge,
  UrlElicitationRequired
]

/** The failure that was recorded: an instance of its class where that is among `classes` or ours, else an `Error` with its fields. */
export const failureOf = (recorded: unknown, classes: ReadonlyArray<ErrorClass>): unknown => {
  if (typeof recorded !== "object" || recorded === null || !Object.hasOwn(recorded, "~error")) return recorded
  const { class: className, name, message, fields } = (recorded as { "~error": RecordedError })["~error"]
  const known = [...classes, ...own].find((one) => one.name === className)
  const error: Error = known === undefined ? new Error(message) : Object.create(known.prototype)
  const set = (key: string, value: unknown, enumerable: boolean) =>
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  // a class may compute its message from its fields
  if (known === undefined || !hasGetter(known.prototype, "message")) set("message", message, false)
  if (error.name !== name) set("name", name, false)
  for (const [key, value] of Object.entries(fields)) set(key, value, true)
  set("stack", `${name}: ${message}\n    (recorded in an earlier round)`, false)
  return error
}

const hasGetter = (prototype: object | null, key: string): boolean => {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, key)
    if (property !== undefined) return property.get !== undefined
  }
  return false
}

/** How a step ended, as it is recorded; defects and interruptions are not. */
export const recordedOf = (exit: Exit.Exit<unknown, unknown>, step: string, decoded: boolean): Recorded | undefined => {
  if (Exit.isSuccess(exit)) {
    return exit.value === undefined ? ["nothing"] : ["value", recordable(exit.value, step, decoded)]
  }
  const failed = exit.cause.reasons.find(Cause.isFailReason)
  return failed === undefined ? undefined : ["failure", recordableFailure(failed.error, step)]
}

/** What a recorded value becomes again; a schema that refuses it is a bug of the author. */
export const valueOf = (recorded: unknown, step: string, decode: ((recorded: unknown) => unknown) | undefined): any => {
  if (decode === undefined) return recorded
  try {
    return decode(recorded)
  } catch (cause) {
    throw new UnrecordableStep(
      `Durable.step(${JSON.stringify(step)}): its schema refuses what it gave, ${shortJson(recorded, 120)}: ${(cause as Error).message}`,
      { cause }
    )
  }
}
