import type { UriVariable } from "./uri-template.ts"

/** Why a template variable was refused. */
export interface Unsafe {
  readonly name: string
  /** Completes "variable … ", as in `has a ".." segment`. */
  readonly problem: string
}

/**
 * Finds the first variable that could leave a directory once a handler joins it to a path: `.` and `..` segments,
 * absolute paths, drive letters, backslashes, control characters, and escapes that decode to any of these. A segment
 * holds no `/` either. Query values are screened for control characters only.
 */
export const screen = (
  variables: ReadonlyArray<UriVariable>,
  values: Readonly<Record<string, string | undefined>>
): Unsafe | undefined => {
  for (const { name, kind } of variables) {
    const value = values[name]
    if (value === undefined) continue
    const problem = kind === "query" ? controlProblem(value) : pathProblem(value, kind)
    if (problem !== undefined) return { name, problem }
  }
  return undefined
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being refused
const SUSPICIOUS = /[./\\:%\u0000-\u001f\u007f-\u009f]/
const ESCAPE = /%([0-7][0-9A-Fa-f])/g
// Windows drops dots and spaces at the end of a name, so ".. " is ".." to it
const DOTS_ONLY = /^ *\.[. ]*$/

const controlProblem = (value: string): string | undefined =>
  CONTROL.test(value) ? "contains a control character" : undefined

const pathProblem = (value: string, kind: "segment" | "path"): string | undefined => {
  if (!SUSPICIOUS.test(value)) return undefined
  const problem = decodedProblem(value, kind)
  if (problem !== undefined || !value.includes("%")) return problem
  // a handler or the system under it may decode once more; everything dangerous is ASCII, so each escape stands alone
  const again = value.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  const hidden = again === value ? undefined : decodedProblem(again, kind)
  return hidden === undefined ? undefined : `${hidden} after decoding it twice`
}

const decodedProblem = (value: string, kind: "segment" | "path"): string | undefined => {
  if (CONTROL.test(value)) return "contains a control character"
  if (value.includes("\\")) return "contains a backslash"
  if (value.startsWith("/")) return "is an absolute path"
  if (/^[A-Za-z]:/.test(value)) return "begins with a drive letter"
  if (kind === "segment" && value.includes("/")) return 'contains "/", but stands for one segment'
  for (const segment of value.split("/")) {
    if (DOTS_ONLY.test(segment)) return `has a "${segment.trim()}" segment`
  }
  return undefined
}
