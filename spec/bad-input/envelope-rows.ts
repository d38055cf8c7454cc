import { before, good, raw } from "./exchange.ts"
import { request, meta, refused, type Row } from "./row.ts"

export const envelopeRows: ReadonlyArray<Row> = [
  // envelope
  refused(
    "no params at all",
    raw({ ...request }),
    400,
    -32602,
    "params._meta must carry io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities."
  ),
  refused(
    "no _meta",
    raw({ ...request, params: { name: "add" } }),
    400,
    -32602,
    "params._meta must carry io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities."
  ),
  refused(
    "_meta a list",
    raw({ ...request, params: { name: "add", _meta: [] } }),
    400,
    -32602,
    "params._meta must carry io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities."
  ),
  refused(
    "no version",
    good({ meta: { [meta.version]: undefined } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/protocolVersion"] must be a string.'
  ),
  refused(
    "version number",
    good({ meta: { [meta.version]: 20260728 } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/protocolVersion"] must be a string.'
  ),
  refused(
    "no capabilities",
    good({ meta: { [meta.capabilities]: undefined } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientCapabilities"] must be an object.'
  ),
  refused(
    "capabilities list",
    good({ meta: { [meta.capabilities]: [] } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientCapabilities"] must be an object.'
  ),
  refused(
    "capabilities null",
    good({ meta: { [meta.capabilities]: null } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientCapabilities"] must be an object.'
  ),
  refused(
    "clientInfo string",
    good({ meta: { [meta.info]: "me" } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientInfo"] must be { name: string, version: string }.'
  ),
  refused(
    "clientInfo no version",
    good({ meta: { [meta.info]: { name: "me" } } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientInfo"] must be { name: string, version: string }.'
  ),
  refused(
    "clientInfo null",
    good({ meta: { [meta.info]: null } }),
    400,
    -32602,
    'params._meta["io.modelcontextprotocol/clientInfo"] must be { name: string, version: string }.'
  ),
  refused(
    "log level",
    good({ meta: { [meta.level]: "loud" } }),
    200,
    -32602,
    'params._meta["io.modelcontextprotocol/logLevel"]: unknown log level "loud"; use one of debug, info, notice, warning, error, critical, alert, emergency.'
  ),
  refused(
    "log level toString",
    good({ meta: { [meta.level]: "toString" } }),
    200,
    -32602,
    'params._meta["io.modelcontextprotocol/logLevel"]: unknown log level "toString"; use one of debug, info, notice, warning, error, critical, alert, emergency.'
  ),
  refused(
    "log level number",
    good({ meta: { [meta.level]: 3 } }),
    200,
    -32602,
    'params._meta["io.modelcontextprotocol/logLevel"]: unknown log level 3; use one of debug, info, notice, warning, error, critical, alert, emergency.'
  ),
  refused(
    "unknown version",
    good({ meta: { [meta.version]: "2027-01-01" }, headers: { "mcp-protocol-version": "2027-01-01" } }),
    400,
    -32022,
    'Unsupported protocol version "2027-01-01"; use 2026-07-28.',
    { data: { supported: ["2026-07-28"], requested: "2027-01-01" } }
  ),
  refused(
    "a handshake revision in an envelope",
    good({ meta: { [meta.version]: "2025-11-25" }, headers: { "mcp-protocol-version": "2025-11-25" } }),
    400,
    -32022,
    'Unsupported protocol version "2025-11-25"; use 2026-07-28.',
    { data: { supported: ["2026-07-28"], requested: "2025-11-25" } }
  ),
  refused(
    "version __proto__",
    good({ meta: { [meta.version]: "__proto__" }, headers: { "mcp-protocol-version": "__proto__" } }),
    400,
    -32022,
    'Unsupported protocol version "__proto__"; use 2026-07-28.',
    { data: { supported: ["2026-07-28"], requested: "__proto__" } }
  ),
  refused(
    "progress token object",
    good({ meta: { progressToken: { a: 1 } } }),
    400,
    -32600,
    'params._meta.progressToken must be a string or an integer, not {"a":1}.'
  ),
  refused(
    "progress token null",
    good({ meta: { progressToken: null } }),
    400,
    -32600,
    "params._meta.progressToken must be a string or an integer, not null."
  ),
  refused(
    "progress token 1.5",
    good({ meta: { progressToken: 1.5 } }),
    400,
    -32600,
    "params._meta.progressToken must be a string or an integer, not 1.5."
  ),
  // initialize
  refused(
    "initialize without params",
    before("initialize"),
    200,
    -32602,
    'initialize: params.protocolVersion must be a string, such as "2025-11-25".'
  ),
  refused(
    "initialize no version",
    before("initialize", { capabilities: {}, clientInfo: { name: "a", version: "1" } }),
    200,
    -32602,
    'initialize: params.protocolVersion must be a string, such as "2025-11-25".'
  ),
  refused(
    "initialize capabilities null",
    before("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: null,
      clientInfo: { name: "a", version: "1" }
    }),
    200,
    -32602,
    "initialize: params.capabilities must be an object."
  ),
  refused(
    "initialize clientInfo",
    before("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: 5 } }),
    200,
    -32602,
    "initialize: params.clientInfo must be { name: string, version: string }."
  ),
  refused(
    "setLevel loud",
    before("logging/setLevel", { level: "loud" }),
    200,
    -32602,
    'logging/setLevel: unknown level "loud"; use one of debug, info, notice, warning, error, critical, alert, emergency.'
  ),
  refused(
    "setLevel __proto__",
    before("logging/setLevel", { level: "__proto__" }),
    200,
    -32602,
    'logging/setLevel: unknown level "__proto__"; use one of debug, info, notice, warning, error, critical, alert, emergency.'
  )
]
