import { expect } from "vitest"
import { type Exchange, good } from "./exchange.ts"

/** One bad input and everything that must come back. */
export interface Row {
  readonly says: string
  readonly exchange: Exchange
  readonly status: number
  /** The parsed body; `""` for none. */
  readonly body: unknown
}

interface Extra {
  /** The id the error carries; 1 unless told, undefined for none. */
  readonly id?: unknown
  readonly data?: unknown
}

/** A JSON-RPC error, to the letter. */
export const refused = (
  says: string,
  exchange: Exchange,
  status: number,
  code: number,
  message: string | RegExp,
  extra: Extra = {}
): Row => {
  const id = "id" in extra ? extra.id : 1
  const error = { code, message: typeof message === "string" ? message : expect.stringMatching(message) }
  return {
    says,
    exchange,
    status,
    body: {
      jsonrpc: "2.0",
      ...(id === undefined ? undefined : { id }),
      error: extra.data === undefined ? error : { ...error, data: extra.data }
    }
  }
}

const stamp = {
  resultType: "complete",
  _meta: { "io.modelcontextprotocol/serverInfo": { name: "fixture", version: "1.0.0" } }
}

const resulted = (says: string, exchange: Exchange, text: string | RegExp, rest: object): Row => {
  const content = [{ type: "text", text: typeof text === "string" ? text : expect.stringMatching(text) }]
  const { id } = JSON.parse(String(exchange.body))
  return { says, exchange, status: 200, body: { jsonrpc: "2.0", id, result: { content, ...rest, ...stamp } } }
}

/** A tool error that a model can read and act on. */
export const told = (says: string, exchange: Exchange, text: string | RegExp): Row =>
  resulted(says, exchange, text, { isError: true })

/** Odd, but good: it is answered. */
export const answered = (says: string, exchange: Exchange, text: string): Row => resulted(says, exchange, text, {})

/** Any other answer. */
export const plain = (says: string, exchange: Exchange, status: number, body: unknown): Row => ({
  says,
  exchange,
  status,
  body
})

/** The keys of the request envelope. */
export const meta = {
  version: "io.modelcontextprotocol/protocolVersion",
  capabilities: "io.modelcontextprotocol/clientCapabilities",
  info: "io.modelcontextprotocol/clientInfo",
  level: "io.modelcontextprotocol/logLevel"
}

export const request = { jsonrpc: "2.0", id: 1, method: "tools/call" }

/** Good params, envelope included. */
export const params = JSON.parse(String(good().body)).params

export const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`

export const ping = { jsonrpc: "2.0", id: 1, method: "ping" }

export const revision = (version: string) => ({ "mcp-protocol-version": version })
