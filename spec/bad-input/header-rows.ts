import { before, good, tool } from "./exchange.ts"
import { answered, refused, type Row } from "./row.ts"

export const headerRows: ReadonlyArray<Row> = [
  // headers
  refused(
    "no version header",
    good({ headers: { "mcp-protocol-version": undefined } }),
    400,
    -32020,
    'Header mismatch: MCP-Protocol-Version is missing, but the body says "2026-07-28".'
  ),
  refused(
    "other version header",
    good({ headers: { "mcp-protocol-version": "2025-11-25" } }),
    400,
    -32020,
    'Header mismatch: MCP-Protocol-Version is "2025-11-25", but the body says "2026-07-28".'
  ),
  refused(
    "garbage version header",
    good({ headers: { "mcp-protocol-version": "latest" } }),
    400,
    -32020,
    'Header mismatch: MCP-Protocol-Version is "latest", but the body says "2026-07-28".'
  ),
  refused(
    "no Mcp-Method",
    good({ headers: { "mcp-method": undefined } }),
    400,
    -32020,
    'Header mismatch: Mcp-Method is missing, but the body says "tools/call".'
  ),
  refused(
    "other Mcp-Method",
    good({ headers: { "mcp-method": "tools/list" } }),
    400,
    -32020,
    'Header mismatch: Mcp-Method is "tools/list", but the body says "tools/call".'
  ),
  refused(
    "Mcp-Method in capitals",
    good({ headers: { "mcp-method": "Tools/Call" } }),
    400,
    -32020,
    'Header mismatch: Mcp-Method is "Tools/Call", but the body says "tools/call".'
  ),
  refused(
    "no Mcp-Name",
    good({ headers: { "mcp-name": undefined } }),
    400,
    -32020,
    'Header mismatch: Mcp-Name is missing, but the body says "add".'
  ),
  refused(
    "other Mcp-Name",
    good({ headers: { "mcp-name": "query" } }),
    400,
    -32020,
    'Header mismatch: Mcp-Name is "query", but the body says "add".'
  ),
  refused(
    "Mcp-Name bad base64",
    good({ headers: { "mcp-name": "=?base64?a!b?=" } }),
    400,
    -32020,
    "Header mismatch: Mcp-Name holds invalid base64."
  ),
  refused(
    "Mcp-Name base64 of no UTF-8",
    good({ headers: { "mcp-name": "=?base64?//79?=" } }),
    400,
    -32020,
    "Header mismatch: Mcp-Name holds invalid base64."
  ),
  refused(
    "Mcp-Name base64 uppercase",
    good({ headers: { "mcp-name": "=?BASE64?YWRk?=" } }),
    400,
    -32020,
    'Header mismatch: Mcp-Name is "=?BASE64?YWRk?=", but the body says "add".'
  ),
  answered("Mcp-Name base64 good", good({ headers: { "mcp-name": "=?base64?YWRk?=" } }), "3"),
  refused(
    "Mcp-Param missing",
    tool("query", { region: "eu" }),
    400,
    -32020,
    'Header mismatch: mcp-param-region is missing, but the body says "eu".'
  ),
  refused(
    "Mcp-Param other",
    tool("query", { region: "eu" }, { headers: { "mcp-param-region": "us" } }),
    400,
    -32020,
    'Header mismatch: mcp-param-region is "us", but the body says "eu".'
  ),
  refused(
    "Mcp-Param without argument",
    tool("query", {}, { headers: { "mcp-param-region": "eu" } }),
    400,
    -32020,
    'Header mismatch: mcp-param-region is "eu", but the argument region is not given.'
  ),
  refused(
    "Mcp-Param bad base64",
    tool("query", { region: "eu" }, { headers: { "mcp-param-region": "=?base64?%?=" } }),
    400,
    -32020,
    "Header mismatch: mcp-param-region holds invalid base64."
  ),
  refused(
    "Mcp-Param number",
    tool("query", { limit: 5 }, { headers: { "mcp-param-limit": "6" } }),
    400,
    -32020,
    'Header mismatch: mcp-param-limit is "6", but the body says "5".'
  ),
  refused(
    "Mcp-Param number text",
    tool("query", { limit: 5 }, { headers: { "mcp-param-limit": "0x5" } }),
    400,
    -32020,
    'Header mismatch: mcp-param-limit is "0x5", but the body says "5".'
  ),
  refused(
    "Mcp-Param wrong type",
    tool("query", { region: { a: 1 } }, { headers: { "mcp-param-region": "eu" } }),
    400,
    -32020,
    'Header mismatch: mcp-param-region is "eu", but the body says "{\\"a\\":1}".'
  ),
  answered(
    "Mcp-Param __proto__",
    tool("query", {}, { headers: { "mcp-param-__proto__": "x", "mcp-param-constructor": "y" } }),
    "nowhere"
  ),
  refused(
    "unknown handshake version header",
    before("tools/list", {}, "2023-01-01"),
    400,
    -32600,
    'MCP-Protocol-Version "2023-01-01" is not supported; use one of 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05.'
  ),
  refused(
    "garbage handshake version header",
    before("tools/list", {}, "constructor"),
    400,
    -32600,
    'MCP-Protocol-Version "constructor" is not supported; use one of 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05.'
  ),
  refused(
    "a version header of 5,000 characters",
    before("tools/list", {}, "v".repeat(5_000)),
    400,
    -32600,
    `MCP-Protocol-Version "${"v".repeat(116)}…" is not supported; use one of 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05.`
  ),
  refused(
    "a bad call without envelope under an old version header",
    before("tools/call", { name: "add", arguments: [] }),
    200,
    -32602,
    "tools/call: params.arguments must be an object, not []."
  )
]
