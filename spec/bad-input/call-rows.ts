import { before, now, raw, tool, withProto } from "./exchange.ts"
import { request, answered, params, plain, refused, type Row, told } from "./row.ts"

export const callRows: ReadonlyArray<Row> = [
  // methods
  refused("an unknown method", now("tools/frobnicate"), 404, -32601, 'Method not found: "tools/frobnicate".'),
  refused("an empty method", now(""), 404, -32601, 'Method not found: "".'),
  refused("a very long method", now("x".repeat(5000)), 404, -32601, `Method not found: "${"x".repeat(116)}…".`),
  refused(
    "initialize with envelope",
    now("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "a", version: "1" } }),
    404,
    -32601,
    'Method not found: "initialize"; this server does not serve it at revision 2026-07-28.'
  ),
  refused(
    "ping",
    now("ping"),
    404,
    -32601,
    'Method not found: "ping"; this server does not serve it at revision 2026-07-28.'
  ),
  refused(
    "logging/setLevel",
    now("logging/setLevel", { level: "info" }),
    404,
    -32601,
    'Method not found: "logging/setLevel"; this server does not serve it at revision 2026-07-28.'
  ),
  refused(
    "resources/subscribe",
    now("resources/subscribe", { uri: "config://app" }),
    404,
    -32601,
    'Method not found: "resources/subscribe"; this server does not serve it at revision 2026-07-28.'
  ),
  refused(
    "resources/unsubscribe",
    now("resources/unsubscribe", { uri: "config://app" }),
    404,
    -32601,
    'Method not found: "resources/unsubscribe"; this server does not serve it at revision 2026-07-28.'
  ),
  refused("tasks/list", now("tasks/list"), 404, -32601, 'Method not found: "tasks/list".'),
  refused("tasks/result", now("tasks/result"), 404, -32601, 'Method not found: "tasks/result".'),
  refused("method __proto__", now("__proto__"), 404, -32601, 'Method not found: "__proto__".'),
  refused("method constructor", now("constructor"), 404, -32601, 'Method not found: "constructor".'),
  refused("method toString", now("toString"), 404, -32601, 'Method not found: "toString".'),
  refused("method hasOwnProperty", now("hasOwnProperty"), 404, -32601, 'Method not found: "hasOwnProperty".'),
  refused(
    "subscriptions/listen without a filter",
    now("subscriptions/listen"),
    200,
    -32602,
    "subscriptions/listen: params.notifications must be an object, the notifications to send, not missing."
  ),
  refused(
    "subscriptions/listen on 2025-11-25",
    before("subscriptions/listen", { notifications: {} }),
    200,
    -32601,
    'Method not found: "subscriptions/listen"; this server does not serve it at revisions up to 2025-11-25.'
  ),
  refused(
    "resources/subscribe without a session",
    before("resources/subscribe", { uri: "config://app" }),
    400,
    -32600,
    "Subscriptions need a session: send the Mcp-Session-Id that the answer to initialize had, if this server has sessions."
  ),
  refused(
    "server/discover on 2025-11-25",
    before("server/discover", {}),
    200,
    -32601,
    'Method not found: "server/discover"; this server does not serve it at revisions up to 2025-11-25.'
  ),
  refused("method __proto__ on 2025-11-25", before("__proto__", {}), 200, -32601, 'Method not found: "__proto__".'),
  plain("unknown notification", raw({ jsonrpc: "2.0", method: "notifications/nope" }), 202, ""),
  refused(
    "notification with array params",
    raw({ jsonrpc: "2.0", method: "notifications/x", params: [] }),
    400,
    -32600,
    "params must be an object, not [].",
    { id: undefined }
  ),
  // tools
  refused(
    "unknown tool",
    tool("subtract", {}),
    200,
    -32602,
    'Unknown tool: "subtract". tools/list names the ones there are.'
  ),
  refused(
    "no tool name",
    raw({ ...request, params: { ...params, name: undefined } }),
    200,
    -32602,
    "tools/call: params.name must be a string, the name of a tool."
  ),
  refused("tool name a number", tool(5), 200, -32602, "tools/call: params.name must be a string, the name of a tool."),
  refused("tool name null", tool(null), 200, -32602, "tools/call: params.name must be a string, the name of a tool."),
  refused(
    "tool __proto__",
    tool("__proto__"),
    200,
    -32602,
    'Unknown tool: "__proto__". tools/list names the ones there are.'
  ),
  refused(
    "tool constructor",
    tool("constructor"),
    200,
    -32602,
    'Unknown tool: "constructor". tools/list names the ones there are.'
  ),
  refused(
    "tool toString",
    tool("toString"),
    200,
    -32602,
    'Unknown tool: "toString". tools/list names the ones there are.'
  ),
  refused(
    "tool hasOwnProperty",
    tool("hasOwnProperty"),
    200,
    -32602,
    'Unknown tool: "hasOwnProperty". tools/list names the ones there are.'
  ),
  refused(
    "a tool name of 100,000 characters",
    {
      ...tool("y".repeat(100_000)),
      headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "y" }
    },
    400,
    -32020,
    `Header mismatch: Mcp-Name is "y", but the body says "${"y".repeat(116)}…".`
  ),
  refused("tool name of 100 emoji", tool("😀".repeat(100)), 200, -32602, /^Unknown tool: "(?:😀)+…/u),
  refused(
    "NUL and a line break in a tool name",
    tool("a\u0000\nb"),
    200,
    -32602,
    'Unknown tool: "a\\u0000\\nb". tools/list names the ones there are.'
  ),
  refused(
    "a lone surrogate as tool name",
    tool("\ud800", {}, { headers: { "mcp-name": "x" } }),
    400,
    -32020,
    'Header mismatch: Mcp-Name is "x", but the body says "\\ud800".'
  ),
  refused(
    "arguments an array",
    tool("add", [1, 2]),
    200,
    -32602,
    "tools/call: params.arguments must be an object, not [1,2]."
  ),
  refused(
    "arguments null",
    tool("add", null),
    200,
    -32602,
    "tools/call: params.arguments must be an object, not null."
  ),
  refused(
    "arguments a string",
    tool("add", "a=1"),
    200,
    -32602,
    'tools/call: params.arguments must be an object, not "a=1".'
  ),
  told(
    "missing argument",
    tool("add", { a: 1 }),
    'Invalid arguments for tool "add":\n- b: expected number, received nothing'
  ),
  told(
    "no arguments",
    tool("add"),
    'Invalid arguments for tool "add":\n- a: expected number, received nothing\n- b: expected number, received nothing'
  ),
  told(
    "wrong type",
    tool("add", { a: "1", b: 2 }),
    'Invalid arguments for tool "add":\n- a: expected number, received "1"'
  ),
  told(
    "extra argument",
    tool("add", { a: 1, b: 2, c: 3 }),
    'Invalid arguments for tool "add":\n- c: expected no property of this name, received 3; allowed: "a", "b"'
  ),
  told(
    "arguments wrong in four places",
    tool("profile", { user: { name: 5, tags: ["a", "z"] }, age: -1.5 }),
    'Invalid arguments for tool "profile":\n- user.name: expected string, received 5\n- user.tags[1]: expected one of the allowed values, received "z"; allowed: "a", "b"\n- age: expected integer, received -1.5\n- age: expected >=0, received -1.5'
  ),
  answered(
    "1e999 as number",
    { ...tool("add", { a: 7, b: 2 }), body: String(tool("add", { a: 7, b: 2 }).body).replace('"a":7', '"a":1e999') },
    "Infinity"
  ),
  told(
    "an argument __proto__",
    withProto(tool("add", { a: 1, b: 2, PROTO: { x: 1 } })),
    'Invalid arguments for tool "add":\n- __proto__: expected no property of this name, received {"x":1}; allowed: "a", "b"'
  ),
  told(
    "an argument constructor",
    tool("add", { a: 1, b: 2, constructor: 1 }),
    'Invalid arguments for tool "add":\n- constructor: expected no property of this name, received 1; allowed: "a", "b"'
  ),
  told(
    "an argument toString",
    tool("add", { a: 1, b: 2, toString: 1 }),
    'Invalid arguments for tool "add":\n- toString: expected no property of this name, received 1; allowed: "a", "b"'
  ),
  told(
    "a tool open to any argument, and __proto__ and its like",
    withProto(tool("free", { PROTO: { polluted: true }, constructor: 2, toString: 3, hasOwnProperty: 4 })),
    'Invalid arguments for tool "free":\n- __proto__: expected no property of this name, received {"polluted":true}; allowed: none\n- constructor: expected no property of this name, received 2; allowed: none'
  ),
  told(
    "huge string argument",
    tool("add", { a: "z".repeat(1_000_000), b: 2 }),
    'Invalid arguments for tool "add":\n- a: expected number, received "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz…"'
  ),
  told(
    "lone surrogate argument",
    tool("add", { a: "\ud800", b: 2 }),
    'Invalid arguments for tool "add":\n- a: expected number, received "\\ud800"'
  ),
  told(
    "500 extra arguments",
    tool("add", Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))),
    'Invalid arguments for tool "add":\n- a: expected number, received nothing\n- b: expected number, received nothing\n- k0: expected no property of this name, received 0; allowed: "a", "b"\n- k1: expected no property of this name, received 1; allowed: "a", "b"\n- k2: expected no property of this name, received 2; allowed: "a", "b"\n- k3: expected no property of this name, received 3; allowed: "a", "b"\n- k4: expected no property of this name, received 4; allowed: "a", "b"\n- k5: expected no property of this name, received 5; allowed: "a", "b"\n- k6: expected no property of this name, received 6; allowed: "a", "b"\n- k7: expected no property of this name, received 7; allowed: "a", "b"\n- k8: expected no property of this name, received 8; allowed: "a", "b"\n- k9: expected no property of this name, received 9; allowed: "a", "b"\n- k10: expected no property of this name, received 10; allowed: "a", "b"\n- k11: expected no property of this name, received 11; allowed: "a", "b"\n- k12: expected no property of this name, received 12; allowed: "a", "b"\n- k13: expected no property of this name, received 13; allowed: "a", "b"\n- k14: expected no property of this name, received 14; allowed: "a", "b"\n- k15: expected no property of this name, received 15; allowed: "a", "b"\n- k16: expected no property of this name, received 16; allowed: "a", "b"\n- k17: expected no property of this name, received 17; allowed: "a", "b"\n- … and 80 more'
  ),
  told("a handler that throws", tool("broken", {}), /^Internal error \(reference [0-9a-f]{8}\)$/)
]
