import { good, raw } from "./exchange.ts"
import { answered, nested, params, ping, plain, refused, request, revision, type Row } from "./row.ts"

export const messageRows: ReadonlyArray<Row> = [
  // text
  refused("an empty body", raw(""), 400, -32700, "The message is not valid JSON: Unexpected end of JSON input", {
    id: undefined
  }),
  refused("blanks", raw("  \n"), 400, -32700, "The message is not valid JSON: Unexpected end of JSON input", {
    id: undefined
  }),
  refused(
    "a word",
    raw("hello"),
    400,
    -32700,
    "The message is not valid JSON: Unexpected token 'h', \"hello\" is not valid JSON",
    { id: undefined }
  ),
  refused(
    "truncated JSON",
    raw('{"jsonrpc":"2.0","id":1,"method":"tools/ca'),
    400,
    -32700,
    "The message is not valid JSON: Unterminated string in JSON at position 42",
    { id: undefined }
  ),
  refused(
    "two documents",
    raw('{"a":1}{"b":2}'),
    400,
    -32700,
    "The message is not valid JSON: Unexpected non-whitespace character after JSON at position 7",
    { id: undefined }
  ),
  refused(
    "a trailing comma",
    raw('{"jsonrpc":"2.0",}'),
    400,
    -32700,
    "The message is not valid JSON: Expected double-quoted property name in JSON at position 17",
    { id: undefined }
  ),
  refused(
    "NaN",
    raw('{"jsonrpc":"2.0","id":NaN}'),
    400,
    -32700,
    'The message is not valid JSON: Unexpected token \'N\', ..."2.0","id":NaN}" is not valid JSON',
    { id: undefined }
  ),
  refused(
    "a NUL in a string",
    raw('{"jsonrpc":"2.0","id":1,"method":"a\u0000b"}'),
    400,
    -32700,
    "The message is not valid JSON: Bad control character in string literal in JSON at position 35",
    { id: undefined }
  ),
  refused(
    "a byte order mark",
    raw(`\ufeff${good().body}`),
    400,
    -32700,
    'The message is not valid JSON: Unexpected token \'﻿\', "﻿{"jsonrpc"... is not valid JSON',
    { id: undefined }
  ),
  refused(
    "bytes that are no UTF-8",
    raw(Uint8Array.from([0x22, 0xff, 0xfe, 0x22])),
    400,
    -32700,
    "The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1).",
    { id: undefined }
  ),
  refused(
    "65 levels",
    raw(nested(65)),
    400,
    -32600,
    "The message nests deeper than 64 levels, the most this server reads.",
    { id: undefined }
  ),
  refused(
    "100,000 levels",
    raw("[".repeat(100_000)),
    400,
    -32600,
    "The message nests deeper than 64 levels, the most this server reads.",
    { id: undefined }
  ),
  refused(
    "a body over 4 MiB",
    raw(`"${"x".repeat(4 * 1_048_576)}"`),
    413,
    -32600,
    "The body is larger than 4194304 bytes, the most this server reads.",
    { id: undefined }
  ),
  // messages
  refused("null", raw("null"), 400, -32600, "A message must be a JSON-RPC object, not null.", { id: undefined }),
  refused("a number", raw("5"), 400, -32600, "A message must be a JSON-RPC object, not 5.", { id: undefined }),
  refused("a string", raw('"tools/list"'), 400, -32600, 'A message must be a JSON-RPC object, not "tools/list".', {
    id: undefined
  }),
  refused("an empty object", raw({}), 400, -32600, 'jsonrpc must be "2.0"; it is missing.', { id: undefined }),
  refused(
    "no jsonrpc",
    raw({ id: 1, method: "tools/list", params }),
    400,
    -32600,
    'jsonrpc must be "2.0"; it is missing.'
  ),
  refused(
    "jsonrpc 1.0",
    raw({ ...request, jsonrpc: "1.0", params }),
    400,
    -32600,
    'jsonrpc must be "2.0"; it is "1.0".'
  ),
  refused(
    "jsonrpc as a number",
    raw({ ...request, jsonrpc: 2, params }),
    400,
    -32600,
    'jsonrpc must be "2.0"; it is 2.'
  ),
  refused("no method", raw({ jsonrpc: "2.0", id: 1, params }), 400, -32600, "method must be a string; it is missing."),
  refused(
    "a method that is a number",
    raw({ ...request, method: 5, params }),
    400,
    -32600,
    "method must be a string; it is 5."
  ),
  refused(
    "a null method",
    raw({ ...request, method: null, params }),
    400,
    -32600,
    "method must be a string; it is null."
  ),
  refused(
    "id null",
    raw({ ...request, id: null, params }),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is null.",
    { id: undefined }
  ),
  refused(
    "id 1.5",
    raw({ ...request, id: 1.5, params }),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is 1.5.",
    {
      id: undefined
    }
  ),
  refused(
    "an id beyond all doubles",
    raw(`{"jsonrpc":"2.0","id":1e400,"method":"tools/list"}`),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is Infinity.",
    { id: undefined }
  ),
  refused(
    "an id that no double holds",
    raw(String(good({ id: 0 }).body).replace('"id":0', '"id":9007199254740993')),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is 9007199254740992.",
    { id: undefined }
  ),
  refused(
    "id an object",
    raw({ ...request, id: { a: 1 }, params }),
    400,
    -32600,
    'id must be a string or an integer of at most 53 bits; it is {"a":1}.',
    { id: undefined }
  ),
  refused(
    "id an array",
    raw({ ...request, id: [1], params }),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is [1].",
    { id: undefined }
  ),
  refused(
    "id true",
    raw({ ...request, id: true, params }),
    400,
    -32600,
    "id must be a string or an integer of at most 53 bits; it is true.",
    { id: undefined }
  ),
  answered("id empty string", good({ id: "" }), "3"),
  refused("params an array", raw({ ...request, params: [1, 2] }), 400, -32600, "params must be an object, not [1,2]."),
  refused("params null", raw({ ...request, params: null }), 400, -32600, "params must be an object, not null."),
  refused("params a string", raw({ ...request, params: "add" }), 400, -32600, 'params must be an object, not "add".'),
  refused(
    "a posted result",
    raw({ jsonrpc: "2.0", id: 1, result: {} }),
    400,
    -32600,
    "This server waits for no response: it sends no requests to clients of 2026-07-28.",
    { id: undefined }
  ),
  refused(
    "a posted error",
    raw({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "x" } }),
    400,
    -32600,
    "This server waits for no response: it sends no requests to clients of 2026-07-28.",
    { id: undefined }
  ),
  refused(
    "a posted result without id",
    raw({ jsonrpc: "2.0", result: {} }),
    400,
    -32600,
    "A response must have the id of a request: a string or an integer.",
    { id: undefined }
  ),
  // batches
  refused(
    "a batch on 2026-07-28",
    raw([JSON.parse(String(good().body))]),
    400,
    -32600,
    "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.",
    { id: undefined }
  ),
  refused(
    "a batch on 2025-11-25",
    raw([ping], revision("2025-11-25")),
    400,
    -32600,
    "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.",
    { id: undefined }
  ),
  refused(
    "a batch on 2025-06-18",
    raw([ping], revision("2025-06-18")),
    400,
    -32600,
    "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.",
    { id: undefined }
  ),
  refused(
    "a batch on 2024-11-05",
    raw([ping], revision("2024-11-05")),
    400,
    -32600,
    "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.",
    { id: undefined }
  ),
  refused("an empty batch", raw([], revision("2025-03-26")), 400, -32600, "A batch holds 1 to 100 messages, not 0.", {
    id: undefined
  }),
  refused(
    "a batch of 101",
    raw(
      Array.from({ length: 101 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" })),
      revision("2025-03-26")
    ),
    400,
    -32600,
    "A batch holds 1 to 100 messages, not 101.",
    { id: undefined }
  ),
  plain(
    "a batch of bad messages",
    raw([1, {}, [], ping, { jsonrpc: "2.0", id: 2, method: "nope" }], revision("2025-03-26")),
    200,
    [
      { jsonrpc: "2.0", error: { code: -32600, message: "A message must be a JSON-RPC object, not 1." } },
      { jsonrpc: "2.0", error: { code: -32600, message: 'jsonrpc must be "2.0"; it is missing.' } },
      { jsonrpc: "2.0", error: { code: -32600, message: "A message must be a JSON-RPC object, not []." } },
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, error: { code: -32601, message: 'Method not found: "nope".' } }
    ]
  ),
  plain(
    "a batch with initialize",
    raw(
      [
        {
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "a", version: "1" } }
        }
      ],
      revision("2025-03-26")
    ),
    200,
    [
      {
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32600, message: "initialize must not be part of a batch; send it alone." }
      }
    ]
  ),
  plain(
    "a batch of notifications",
    raw([{ jsonrpc: "2.0", method: "notifications/initialized" }], revision("2025-03-26")),
    202,
    ""
  ),
  plain("a batch with same ids", raw([ping, ping], revision("2025-03-26")), 200, [
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: 1, result: {} }
  ])
]
