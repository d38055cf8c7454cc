import type { HeaderParam } from "../builder/header-params.ts"
import { shortJson } from "../builder/issues.ts"
import { type Params, quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

type Headers = { readonly get: (name: string) => string | undefined }

/** `MCP-Protocol-Version` and `Mcp-Method` must repeat the body (2026-07-28 basic/transports, SEP-2243). */
export const checkStandardHeaders = (
  headers: Headers,
  versionHeader: string | undefined,
  version: string,
  method: string
): Refusal | undefined =>
  mismatch("MCP-Protocol-Version", versionHeader, version) ??
  mismatch("Mcp-Method", headers.get("mcp-method")?.trim(), method)

/** `Mcp-Name` must repeat the name or URI of what is called. */
export const checkNameHeader = (headers: Headers, name: unknown): Refusal | undefined => {
  if (typeof name !== "string") return undefined
  const given = decoded("Mcp-Name", headers.get("mcp-name"))
  return typeof given === "object" ? given : mismatch("Mcp-Name", given, name)
}

/** `Mcp-Param-*` must repeat the arguments that a tool's schema marks with `x-mcp-header`, and only where they are given. */
export const checkParamHeaders = (
  headers: Headers,
  declared: ReadonlyArray<HeaderParam>,
  args: Params
): Refusal | undefined => {
  for (const { header, path, type } of declared) {
    const value = valueAt(args, path)
    const given = decoded(header, headers.get(header))
    if (typeof given === "object") return given
    if (value === undefined || value === null) {
      if (given === undefined) continue
      return refusal(
        "header-mismatch",
        `Header mismatch: ${header} is ${quoted(given)}, but the argument ${path.join(".")} is not given.`
      )
    }
    if (type === "integer" && typeof value === "number") {
      if (given !== undefined && /^-?\d{1,20}(?:\.0+)?$/.test(given) && Number(given) === value) continue
    }
    const wrong = mismatch(header, given, typeof value === "object" ? shortJson(value) : String(value))
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const mismatch = (header: string, given: string | undefined, expected: string): Refusal | undefined => {
  if (given === expected) return undefined
  const what = given === undefined ? "is missing" : `is ${quoted(given)}`
  return refusal("header-mismatch", `Header mismatch: ${header} ${what}, but the body says ${quoted(expected)}.`)
}

const valueAt = (args: Params, path: ReadonlyArray<string>): unknown => {
  let value: unknown = args
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Params)[key]
  }
  return value
}

/** Undoes `=?base64?…?=`, in which clients wrap what a header cannot carry as it is. */
const decoded = (header: string, given: string | undefined): string | undefined | Refusal => {
  const text = given?.trim()
  if (text === undefined || !text.startsWith("=?base64?") || !text.endsWith("?=")) return text
  const base64 = text.slice("=?base64?".length, -"?=".length)
  const invalid = () => refusal("header-mismatch", `Header mismatch: ${header} holds invalid base64.`)
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return invalid()
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))
  } catch {
    return invalid()
  }
}
