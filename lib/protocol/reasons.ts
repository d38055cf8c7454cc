import type { JsonRpcError, RequestId } from "./json-rpc.ts"

/**
 * Why a wire request was refused. Every refusal in the library is one of these words;
 * this file is the only place where a word becomes a JSON-RPC code and an HTTP status.
 */
export type Reason =
  // the transport's gate
  | "forbidden-host"
  | "forbidden-origin"
  | "not-found"
  | "method-not-allowed"
  | "not-acceptable"
  | "unsupported-media-type"
  | "body-too-large"
  | "body-timeout"
  | "headers-timeout"
  | "draining"
  | "unauthorized"
  | "forbidden"
  // the message
  | "parse-error"
  | "too-deep"
  | "too-many-values"
  | "invalid-request"
  | "batch-unsupported"
  | "duplicate-id"
  | "not-initialized"
  | "unknown-session"
  // the envelope (2026-07-28)
  | "missing-envelope"
  | "header-mismatch"
  | "unsupported-version"
  // dispatch
  | "too-many-requests"
  | "overloaded"
  | "unknown-method"
  | "invalid-params"
  | "unknown-tool"
  | "unknown-prompt"
  | "unknown-resource"
  | "invalid-cursor"
  | "missing-capability"
  | "invalid-state"
  | "url-elicitation-required"
  | "public-error"
  | "internal-error"
  | "interrupted"

/** A refusal with enough data to act on; `message` names the thing, the place and the fix. */
export interface Refusal {
  readonly reason: Reason
  readonly message: string
  readonly data?: unknown
  /** Extra HTTP response headers, such as `Allow` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Overrides the reason's own HTTP status; only `authenticate` refusals use it. */
  readonly status?: number | undefined
  /** Overrides the reason's own JSON-RPC code; only a `PublicError` with a `code` uses it. */
  readonly code?: number | undefined
}

export const refusal = (reason: Reason, message: string, extra?: Omit<Refusal, "reason" | "message">): Refusal => ({
  reason,
  message,
  ...extra
})

interface Wire {
  readonly code: number
  readonly status: number
}

const table: { readonly [K in Reason]: Wire } = {
  "forbidden-host": { code: -32600, status: 403 },
  "forbidden-origin": { code: -32600, status: 403 },
  "not-found": { code: -32600, status: 404 },
  "method-not-allowed": { code: -32600, status: 405 },
  "not-acceptable": { code: -32600, status: 406 },
  "unsupported-media-type": { code: -32600, status: 415 },
  "body-too-large": { code: -32600, status: 413 },
  "body-timeout": { code: -32600, status: 408 },
  "headers-timeout": { code: -32600, status: 408 },
  draining: { code: -32603, status: 503 },
  unauthorized: { code: -32600, status: 401 },
  forbidden: { code: -32600, status: 403 },
  "parse-error": { code: -32700, status: 400 },
  "too-deep": { code: -32600, status: 400 },
  "too-many-values": { code: -32600, status: 400 },
  "invalid-request": { code: -32600, status: 400 },
  "batch-unsupported": { code: -32600, status: 400 },
  "duplicate-id": { code: -32600, status: 400 },
  "not-initialized": { code: -32600, status: 400 },
  // 2025-11-25 basic/transports, "Session Management"
  "unknown-session": { code: -32600, status: 404 },
  "missing-envelope": { code: -32602, status: 400 },
  "header-mismatch": { code: -32020, status: 400 },
  "unsupported-version": { code: -32022, status: 400 },
  // RFC 6585 §4; RFC 9110 §15.6.4
  "too-many-requests": { code: -32603, status: 429 },
  overloaded: { code: -32603, status: 503 },
  "unknown-method": { code: -32601, status: 404 },
  "invalid-params": { code: -32602, status: 200 },
  "unknown-tool": { code: -32602, status: 200 },
  "unknown-prompt": { code: -32602, status: 200 },
  "unknown-resource": { code: -32602, status: 200 },
  "invalid-cursor": { code: -32602, status: 200 },
  "missing-capability": { code: -32021, status: 400 },
  "invalid-state": { code: -32602, status: 200 },
  // 2025-11-25 client/elicitation, "URL Elicitation Required Error"; never sent on 2026-07-28
  "url-elicitation-required": { code: -32042, status: 200 },
  "public-error": { code: -32603, status: 200 },
  "internal-error": { code: -32603, status: 200 },
  interrupted: { code: -32603, status: 503 }
}

/** Where the handshake revisions (2024-11-05 … 2025-11-25) answer differently from 2026-07-28. */
const handshake: { readonly [K in Reason]?: Wire } = {
  "unknown-method": { code: -32601, status: 200 },
  // 2025-11-25 server/resources, "Error Handling"
  "unknown-resource": { code: -32002, status: 200 },
  "missing-capability": { code: -32603, status: 200 },
  // 2025-11-25 basic/transports, "Protocol Version Header"
  "unsupported-version": { code: -32600, status: 400 }
}

export type Era = "handshake" | "sessionless"

/** The HTTP status of a refusal. */
export const statusOf = (refused: Refusal, era: Era): number => refused.status ?? wireOf(refused.reason, era).status

/** The JSON-RPC error response of a refusal; the id is left out where it could not be read. */
export const errorOf = (refused: Refusal, era: Era, id: RequestId | undefined): JsonRpcError => ({
  jsonrpc: "2.0",
  ...(id === undefined ? undefined : { id }),
  error: {
    code: refused.code ?? wireOf(refused.reason, era).code,
    message: refused.message,
    ...(refused.data === undefined ? undefined : { data: refused.data })
  }
})

const wireOf = (reason: Reason, era: Era): Wire => (era === "handshake" && handshake[reason]) || table[reason]
