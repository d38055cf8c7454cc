import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"

/** How long something may take, in milliseconds, alone or with how they are counted. */
export type Timeout = number | TimeoutOptions

export interface TimeoutOptions {
  /** A positive number of milliseconds. */
  readonly millis: number
  /** Whether they are counted anew from each report of progress, also where the client wants to hear of none. Default false. */
  readonly resetOnProgress?: boolean | undefined
}

/** Checks a timeout and freezes it; throws a `DefinitionError` that begins with `where`, the name of the option. */
export const checkedTimeout = (timeout: unknown, where: string): Timeout | undefined => {
  if (timeout === undefined) return undefined
  if (typeof timeout !== "object" || timeout === null) return checkedMillis(timeout, where)
  const { millis, resetOnProgress, ...others } = timeout as TimeoutOptions
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) {
    throw new DefinitionError(`${where}.${unknown} is no option of a timeout: use { millis, resetOnProgress }.`)
  }
  if (resetOnProgress !== undefined && typeof resetOnProgress !== "boolean") {
    throw new DefinitionError(`${where}.resetOnProgress is ${shortJson(resetOnProgress)}; use true or false.`)
  }
  return Object.freeze({ millis: checkedMillis(millis, `${where}.millis`), resetOnProgress: resetOnProgress === true })
}

const checkedMillis = (millis: unknown, where: string): number => {
  if (typeof millis === "number" && Number.isFinite(millis) && millis > 0) return millis
  const given = typeof millis === "object" ? shortJson(millis) : String(millis)
  throw new DefinitionError(`${where} is ${given}; it must be a positive number of milliseconds.`)
}

export const millisOf = (timeout: Timeout): number => (typeof timeout === "number" ? timeout : timeout.millis)

export const resetsOnProgress = (timeout: Timeout): boolean =>
  typeof timeout !== "number" && timeout.resetOnProgress === true

/** `Tool "t" timed out after 5 ms.`, for whoever waited. */
export const timedOut = (subject: string, timeout: Timeout): string =>
  `${subject} timed out after ${millisOf(timeout)} ms${resetsOnProgress(timeout) ? " without progress" : ""}.`

/** Marks an error as what a call got whose time was up; the mark travels with the error, and no client sees it. */
export const markTimedOut = <E extends Error>(error: E): E => Object.defineProperty(error, mark, { value: true })

/** Whether an error says that time was up, whatever its class. */
export const isTimedOut = (u: unknown): boolean => u instanceof Error && mark in u

const mark = "~mcpipe/timedOut"
