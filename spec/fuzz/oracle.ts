import { firstTwice, readWritten } from "../kit/json-text.ts"
import type { Era } from "./arbitraries.ts"

type Id = string | number

/** What has to come back for one JSON value that is not an array. */
export type Due =
  | { readonly type: "nothing"; readonly cancels?: unknown }
  | { readonly type: "response" }
  /** An error or, for a request, any answer. */
  | { readonly type: "answer"; readonly id: Id | undefined; readonly request: Request | undefined }

export interface Request {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** Whether it carries the envelope of 2026-07-28, or a part of it. */
  readonly claims: boolean
}

const isMembers = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

const own = (members: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(members, key) ? members[key] : undefined

/** JSON-RPC 2.0 §4 and §5 in our own words, told apart from the library's. */
export const dueFor = (message: unknown): Due => {
  if (!isMembers(message)) return { type: "answer", id: undefined, request: undefined }
  const given = own(message, "id")
  const method = own(message, "method")
  const params = own(message, "params")
  const id = typeof given === "string" || Number.isSafeInteger(given) ? (given as Id) : undefined
  const refused: Due = { type: "answer", id, request: undefined }
  if (own(message, "jsonrpc") !== "2.0") return refused
  if (method === undefined && (Object.hasOwn(message, "result") || Object.hasOwn(message, "error"))) {
    return id === undefined ? refused : { type: "response" }
  }
  if (typeof method !== "string" || (params !== undefined && !isMembers(params))) return refused
  if (!Object.hasOwn(message, "id")) {
    return method === "notifications/cancelled"
      ? { type: "nothing", cancels: params === undefined ? undefined : own(params, "requestId") }
      : { type: "nothing" }
  }
  if (id === undefined) return refused
  const meta = params === undefined ? undefined : own(params, "_meta")
  const claims =
    isMembers(meta) &&
    ["protocolVersion", "clientCapabilities"].some((key) => Object.hasOwn(meta, `io.modelcontextprotocol/${key}`))
  return { type: "answer", id, request: { method, params: params ?? {}, claims } }
}

/** The revision that an `initialize` agrees on; undefined where it is refused. */
export const agreedBy = ({ params }: Request): string | undefined => {
  const asked = own(params, "protocolVersion")
  const client = own(params, "clientInfo")
  const good =
    typeof asked === "string" &&
    isMembers(own(params, "capabilities")) &&
    isMembers(client) &&
    typeof own(client, "name") === "string" &&
    typeof own(client, "version") === "string"
  if (!good) return undefined
  return ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"].includes(asked) ? asked : "2025-11-25"
}

/**
 * The JSON value of bytes; undefined where they are no UTF-8, no JSON, nest deeper than 64 levels, or name a member of the
 * envelope twice.
 */
export const readable = (bytes: Uint8Array): { readonly value: unknown } | undefined => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    return depthOf(text) > 64 || firstTwice(readWritten(text), false) !== undefined ? undefined : { value }
  } catch {
    return undefined
  }
}

/** Of the text, since a value has forgotten its duplicate keys. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  for (const [mark] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (mark === "[" || mark === "{") deepest = Math.max(deepest, ++depth)
    else if (mark === "]" || mark === "}") depth--
  }
  return deepest
}

/** Two ids are one where value and type are; -0 is 0. */
export const keyOf = (id: unknown): string => `${typeof id} ${typeof id === "object" ? JSON.stringify(id) : String(id)}`

/** Every pair of error code and HTTP status there may be, by era. */
export const errorPairs: Readonly<Record<Era, ReadonlySet<string>>> = {
  sessionless: new Set([
    "-32700 400",
    "-32600 400",
    "-32601 404",
    "-32602 200",
    "-32602 400",
    "-32603 200",
    "-32020 400",
    "-32021 400",
    "-32022 400",
    "4242 200"
  ]),
  handshake: new Set(["-32700 400", "-32600 400", "-32601 200", "-32602 200", "-32603 200", "-32002 200", "4242 200"])
}

/** Every error code there may be, by era. */
export const errorCodes = (era: Era): ReadonlySet<number> =>
  new Set([...errorPairs[era]].map((pair) => Number(pair.split(" ")[0])))
