import fc from "fast-check"
import { type Era, revisions } from "./vocabulary.ts"

const header = fc
  .oneof(
    fc.constantFrom<string>(...revisions, "2026-07-28", "2030-01-01", "1900-01-01", "=?base64?YWRk?=", "=?base64?!?="),
    fc.constantFrom("tools/call", "add", "text/html", "*/*", "0", "__proto__", "constructor", "", "null", "gzip"),
    fc.constantFrom("http://evil.example", "evil.example", "application/json;charset=latin1", "x".repeat(3_000)),
    fc.string({ unit: "binary-ascii", maxLength: 20 })
  )
  // what no HTTP parser lets through does not reach the library
  .map((content) => content.replaceAll(/[^\x20-\x7e]/g, "").trim())

const headerName = fc.constantFrom(
  "mcp-protocol-version",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-param-region",
  "mcp-param-limit",
  "mcp-session-id",
  "last-event-id",
  "accept",
  "content-type",
  "content-encoding",
  "content-length",
  "host",
  "origin",
  "authorization"
)

export type HeaderChange = readonly [name: string, content: string | undefined]

export const headerChanges: fc.Arbitrary<ReadonlyArray<HeaderChange>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<ReadonlyArray<HeaderChange>>([]) },
  {
    weight: 2,
    arbitrary: fc.array(fc.tuple(headerName, fc.option(header, { nil: undefined })), { minLength: 1, maxLength: 3 })
  }
)

/** The headers that belong to a body, as far as it can be read; then what the changes make of them. */
export const headersOf = (
  body: string | Uint8Array,
  era: Era,
  revision: string,
  changes: ReadonlyArray<HeaderChange>
) => {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": era === "handshake" ? revision : "2026-07-28"
  }
  const read = parsed(body)
  const method = read?.method
  if (era === "sessionless" && typeof method === "string") {
    headers["mcp-method"] = sendable(method)
    const version = read.params?._meta?.["io.modelcontextprotocol/protocolVersion"]
    if (typeof version === "string") headers["mcp-protocol-version"] = sendable(version)
    const name = read.params?.name ?? read.params?.uri
    if (typeof name === "string") headers["mcp-name"] = wrapped(name)
    const { region, limit } = read.params?.arguments ?? {}
    if (region !== undefined) headers["mcp-param-region"] = wrapped(asHeader(region))
    if (limit !== undefined) headers["mcp-param-limit"] = wrapped(asHeader(limit))
  }
  for (const [name, content] of changes) {
    if (content === undefined) delete headers[name]
    else headers[name] = content
  }
  return headers
}

const parsed = (body: string | Uint8Array): any => {
  try {
    return JSON.parse(typeof body === "string" ? body : new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

const asHeader = (argument: unknown): string =>
  typeof argument === "object" ? JSON.stringify(argument) : String(argument)

const sendable = (content: string): string => content.replaceAll(/[^\x21-\x7e]/g, "")

const wrapped = (content: string): string =>
  /^[\x21-\x7e]+$/.test(content) ? content : `=?base64?${Buffer.from(content).toString("base64")}?=`
