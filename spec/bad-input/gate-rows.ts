import { good, headerValue, tool } from "./exchange.ts"
import { refused, type Row } from "./row.ts"

export const gateRows: ReadonlyArray<Row> = [
  // gate
  refused(
    "bad Host",
    good({ headers: { host: "evil.example.com" } }),
    403,
    -32600,
    'This server does not answer to the Host "evil.example.com"; its operator can add it to the `hosts` option.',
    { id: undefined }
  ),
  refused(
    "empty Host",
    good({ headers: { host: "" } }),
    403,
    -32600,
    'This server does not answer to the Host ""; its operator can add it to the `hosts` option.',
    { id: undefined }
  ),
  refused(
    "bad Origin",
    good({ headers: { origin: "https://evil.example.com" } }),
    403,
    -32600,
    'Requests from the Origin "https://evil.example.com" are not allowed; the operator can add it to the `origins` option.',
    { id: undefined }
  ),
  refused(
    "null Origin",
    good({ headers: { origin: "null" } }),
    403,
    -32600,
    'Requests from the Origin "null" are not allowed; the operator can add it to the `origins` option.',
    { id: undefined }
  ),
  refused(
    "text/plain",
    good({ headers: { "content-type": "text/plain" } }),
    415,
    -32600,
    "The Content-Type must be application/json, in UTF-8 if it names a charset.",
    { id: undefined }
  ),
  refused(
    "no content type",
    good({ headers: { "content-type": undefined } }),
    415,
    -32600,
    "The Content-Type must be application/json, in UTF-8 if it names a charset.",
    { id: undefined }
  ),
  refused(
    "latin1",
    good({ headers: { "content-type": "application/json; charset=iso-8859-1" } }),
    415,
    -32600,
    "The Content-Type must be application/json, in UTF-8 if it names a charset.",
    { id: undefined }
  ),
  refused(
    "gzip",
    good({ headers: { "content-encoding": "gzip" } }),
    415,
    -32600,
    "The body has a Content-Encoding; send it without compression.",
    { id: undefined }
  ),
  refused(
    "accept html",
    good({ headers: { accept: "text/html" } }),
    406,
    -32600,
    "The Accept header must admit application/json or text/event-stream; clients send both.",
    { id: undefined }
  ),
  refused(
    "accept __proto__",
    good({ headers: { accept: "__proto__, constructor" } }),
    406,
    -32600,
    "The Accept header must admit application/json or text/event-stream; clients send both.",
    { id: undefined }
  ),
  refused("GET", { ...good(), method: "GET", body: "" }, 405, -32600, "MCP is served by POST only.", { id: undefined }),
  refused("PUT", { ...good(), method: "PUT" }, 405, -32600, "MCP is served by POST only.", { id: undefined }),
  refused("DELETE", { ...good(), method: "DELETE" }, 405, -32600, "MCP is served by POST only.", { id: undefined }),
  refused(
    "DELETE without a session",
    { ...good({ headers: { "mcp-protocol-version": undefined } }), method: "DELETE" },
    400,
    -32600,
    "DELETE ends a session; send the Mcp-Session-Id that the answer to initialize had.",
    { id: undefined }
  ),
  refused(
    "DELETE of a session nobody began",
    {
      ...good({ headers: { "mcp-protocol-version": undefined, "mcp-session-id": "../../etc/passwd" } }),
      method: "DELETE"
    },
    404,
    -32600,
    'Mcp-Session-Id "../../etc/passwd" is not known here, or its session has ended; send initialize to begin a new one.',
    { id: undefined }
  ),
  refused("OPTIONS", { ...good(), method: "OPTIONS", body: "" }, 405, -32600, "MCP is served by POST only.", {
    id: undefined
  }),
  refused("PATCH", { ...good(), method: "PATCH" }, 405, -32600, "MCP is served by POST only.", { id: undefined }),
  refused(
    "wrong path",
    { ...good(), target: "/" },
    404,
    -32600,
    "Nothing is served at this path; MCP is served at /mcp.",
    { id: undefined }
  ),
  refused(
    "path below",
    { ...good(), target: "/mcp/x" },
    404,
    -32600,
    "Nothing is served at this path; MCP is served at /mcp.",
    { id: undefined }
  ),
  refused(
    "path climbing",
    { ...good(), target: "/x/../mcp/../../etc/passwd" },
    404,
    -32600,
    "Nothing is served at this path; MCP is served at /mcp.",
    { id: undefined }
  ),
  refused(
    "an HTTP method nobody knows",
    { ...good(), method: "FROB" },
    400,
    -32600,
    "The connection does not speak HTTP/1.1.",
    { id: undefined }
  ),
  refused(
    "huge header",
    good({ headers: { "x-big": "h".repeat(20_000) } }),
    431,
    -32600,
    "The headers of the request are too large.",
    { id: undefined }
  ),
  refused(
    "a name with blanks at its end",
    tool("sp ace ", {}, { headers: { "mcp-name": headerValue("sp ace ") } }),
    200,
    -32602,
    'Unknown tool: "sp ace ". tools/list names the ones there are.'
  )
]
