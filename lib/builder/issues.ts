import type { Issue } from "./schema.ts"

/**
 * Says what is wrong with a value in lines a model can act on: where, what is expected, what came, what is allowed.
 * `subject` opens the text, e.g. `Invalid arguments for tool "add"`. At most 20 issues are spelled out and no value is dumped.
 */
export const formatIssues = (subject: string, issues: ReadonlyArray<Issue>): string => {
  const lines = [`${subject}:`]
  for (const issue of issues.slice(0, maxIssues)) lines.push(`- ${issueLine(issue)}`)
  const more = Math.max(0, issues.length - maxIssues)
  const leftOut = issues.reduce((sum, issue) => sum + (issue.more ?? 0), 0)
  if (more + leftOut > 0) lines.push(`- … and ${leftOut > 0 ? "at least " : ""}${more + leftOut} more`)
  return lines.join("\n")
}

/** Builds an issue whose message is the plain sentence; `message` replaces it where the author wrote a better one. */
export const makeIssue = (
  path: ReadonlyArray<string | number>,
  expected: string,
  received: string,
  options?: { readonly message?: string | undefined; readonly allowed?: ReadonlyArray<unknown> | undefined }
): Issue => {
  const message = options?.message ?? sentence(expected, received)
  return options?.allowed === undefined
    ? { path, expected, received, message }
    : { path, expected, received, message, allowed: options.allowed }
}

/** A path in the notation of JavaScript: `user.tags[0]["x y"]`; empty for the root. */
export const formatPath = (path: ReadonlyArray<string | number>): string => {
  let text = ""
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`
    else if (identifier.test(key)) text += text === "" ? key : `.${key}`
    else text += `[${JSON.stringify(shorten(key, 60))}]`
  }
  return text
}

/** JSON of a value cut to about `limit` characters; the cost does not grow with the value. `undefined` is `nothing`. */
export const shortJson = (value: unknown, limit = 80): string => {
  if (value === undefined) return "nothing"
  const parts: Array<string> = []
  write(value, parts, { left: limit, depth: 0 })
  return parts.join("")
}

/** Text cut to `limit` characters, with an ellipsis where something is missing. */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`

const maxIssues = 20
const maxAllowed = 50
const identifier = /^[A-Za-z_$][\w$-]{0,59}$/

const sentence = (expected: string, received: string) => `Expected ${expected}, received ${received}.`

const issueLine = ({ path, expected, received, message, allowed }: Issue): string => {
  const plain = sentence(expected, received)
  const where = formatPath(path)
  const body = message === plain ? shorten(expected, 200) : shorten(message, 300)
  const text =
    message === plain
      ? `expected ${body}, received ${shorten(received, 100)}`
      : `${body} (received ${shorten(received, 100)})`
  return `${where === "" ? "(whole value)" : where}: ${text}${allowed === undefined ? "" : `; allowed: ${list(allowed)}`}`
}

const list = (allowed: ReadonlyArray<unknown>): string => {
  if (allowed.length === 0) return "none"
  const shown = allowed.slice(0, maxAllowed).map((value) => shortJson(value))
  return allowed.length > maxAllowed ? `${shown.join(", ")}, … ${allowed.length - maxAllowed} more` : shown.join(", ")
}

const write = (value: unknown, parts: Array<string>, budget: { left: number; depth: number }): void => {
  if (typeof value === "object" && value !== null) {
    writeObject(value, parts, budget)
    return
  }
  const room = Math.max(budget.left - 3, 8)
  const text =
    typeof value === "string"
      ? JSON.stringify(shorten(value, room))
      : typeof value === "function" || typeof value === "symbol"
        ? typeof value
        : shorten(String(value), room)
  parts.push(text)
  budget.left -= text.length
}

const writeObject = (value: object, parts: Array<string>, budget: { left: number; depth: number }): void => {
  const put = (text: string) => {
    parts.push(text)
    budget.left -= text.length
  }
  const isArray = Array.isArray(value)
  if (!isArray && !isPlain(value)) {
    put(shorten(value.constructor?.name || "object", 40))
  } else if (budget.depth >= 6) {
    put(isArray ? "[…]" : "{…}")
  } else {
    put(isArray ? "[" : "{")
    budget.depth++
    let first = true
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue
      if (!first) put(",")
      first = false
      if (budget.left <= 8) {
        put("…")
        break
      }
      if (!isArray) put(`${JSON.stringify(shorten(key, 30))}:`)
      write((value as Record<string, unknown>)[key], parts, budget)
    }
    budget.depth--
    put(isArray ? "]" : "}")
  }
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
