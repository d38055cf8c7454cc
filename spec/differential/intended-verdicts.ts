import {
  asked,
  basic2026,
  changed,
  type Intended,
  isNotification,
  overHttp2025,
  overHttp2026,
  served,
  statusOf
} from "./difference.ts"

/** Statuses and codes that are meant to differ. */
export const verdicts: ReadonlyArray<Intended> = [
  {
    says: "a notification whose metadata is malformed is taken and does nothing",
    decides:
      'JSON-RPC 2.0 §4.1: "The Server MUST NOT reply to a Notification, including those that are within a batch request."',
    at: (at) =>
      changed("_meta an array", "_meta a string", "_meta null", "a progress token of no kind")(at) &&
      at.ours === "202 nothing" &&
      at.theirs === "400 -32600"
  },
  {
    says: "a method nobody serves has no parameters to look at",
    decides: 'JSON-RPC 2.0 §5.1: "-32601 Method not found: The method does not exist / is not available."',
    at: (at) =>
      asked("an unknown method")(at) &&
      changed("_meta an array", "_meta a string", "_meta null", "a progress token of no kind")(at) &&
      at.ours.endsWith("-32601") &&
      at.theirs === "400 -32600"
  },
  {
    says: "initialize that names a session which is none finds none",
    decides: `${overHttp2025}, "Session Management": "it MUST respond to requests containing that session ID with HTTP 404 Not Found."`,
    at: (at) =>
      asked("initialize")(at) &&
      changed("a session nobody began")(at) &&
      at.ours === "404 -32600" &&
      at.theirs.startsWith("400")
  },
  {
    says: "mcpipe uses no code of the legacy range",
    decides: `${basic2026}, "Error Codes": "New codes MUST NOT be allocated in this sub-range, and new implementations SHOULD NOT use codes from this sub-range at all." (-32000 to -32019)`,
    at: ({ ours, theirs }) =>
      statusOf(ours) === statusOf(theirs) && ours.endsWith(" -32600") && /^4\d\d -320(?:00|01)$/.test(theirs)
  },
  {
    says: "parameters that are not what the method takes are its client's fault, not an internal error",
    decides: 'JSON-RPC 2.0 §5.1: "-32602 Invalid params: Invalid method parameter(s)."',
    at: ({ ours, theirs }) => ours === "200 -32602" && theirs === "200 -32603"
  },
  {
    says: "an initialize without the parameters it needs says so, whatever session it would begin",
    decides: 'JSON-RPC 2.0 §5.1: "-32602 Invalid params: Invalid method parameter(s)."',
    at: ({ exchange, ours, theirs }) =>
      exchange.what.startsWith("initialize") && ours === "200 -32602" && theirs === "400 -32000"
  },
  {
    says: "a resource that is not there has a code of its own in the handshake era",
    decides: '2025-11-25 server/resources, "Error Handling": "Resource not found: -32002"',
    at: ({ exchange, ours, theirs }) =>
      exchange.era !== "sessionless" && ours === "200 -32002" && theirs === "200 -32602"
  },
  {
    says: "what is subscribed to must be there",
    decides: '2025-11-25 server/resources, "Error Handling": "Resource not found: -32002"',
    at: (at) => asked("resources/subscribe")(at) && changed("uri no URI")(at) && at.ours === "200 -32002"
  },
  {
    says: "without a session there is nobody to tell of changes",
    decides: `${overHttp2025}, "Session Management": "Servers that require a session ID SHOULD respond to requests without an MCP-Session-Id header (other than initialization) with HTTP 400 Bad Request."`,
    at: (at) =>
      asked("resources/subscribe", "resources/unsubscribe")(at) &&
      at.exchange.era === "stateless" &&
      at.ours === "400 -32600" &&
      at.theirs === "200 result"
  },
  {
    says: "a cursor that this server did not make is refused",
    decides:
      '2025-11-25 server/utilities/pagination: "Invalid cursors SHOULD result in an error with code -32602 (Invalid params)."',
    at: ({ exchange, ours, theirs }) =>
      /, a cursor of/.test(exchange.what) && ours === "200 -32602" && theirs === "200 result"
  },
  {
    says: "members that JSON-RPC does not know are let be",
    decides:
      'JSON-RPC 2.0 §4 names the members a request has and forbids no others; 2025-11-25 schema.json, JSONRPCRequest: required ["id", "jsonrpc", "method"], no "additionalProperties": false',
    at: (at) =>
      changed("one more member", "a result beside the method", "__proto__ as a member")(at) &&
      at.theirs === "400 -32600"
  },
  {
    says: "two members of one name are refused in the envelope",
    decides:
      'RFC 8259 §4: "When the names within an object are not unique, the behavior of software that receives such an object is unpredictable."',
    at: (at) => changed("an id twice")(at) && at.ours === "400 -32600"
  },
  {
    says: "a byte order mark is no JSON",
    decides:
      'RFC 8259 §8.1: "implementations that parse JSON texts MAY ignore the presence of a byte order mark rather than treating it as an error."',
    at: (at) => changed("a byte order mark")(at) && at.ours === "400 -32700"
  },
  {
    says: "messages that nest very deep are refused",
    decides: 'RFC 8259 §9: "An implementation may set limits on the maximum depth of nesting."',
    at: (at) => asked("1,000 levels")(at) && at.ours === "400 -32600"
  },
  {
    says: "batches are of 2025-03-26 only",
    decides: `${overHttp2025}, "Sending Messages to the Server": "The body of the POST request MUST be a single JSON-RPC request, notification, or response."`,
    at: (at) => changed("in a batch of")(at) && at.ours === "400 -32600"
  },
  {
    says: "what the client accepts decides, not that it names two types",
    decides:
      'RFC 9110 §12.5.1: "with "*/*" indicating all media types"; §12.4.1: "the origin server can either honor the header field by sending a 406 (Not Acceptable) response or disregard the header field"',
    at: (at) =>
      changed("Accept of JSON only", "Accept of events only", "Accept of anything")(at) &&
      served(at) &&
      at.theirs === "406 -32000"
  },
  {
    says: "a client that accepts neither JSON nor events is told so, also on 2026-07-28",
    decides:
      'RFC 9110 §12.4.1: "the origin server can either honor the header field by sending a 406 (Not Acceptable) response or disregard the header field"',
    at: (at) => changed("no Accept", "Accept of HTML")(at) && at.ours === "406 -32600"
  },
  {
    says: "an envelope that is no object lacks its required fields",
    decides: `${basic2026}, "_meta": "A request missing any required field is malformed; the server MUST reject it with JSON-RPC error code -32602 (Invalid params)."`,
    at: (at) =>
      changed("_meta an array", "_meta a string", "_meta null")(at) &&
      at.ours === "400 -32602" &&
      at.theirs === "400 -32600"
  },
  {
    says: "a log level nobody knows is refused by its code; only missing fields have a status of their own",
    decides: '2026-07-28 server/utilities/logging, "Error Handling": "Invalid log level: -32602 (Invalid params)"',
    at: (at) => changed("a log level of no kind")(at) && at.ours === "200 -32602" && at.theirs === "400 -32602"
  },
  {
    says: "a capability that is no object is one that was not declared",
    decides: `${basic2026}, "_meta": "A server MUST NOT rely on capabilities the client has not declared."`,
    at: (at) => changed("capabilities of no kind")(at) && served(at) && at.theirs === "400 -32602"
  },
  {
    says: "the headers of notifications are not compared with their bodies",
    decides: `${overHttp2026}, "Sending Messages": "header requirements for notification POSTs are not defined by this revision."`,
    at: (at) => isNotification(at) && at.ours === "202 nothing" && at.theirs === "400 -32020"
  },
  {
    says: "an envelope of 2026-07-28 around a notification is not examined",
    decides: `${basic2026}, "_meta": "Client requests carry the following io.modelcontextprotocol/* fields in _meta"`,
    at: (at) => isNotification(at) && at.ours === "202 nothing" && at.theirs === "400 -32602"
  },
  {
    says: "the version header of initialize is not looked at: it negotiates",
    decides: `${overHttp2025}, "Protocol Version Header": "the client MUST include the MCP-Protocol-Version: <protocol-version> HTTP header on all subsequent requests"`,
    at: (at) => asked("initialize")(at) && changed("nonsense in the version header")(at) && at.ours === "200 result"
  },
  {
    says: "a version header that is no version is refused as such",
    decides: `${overHttp2025}, "Protocol Version Header": "If the server receives a request with an invalid or unsupported MCP-Protocol-Version, it MUST respond with 400 Bad Request." (no code is named)`,
    at: (at) =>
      changed("nonsense in the version header")(at) &&
      at.ours === "400 -32600" &&
      ["400 -32602", "400 -32022"].includes(at.theirs)
  },
  {
    says: "initialize on 2026-07-28 is unknown like any removed method, once its envelope is whole",
    decides: `${overHttp2026}, "Protocol Version Header": "If the server does not implement the requested RPC method, it MUST respond with 404 Not Found and a JSON-RPC error with code -32601"`,
    at: (at) => asked("initialize")(at) && at.exchange.era === "sessionless" && at.theirs === "400 -32020"
  },
  {
    says: "a response without a session reaches nobody",
    decides: `${overHttp2025}, "Sending Messages to the Server": "If the server cannot accept the input, it MUST return an HTTP error status code (e.g., 400 Bad Request)."`,
    at: (at) =>
      asked("a result nobody waits for", "an error nobody waits for")(at) &&
      at.ours === "400 -32600" &&
      at.theirs === "202 nothing"
  },
  {
    says: "answers that are no map of answers are refused",
    decides:
      '2026-07-28 basic/patterns/mrtr, "Error Handling": "Servers SHOULD validate that the data provided by the client is a valid InputResponses object"',
    at: (at) => asked("a retry of ask, answers that are")(at) && at.ours === "200 -32602"
  },
  {
    says: "a state that this server did not seal is refused",
    decides: '2026-07-28 basic/patterns/mrtr, "Server Requirements": "and MUST reject state that fails verification."',
    at: (at) => asked("a retry of ask, a state")(at) && at.ours === "200 -32602"
  },
  {
    says: "GET and DELETE without a session lack its id",
    decides: `${overHttp2025}, "Session Management": "Servers that require a session ID SHOULD respond to requests without an MCP-Session-Id header (other than initialization) with HTTP 400 Bad Request."`,
    at: (at) =>
      asked("GET without a session", "DELETE without a session")(at) &&
      at.ours === "400 -32600" &&
      at.theirs === "405 -32000"
  },
  {
    says: "a request without an envelope is told so first, also where its header names a version nobody knows",
    decides: `${basic2026}, "_meta": "A request missing any required field is malformed; the server MUST reject it with JSON-RPC error code -32602 (Invalid params)."`,
    at: (at) =>
      asked("initialize")(at) &&
      changed("a version of tomorrow in the header")(at) &&
      at.ours === "400 -32602" &&
      at.theirs === "400 -32020"
  }
]
