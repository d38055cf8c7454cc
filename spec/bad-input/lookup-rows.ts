import { before, now, withProto } from "./exchange.ts"
import { plain, refused, type Row } from "./row.ts"

export const lookupRows: ReadonlyArray<Row> = [
  // resources
  refused(
    "unknown resource",
    now("resources/read", { uri: "config://nope" }),
    200,
    -32602,
    'Resource not found: "config://nope". resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "config://nope" } }
  ),
  refused(
    "no uri",
    now("resources/read", {}),
    200,
    -32602,
    "resources/read: params.uri must be a string, the URI of a resource."
  ),
  refused(
    "uri a number",
    now("resources/read", { uri: 5 }),
    200,
    -32602,
    "resources/read: params.uri must be a string, the URI of a resource."
  ),
  refused(
    "uri empty",
    now("resources/read", { uri: "" }),
    200,
    -32602,
    'Resource not found: "". resources/list and resources/templates/list name the ones there are.',
    {
      data: { uri: "" }
    }
  ),
  refused(
    "uri not a uri",
    now("resources/read", { uri: "config" }),
    200,
    -32602,
    'Resource not found: "config". resources/list and resources/templates/list name the ones there are.',
    {
      data: { uri: "config" }
    }
  ),
  refused(
    "uri __proto__",
    now("resources/read", { uri: "__proto__" }),
    200,
    -32602,
    'Resource not found: "__proto__". resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "__proto__" } }
  ),
  refused(
    "a variable that params refuse",
    now("resources/read", { uri: "user://abc" }),
    200,
    -32602,
    'Invalid variables for resource "user://{id}":\n- id: expected digits, received "abc"'
  ),
  refused(
    "uri variable __proto__",
    now("resources/read", { uri: "user://__proto__" }),
    200,
    -32602,
    'Invalid variables for resource "user://{id}":\n- id: expected digits, received "__proto__"'
  ),
  refused(
    "uri climbing",
    now("resources/read", { uri: "file:///a/../../etc/passwd" }),
    200,
    -32602,
    'Resource not found: "file:///a/../../etc/passwd" ({path} has a ".." segment). resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "file:///a/../../etc/passwd" } }
  ),
  refused(
    "uri climbing encoded",
    now("resources/read", { uri: "file:///a/%2e%2e/x" }),
    200,
    -32602,
    'Resource not found: "file:///a/%2e%2e/x" ({path} has a ".." segment). resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "file:///a/%2e%2e/x" } }
  ),
  refused(
    "uri with NUL",
    now("resources/read", { uri: "file:///a%00b" }),
    200,
    -32602,
    'Resource not found: "file:///a%00b" ({path} contains a control character). resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "file:///a%00b" } }
  ),
  refused(
    "uri with bad escape",
    now("resources/read", { uri: "file:///a%zz" }),
    200,
    -32602,
    'Resource not found: "file:///a%zz". resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "file:///a%zz" } }
  ),
  refused(
    "a URI of 100,000 characters",
    {
      ...now("resources/read", { uri: `config://${"u".repeat(100_000)}` }),
      headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "resources/read", "mcp-name": "x" }
    },
    400,
    -32020,
    `Header mismatch: Mcp-Name is "x", but the body says "config://${"u".repeat(107)}…".`
  ),
  refused(
    "an unknown resource on 2025-11-25",
    before("resources/read", { uri: "config://nope" }),
    200,
    -32002,
    'Resource not found: "config://nope". resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "config://nope" } }
  ),
  refused(
    "a URI of 10,000 characters on 2025-11-25",
    before("resources/read", { uri: `config://${"u".repeat(10_000)}` }),
    200,
    -32002,
    `Resource not found: "config://${"u".repeat(107)}…". resources/list and resources/templates/list name the ones there are.`,
    { data: { uri: `config://${"u".repeat(10_000)}` } }
  ),
  refused(
    "a variable that params refuse, on 2025-11-25",
    before("resources/read", { uri: "user://abc" }),
    200,
    -32602,
    'Invalid variables for resource "user://{id}":\n- id: expected digits, received "abc"'
  ),
  // prompts
  refused(
    "unknown prompt",
    now("prompts/get", { name: "nope" }),
    200,
    -32602,
    'Unknown prompt: "nope". prompts/list names the ones there are.'
  ),
  refused(
    "prompt __proto__",
    now("prompts/get", { name: "__proto__" }),
    200,
    -32602,
    'Unknown prompt: "__proto__". prompts/list names the ones there are.'
  ),
  refused(
    "prompt constructor",
    now("prompts/get", { name: "constructor" }),
    200,
    -32602,
    'Unknown prompt: "constructor". prompts/list names the ones there are.'
  ),
  refused(
    "no prompt name",
    now("prompts/get", {}),
    200,
    -32602,
    "prompts/get: params.name must be a string, the name of a prompt."
  ),
  refused(
    "prompt args a list",
    now("prompts/get", { name: "review", arguments: [] }),
    200,
    -32602,
    "prompts/get: params.arguments must be an object, not []."
  ),
  refused(
    "prompt arg number",
    now("prompts/get", { name: "review", arguments: { code: 5 } }),
    200,
    -32602,
    'prompts/get: argument "code" must be a string, as all prompt arguments, not 5.'
  ),
  refused(
    "prompt arg missing",
    now("prompts/get", { name: "review" }),
    200,
    -32602,
    'Invalid arguments for prompt "review":\n- code: expected string, received nothing'
  ),
  refused(
    "prompt arg unknown",
    now("prompts/get", { name: "review", arguments: { code: "x", tone: "mild" } }),
    200,
    -32602,
    'Invalid arguments for prompt "review":\n- tone: expected no property of this name, received "mild"; allowed: "code", "style"'
  ),
  refused(
    "prompt arg not in list",
    now("prompts/get", { name: "review", arguments: { code: "x", style: "loud" } }),
    200,
    -32602,
    'Invalid arguments for prompt "review":\n- style: expected one of the allowed values, received "loud"; allowed: "short", "long"'
  ),
  refused(
    "prompt arg __proto__",
    withProto(now("prompts/get", { name: "review", arguments: { code: "x", PROTO: "y" } })),
    200,
    -32602,
    'Invalid arguments for prompt "review":\n- __proto__: expected no property of this name, received "y"; allowed: "code", "style"'
  ),
  refused(
    "prompt arg constructor",
    now("prompts/get", { name: "plain", arguments: { constructor: "y" } }),
    200,
    -32602,
    'Invalid arguments for prompt "plain":\n- constructor: expected no property of this name, received "y"; allowed: none'
  ),
  // completion
  refused(
    "completion no ref",
    now("completion/complete", { argument: { name: "style", value: "" } }),
    200,
    -32602,
    'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
  ),
  refused(
    "completion ref string",
    now("completion/complete", { ref: "review", argument: { name: "style", value: "" } }),
    200,
    -32602,
    'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
  ),
  refused(
    "completion ref type",
    now("completion/complete", { ref: { type: "ref/tool", name: "add" }, argument: { name: "a", value: "" } }),
    200,
    -32602,
    'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
  ),
  refused(
    "completion ref without name",
    now("completion/complete", { ref: { type: "ref/prompt" }, argument: { name: "style", value: "" } }),
    200,
    -32602,
    'completion/complete: params.ref must be { type: "ref/prompt", name } or { type: "ref/resource", uri }.'
  ),
  refused(
    "completion unknown prompt",
    now("completion/complete", { ref: { type: "ref/prompt", name: "nope" }, argument: { name: "style", value: "" } }),
    200,
    -32602,
    'Unknown prompt: "nope". prompts/list names the ones there are.'
  ),
  refused(
    "completion unknown template",
    now("completion/complete", {
      ref: { type: "ref/resource", uri: "nope://{id}" },
      argument: { name: "id", value: "" }
    }),
    200,
    -32602,
    'Unknown resource or template: "nope://{id}". resources/list and resources/templates/list name the ones there are.',
    { data: { uri: "nope://{id}" } }
  ),
  refused(
    "completion no argument",
    now("completion/complete", { ref: { type: "ref/prompt", name: "review" } }),
    200,
    -32602,
    "completion/complete: params.argument must be { name: string, value: string }."
  ),
  refused(
    "completion argument value number",
    now("completion/complete", { ref: { type: "ref/prompt", name: "review" }, argument: { name: "style", value: 5 } }),
    200,
    -32602,
    "completion/complete: params.argument must be { name: string, value: string }."
  ),
  refused(
    "completion unknown argument",
    now("completion/complete", { ref: { type: "ref/prompt", name: "review" }, argument: { name: "tone", value: "" } }),
    200,
    -32602,
    'completion/complete: "review" has no argument "tone"; it has code, style.'
  ),
  refused(
    "completion __proto__",
    now("completion/complete", {
      ref: { type: "ref/prompt", name: "review" },
      argument: { name: "__proto__", value: "" }
    }),
    200,
    -32602,
    'completion/complete: "review" has no argument "__proto__"; it has code, style.'
  ),
  refused(
    "completion of static",
    now("completion/complete", {
      ref: { type: "ref/resource", uri: "config://app" },
      argument: { name: "toString", value: "" }
    }),
    200,
    -32602,
    'completion/complete: "config://app" has no argument "toString"; it has none.'
  ),
  refused(
    "completion context bad",
    now("completion/complete", {
      ref: { type: "ref/prompt", name: "review" },
      argument: { name: "style", value: "" },
      context: { arguments: { code: 5 } }
    }),
    200,
    -32602,
    "completion/complete: params.context must be { arguments }, where arguments is an object of strings."
  ),
  refused(
    "completion context string",
    now("completion/complete", {
      ref: { type: "ref/prompt", name: "review" },
      argument: { name: "style", value: "" },
      context: "x"
    }),
    200,
    -32602,
    "completion/complete: params.context must be { arguments }, where arguments is an object of strings."
  ),
  // cursors
  refused(
    "cursor garbage",
    now("tools/list", { cursor: "garbage" }),
    200,
    -32602,
    'Invalid cursor "garbage": list again from the start, without a cursor.'
  ),
  refused(
    "cursor of other list",
    now("tools/list", { cursor: btoa("prompts:0:1").replace(/=+$/, "") }),
    200,
    -32602,
    'Invalid cursor "cHJvbXB0czowOjE": list again from the start, without a cursor.'
  ),
  refused(
    "cursor stale",
    now("tools/list", { cursor: btoa("tools:7:1").replace(/=+$/, "") }),
    200,
    -32602,
    'Invalid cursor "dG9vbHM6Nzox": list again from the start, without a cursor.'
  ),
  refused(
    "cursor beyond",
    now("tools/list", { cursor: btoa("tools:0:999").replace(/=+$/, "") }),
    200,
    -32602,
    'Invalid cursor "dG9vbHM6MDo5OTk": list again from the start, without a cursor.'
  ),
  refused(
    "cursor negative",
    now("tools/list", { cursor: btoa("tools:0:-1").replace(/=+$/, "") }),
    200,
    -32602,
    'Invalid cursor "dG9vbHM6MDotMQ": list again from the start, without a cursor.'
  ),
  refused("cursor number", now("tools/list", { cursor: 1 }), 200, -32602, "params.cursor must be a string, not 1."),
  refused("cursor null", now("tools/list", { cursor: null }), 200, -32602, "params.cursor must be a string, not null."),
  plain("cursor empty", now("prompts/list", { cursor: "" }), 200, {
    jsonrpc: "2.0",
    id: 1,
    result: {
      prompts: [
        {
          name: "review",
          arguments: [
            { name: "code", required: true },
            { name: "style", required: false }
          ]
        }
      ],
      nextCursor: "cHJvbXB0czowOjE",
      ttlMs: 0,
      cacheScope: "private",
      resultType: "complete",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "fixture", version: "1.0.0" } }
    }
  }),
  refused(
    "cursor 10k",
    now("tools/list", { cursor: "A".repeat(10_000) }),
    200,
    -32602,
    `Invalid cursor "${"A".repeat(116)}…": list again from the start, without a cursor.`
  ),
  refused(
    "cursor __proto__",
    now("resources/list", { cursor: "__proto__" }),
    200,
    -32602,
    'Invalid cursor "__proto__": list again from the start, without a cursor.'
  ),
  refused(
    "a garbage cursor on 2025-11-25",
    before("tools/list", { cursor: "garbage" }),
    200,
    -32602,
    'Invalid cursor "garbage": list again from the start, without a cursor.'
  )
]
