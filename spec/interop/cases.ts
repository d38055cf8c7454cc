import { expect } from "vitest"
import type { TestClient } from "../kit/clients.ts"
import type { Combination } from "../kit/eras.ts"
import type { Answer } from "../kit/normal.ts"

/** One question and its whole answer, which must be the same wherever `answer` is not a function. */
export interface Case {
  /** A promise to a user. */
  readonly title: string
  readonly ask: (client: TestClient) => Promise<unknown>
  readonly answer: unknown | ((at: Combination) => unknown)
}

const call =
  (name: string, args?: Readonly<Record<string, unknown>>): Case["ask"] =>
  (client) =>
    client.call(name, args)

const text = (value: string) => ({ content: [{ type: "text", text: value }] })
const failed = (value: string) => ({ ...text(value), isError: true })
const error = (code: number, message: string, data?: unknown) => ({
  error: { code, message, ...(data === undefined ? {} : { data }) }
})

/** Structured content that is no object: 2025-11-25 server/tools wants an object, 2026-07-28 takes any JSON value. */
const structured =
  (value: unknown, shown = JSON.stringify(value)) =>
  ({ era }: Combination) => ({
    ...text(shown),
    structuredContent: era === "handshake" ? { result: value } : value
  })

/**
 * 2025-11-25 server/resources, "Error Handling": -32002; 2026-07-28: -32602.
 * The v2 client shows the newer code to its caller on both.
 */
const notFound =
  (uri: string, message: string) =>
  ({ client }: Combination) =>
    error(client === "v1" ? -32002 : -32602, message, { uri })

const referenced = /reference ([0-9a-f]{8})/

/** The answer with its reference blanked, once the server's own log was found to hold it, exactly once. */
const masked =
  (ask: Case["ask"]): Case["ask"] =>
  async (client) => {
    const answer = (await ask(client)) as Answer
    const message: string = answer["error"]?.message ?? answer["content"][0].text
    const [, reference] = referenced.exec(message) ?? []
    expect(reference, message).toBeDefined()
    const lines = JSON.parse((await client.call("server_log", { reference }))["content"][0].text)
    expect(lines).toHaveLength(1)
    return JSON.parse(JSON.stringify(answer).replaceAll(reference!, "…"))
  }

const all = async (client: TestClient, kind: Parameters<TestClient["list"]>[0]) => {
  const pages: Array<ReadonlyArray<Answer>> = []
  let cursor: string | undefined
  do {
    const page: Answer = await client.list(kind, cursor)
    pages.push(page[kind])
    cursor = page["nextCursor"]
  } while (cursor !== undefined)
  return pages
}

const names = (pages: ReadonlyArray<ReadonlyArray<Answer>>) => pages.map((page) => page.map(({ name }) => name))

let calls = 0
/** A key that no other call in this process uses, nor any call of the other process: each serves one client. */
const newKey = () => `call-${++calls}`

/** Aborts a call that has started, and tells what became of it. */
const cancel =
  (tool: string): Case["ask"] =>
  async (client) => {
    const key = newKey()
    const controller = new AbortController()
    const ended = client.call(tool, { key }, { signal: controller.signal }).then(
      (answer) => ("error" in answer ? "rejected" : "answered"),
      () => "rejected"
    )
    await client.call("events", { key, until: "started" })
    controller.abort()
    const outcome = await ended
    // a call that nobody cancelled ends here
    if (client.at.transport === "http" && client.at.era === "handshake") await client.call("release", { key })
    const { content } = await client.call("events", { key, until: "finalized" })
    return { outcome, events: JSON.parse(content[0].text) }
  }

/** Stateless HTTP of 2025-11-25 has no connection a `notifications/cancelled` could belong to: the call runs to its end. */
const cancelled = ({ transport, era }: Combination) => ({
  outcome: "rejected",
  events:
    transport === "http" && era === "handshake"
      ? ["started", "finished", "finalized"]
      : ["started", "interrupted", "finalized"]
})

/** Asks for messages of a level and above, in the way of each era. */
const logsFrom =
  (level: "debug" | "warning"): Case["ask"] =>
  async (client) => {
    const { era } = client.at
    client.logs.length = 0
    if (era === "handshake") expect(await client.setLevel(level)).toStrictEqual({})
    await client.call("log", {}, era === "sessionless" ? { logLevel: level } : {})
    if (era === "handshake") await client.setLevel("info")
    return [...client.logs]
  }

const logs = [
  { level: "debug", data: "for developers" },
  { level: "info", logger: "db", data: { rows: 3 } },
  { level: "warning", logger: "db", data: "slow query" },
  { level: "emergency", data: "on fire" }
]

/** Stateless HTTP of 2025-11-25 remembers no level: each request gets what the server decides, which is info. */
const forgetsLevel = ({ transport, era }: Combination) => transport === "http" && era === "handshake"

const returns: ReadonlyArray<Case> = [
  { title: "a string becomes text", ask: call("string"), answer: text("plain text") },
  { title: "a number becomes text", ask: call("number"), answer: text("42.5") },
  { title: "a boolean becomes JSON text and structured content", ask: call("boolean"), answer: structured(true) },
  { title: "null is a value like any other", ask: call("null"), answer: structured(null) },
  { title: "undefined becomes no content at all", ask: call("undefined"), answer: { content: [] } },
  {
    title: "an object becomes JSON text and structured content",
    ask: call("object"),
    answer: {
      ...text('{"name":"Ada","tags":["x"],"nested":{"deep":null}}'),
      structuredContent: { name: "Ada", tags: ["x"], nested: { deep: null } }
    }
  },
  {
    title: "an array of data becomes JSON text and structured content",
    ask: call("array"),
    answer: structured([1, "two", { three: 3 }])
  },
  { title: "an empty array is data, not missing content", ask: call("empty_array"), answer: structured([]) },
  {
    title: "text keeps its annotations",
    ask: call("text"),
    answer: { content: [{ type: "text", text: "to the user", annotations: { audience: ["user"], priority: 1 } }] }
  },
  {
    title: "bytes of an image arrive as base64, with the metadata of the block",
    ask: call("image"),
    answer: { content: [{ type: "image", data: "AQID", mimeType: "image/png", _meta: { "example.com/x": 1 } }] }
  },
  {
    title: "audio arrives",
    ask: call("audio"),
    answer: { content: [{ type: "audio", data: "AQID", mimeType: "audio/wav" }] }
  },
  {
    title: "a file arrives embedded under its name, typed by its extension",
    ask: call("file"),
    answer: {
      content: [{ type: "resource", resource: { uri: "file:///notes.md", mimeType: "text/markdown", text: "# Notes" } }]
    }
  },
  {
    title: "an embedded resource arrives",
    ask: call("embedded"),
    answer: { content: [{ type: "resource", resource: { uri: "note://1", mimeType: "text/plain", text: "kept" } }] }
  },
  {
    title: "a finished link arrives as it is",
    ask: call("link"),
    answer: { content: [{ type: "resource_link", uri: "https://example.com/a", name: "a", mimeType: "text/html" }] }
  },
  {
    title: "an array of content keeps its order",
    ask: call("mixed"),
    answer: {
      content: [
        { type: "text", text: "one" },
        { type: "audio", data: "AQID", mimeType: "audio/wav" },
        { type: "text", text: "two" }
      ]
    }
  },
  {
    title: "result() sends content, structured content and metadata apart",
    ask: call("result"),
    answer: { ...text("3 rows"), structuredContent: { rows: 3 }, _meta: { "example.com/took": 12 } }
  },
  { title: "result() can say that it is an error", ask: call("result_error"), answer: failed("no such row") },
  {
    title: "a value that fits an object output schema becomes structured content",
    ask: call("output_object"),
    answer: { ...text('{"sum":3}'), structuredContent: { sum: 3 } }
  },
  {
    title: "a value that fits another output schema becomes structured content",
    ask: call("output_array"),
    answer: structured(["a", "b"])
  },
  {
    title: "a value that breaks its output schema is masked, and not shown",
    ask: masked(call("output_mismatch")),
    answer: failed("Internal error (reference …)")
  }
]

const handlers: ReadonlyArray<Case> = ["add", "add_async", "add_effect", "add_generator"].map((name) => ({
  title: `${name}: plain, async, Effect and generator handlers answer alike`,
  ask: call(name, { a: 1.5, b: 2 }),
  answer: text("3.5")
}))

const failures: ReadonlyArray<Case> = [
  {
    title: "wrong arguments come back as an error the model can act on",
    ask: call("add", { a: "x" }),
    answer: failed(
      'Invalid arguments for tool "add":\n- a: expected number, received "x"\n- b: expected number, received nothing'
    )
  },
  {
    title: "an argument the tool does not know is refused by name",
    ask: call("add", { a: 1, b: 2, c: 3 }),
    answer: failed(
      'Invalid arguments for tool "add":\n- c: expected no property of this name, received 3; allowed: "a", "b"'
    )
  },
  {
    title: "an unknown tool is a protocol error that says where to look",
    ask: call("nope"),
    answer: error(-32602, 'Unknown tool: "nope". tools/list names the ones there are.')
  },
  {
    title: "a thrown ToolError reaches the model",
    ask: call("tool_error_thrown"),
    answer: failed("thrown: try again later")
  },
  {
    title: "a rejected ToolError reaches the model",
    ask: call("tool_error_rejected"),
    answer: failed("rejected: try again later")
  },
  {
    title: "a ToolError that an Effect fails with reaches the model",
    ask: call("tool_error_failed"),
    answer: failed("failed: try again later")
  },
  {
    title: "an error class the tool declares reaches the model",
    ask: call("declared_error"),
    answer: failed("none left")
  },
  {
    title: "the same error class undeclared is masked, with a reference that the server's log holds",
    ask: masked(call("undeclared_error")),
    answer: failed("Internal error (reference …)")
  },
  {
    title: "an unexpected exception is masked, with a reference that the server's log holds",
    ask: masked(call("defect")),
    answer: failed("Internal error (reference …)")
  },
  {
    title: "a tool that takes too long is ended, and says so",
    ask: call("slow"),
    answer: failed('Tool "slow" timed out after 20 ms.')
  }
]

const reporting: ReadonlyArray<Case> = [
  {
    title: "progress arrives in order, and only when it increases",
    ask: async (client) => {
      const key = newKey()
      const seen: Array<unknown> = []
      const onProgress = (progress: any) => {
        seen.push(progress)
        if (progress.progress === 3) void client.call("release", { key })
      }
      const answer = await client.call("progress", { key }, { onProgress })
      return { answer, seen }
    },
    answer: {
      answer: text("done"),
      seen: [{ progress: 1, total: 3, message: "one" }, { progress: 2, total: 3 }, { progress: 3 }]
    }
  },
  {
    title: "a call without a progress token hears of no progress",
    ask: async (client) => {
      const before = client.wire.received.length
      const key = newKey()
      await client.call("release", { key })
      await client.call("progress", { key })
      return client.wire.received.slice(before).filter(({ method }) => method !== undefined)
    },
    answer: []
  },
  {
    title: "log messages of every level arrive in order, for whoever asks for debug",
    ask: logsFrom("debug"),
    answer: (at: Combination) => (forgetsLevel(at) ? logs.slice(1) : logs)
  },
  {
    title: "log messages under the level asked for stay away",
    ask: logsFrom("warning"),
    answer: (at: Combination) => (forgetsLevel(at) ? logs.slice(1) : logs.slice(2))
  },
  {
    title: "who asked for no level gets info and above where a server may decide, and nothing on 2026-07-28",
    ask: async (client) => {
      client.logs.length = 0
      const answer = await client.call("log")
      return { answer, logs: [...client.logs] }
    },
    answer: ({ era }: Combination) => ({ answer: text("logged"), logs: era === "handshake" ? logs.slice(1) : [] })
  },
  {
    title: "cancelling interrupts an Effect, and its finalizers run after",
    ask: cancel("hold_effect"),
    answer: cancelled
  },
  {
    title: "cancelling aborts the signal, and deferred cleanups run after",
    ask: cancel("hold_async"),
    answer: cancelled
  }
]

const read =
  (uri: string): Case["ask"] =>
  (client) =>
    client.read(uri)

const resources: ReadonlyArray<Case> = [
  {
    title: "a static resource is read as text",
    ask: read("doc://readme"),
    answer: { contents: [{ uri: "doc://readme", mimeType: "text/markdown", text: "# Hello" }] }
  },
  {
    title: "bytes are read as a blob",
    ask: read("doc://logo"),
    answer: { contents: [{ uri: "doc://logo", mimeType: "image/png", blob: "iVBORw==" }] }
  },
  {
    title: "a value is read as JSON",
    ask: read("doc://config"),
    answer: { contents: [{ uri: "doc://config", mimeType: "application/json", text: '{"debug":false,"level":3}' }] }
  },
  {
    title: "one resource holds several contents, each under its own URI",
    ask: read("doc://bundle"),
    answer: {
      contents: [
        { uri: "doc://bundle/1", mimeType: "text/plain", text: "first" },
        { uri: "doc://bundle/2", mimeType: "application/json", text: '{"second":true}' },
        {
          uri: "doc://bundle/3",
          mimeType: "application/octet-stream",
          blob: "Aw==",
          _meta: { "example.com/third": true }
        }
      ]
    }
  },
  {
    title: "a template's variable arrives as its schema makes it",
    ask: read("user://7/profile"),
    answer: { contents: [{ uri: "user://7/profile", mimeType: "application/json", text: '{"id":7,"next":8}' }] }
  },
  {
    title: "a template takes paths of several segments and a query",
    ask: read("files://a/b.txt?encoding=latin1"),
    answer: {
      contents: [{ uri: "files://a/b.txt?encoding=latin1", mimeType: "text/plain", text: "a/b.txt as latin1" }]
    }
  },
  {
    // JSON-RPC 2.0 §5.1: -32602 is "invalid method parameter(s)"; -32603 would blame the server
    title: "a variable that breaks its schema is an error in the request",
    ask: read("user://x/profile"),
    answer: error(
      -32602,
      'Invalid variables in user://x/profile:\n- id: expected a string matching /^\\d+$/, received "x"'
    )
  },
  {
    title: "an unknown resource is an error that repeats its URI",
    ask: read("doc://none"),
    answer: notFound("doc://none", 'Resource not found: "doc://none"')
  },
  {
    title: "a path that climbs out of its directory is no resource",
    ask: read("files://../etc/passwd"),
    answer: notFound("files://../etc/passwd", 'Resource not found: files://../etc/passwd ({path}: has a ".." segment)')
  },
  {
    title: "nor is one that climbs by escapes",
    ask: read("files://a/%2e%2e/%2e%2e/etc/passwd"),
    answer: notFound(
      "files://a/%2e%2e/%2e%2e/etc/passwd",
      'Resource not found: files://a/%2e%2e/%2e%2e/etc/passwd ({path}: has a ".." segment)'
    )
  },
  {
    title: "a PublicError reaches the client with its code and data",
    ask: read("doc://locked"),
    answer: error(423, "The vault is locked.", { until: "noon" })
  },
  {
    title: "an unexpected exception in a resource is masked",
    ask: masked(read("doc://broken")),
    answer: error(-32603, "Internal error (reference …)")
  }
]

const message = (role: "user" | "assistant", content: unknown) => ({ role, content })
const said = (value: string) => message("user", { type: "text", text: value })

const prompts: ReadonlyArray<Case> = [
  {
    title: "a string is one message of the user, under the prompt's description",
    ask: (client) => client.get("greeting"),
    answer: { description: "A greeting", messages: [said("Say hello.")] }
  },
  {
    title: "messages keep their roles, order and content",
    ask: (client) => client.get("dialogue"),
    answer: {
      messages: [
        said("Is it up?"),
        message("assistant", { type: "image", data: "AQID", mimeType: "image/png" }),
        message("user", { type: "resource", resource: { uri: "doc://readme", text: "# Hello" } })
      ]
    }
  },
  {
    title: "a prompt result brings its own description and metadata",
    ask: (client) => client.get("described"),
    answer: { description: "in the answer", messages: [said("Go.")], _meta: { "example.com/v": 2 } }
  },
  {
    title: "prompt arguments arrive as their schemas make them, defaults included",
    ask: (client) => client.get("trip", { country: "fr", city: "pau" }),
    answer: { messages: [said("4 days in pau, fr")] }
  },
  {
    title: "missing prompt arguments are named",
    ask: (client) => client.get("trip", { country: "fr" }),
    answer: error(-32602, 'Invalid arguments for prompt "trip":\n- city: expected string, received nothing')
  },
  {
    title: "an unknown prompt is an error that says where to look",
    ask: (client) => client.get("nope"),
    answer: error(-32602, 'Unknown prompt: "nope". prompts/list names the ones there are.')
  },
  {
    title: "an unexpected exception in a prompt is masked",
    ask: masked((client) => client.get("broken")),
    answer: error(-32603, "Internal error (reference …)")
  }
]

const completion = (values: ReadonlyArray<string>, total: number, hasMore: boolean) => ({
  completion: { values, total, hasMore }
})

const completions: ReadonlyArray<Case> = [
  {
    title: "a completion knows the arguments settled before",
    ask: (client) => client.complete({ prompt: "trip" }, ["city", "pa"], { country: "it" }),
    answer: completion(["parma"], 1, false)
  },
  {
    title: "more than 100 completions are cut to 100, and the answer says so",
    ask: (client) => client.complete({ prompt: "trip" }, ["country", ""]),
    answer: completion(
      Array.from({ length: 100 }, (_, index) => `c${index}`),
      150,
      true
    )
  },
  {
    title: "a template's variable is completed",
    ask: (client) => client.complete({ template: "user://{id}/profile" }, ["id", "1"]),
    answer: completion(["1", "12"], 2, false)
  },
  {
    title: "an argument without completions has none",
    ask: (client) => client.complete({ prompt: "trip" }, ["days", "1"]),
    answer: { completion: { values: [] } }
  }
]

const noArguments = { type: "object", properties: {}, additionalProperties: false }

const lists: ReadonlyArray<Case> = [
  {
    title: "all tools come in the order of definition, in pages, with mounted ones last",
    ask: async (client) => names(await all(client, "tools")),
    answer: [
      [
        ...["string", "number", "boolean", "null", "undefined", "object", "array", "empty_array", "text", "image"],
        ...["audio", "file", "embedded", "link", "mixed", "result", "result_error", "output_object", "output_array"],
        ...["output_mismatch", "add", "add_async", "add_effect", "add_generator", "tool_error_thrown"],
        ...["tool_error_rejected", "tool_error_failed", "declared_error", "undeclared_error", "defect"]
      ],
      [
        ...["slow", "progress", "log", "hold_effect", "hold_async", "events", "release", "server_log", "crm_whoami"],
        "crm_billing_latest"
      ]
    ]
  },
  {
    title: "a tool is listed with its schemas",
    ask: async (client) =>
      (await all(client, "tools")).flat().filter(({ name }) => name === "add" || name === "output_array"),
    answer: ({ era }: Combination) => {
      const output = { type: "array", items: { type: "string" } }
      return [
        {
          name: "output_array",
          inputSchema: noArguments,
          // 2025-11-25 server/tools, "Output Schema": an object's; wrapped as the structured content is
          outputSchema:
            era === "sessionless" ? output : { type: "object", properties: { result: output }, required: ["result"] }
        },
        {
          name: "add",
          description: "Adds",
          inputSchema: {
            type: "object",
            properties: { a: { type: "number" }, b: { type: "integer" } },
            required: ["a", "b"],
            additionalProperties: false
          }
        }
      ]
    }
  },
  {
    title: "static resources are listed",
    ask: (client) => client.list("resources"),
    answer: {
      resources: [
        { uri: "doc://readme", name: "readme", title: "Read me", mimeType: "text/markdown", size: 7 },
        { uri: "doc://logo", name: "logo", mimeType: "image/png" },
        { uri: "doc://config", name: "config" },
        { uri: "doc://bundle", name: "bundle" },
        { uri: "doc://broken", name: "broken" },
        { uri: "doc://locked", name: "locked" }
      ]
    }
  },
  {
    title: "templates are listed, mounted ones under their namespaces",
    ask: (client) => client.list("resourceTemplates"),
    answer: {
      resourceTemplates: [
        { uriTemplate: "user://{id}/profile", name: "profile" },
        { uriTemplate: "files://{path*}{?encoding}", name: "files", mimeType: "text/plain" },
        { uriTemplate: "invoice://crm/billing/{number}", name: "invoice" }
      ]
    }
  },
  {
    title: "prompts are listed with their arguments",
    ask: (client) => client.list("prompts"),
    answer: {
      prompts: [
        { name: "greeting", description: "A greeting" },
        { name: "dialogue" },
        { name: "described", description: "in the list" },
        {
          name: "trip",
          arguments: [
            { name: "country", required: true },
            { name: "city", required: true },
            { name: "days", required: false }
          ]
        },
        { name: "broken" },
        { name: "crm_billing_remind" }
      ]
    }
  },
  {
    title: "an invented cursor is refused",
    ask: (client) => client.list("tools", "x"),
    answer: error(-32602, 'Invalid cursor "x": list again from the start, without a cursor.')
  }
]

const mounts: ReadonlyArray<Case> = [
  { title: "a mounted tool is called by its namespace", ask: call("crm_whoami"), answer: text("crm") },
  {
    title: "links of a server mounted two levels deep lead to where its resources are; links elsewhere stay",
    ask: call("crm_billing_latest"),
    answer: {
      content: [
        { type: "resource_link", uri: "invoice://crm/billing/7", name: "Invoice 7" },
        { type: "resource_link", uri: "invoice://crm/billing/8", name: "8" },
        { type: "resource_link", uri: "invoice://elsewhere", name: "not ours" }
      ]
    }
  },
  {
    title: "and such a link can be read",
    ask: async (client) => client.read((await client.call("crm_billing_latest"))["content"][0].uri),
    answer: { contents: [{ uri: "invoice://crm/billing/7", mimeType: "text/plain", text: "Invoice 7" }] }
  },
  {
    title: "references in a mounted prompt are translated too",
    ask: (client) => client.get("crm_billing_remind"),
    answer: {
      messages: [message("user", { type: "resource", resource: { uri: "invoice://crm/billing/7", text: "due" } })]
    }
  }
]

const identity: ReadonlyArray<Case> = [
  {
    title: "the server says who it is and how to use it",
    ask: async ({ serverInfo, instructions }) => ({ serverInfo, instructions }),
    answer: {
      serverInfo: { name: "interop", version: "1.2.3", title: "Interop" },
      instructions: "Ask for anything."
    }
  },
  {
    title: "the server advertises what it has, and nothing else",
    ask: async ({ capabilities }) => capabilities,
    answer: { logging: {}, tools: {}, resources: {}, prompts: {}, completions: {} }
  }
]

/** Everything a client may ask of the server in server.ts, with the whole answer. */
export const cases: ReadonlyArray<Case> = [
  ...identity,
  ...returns,
  ...handlers,
  ...failures,
  ...reporting,
  ...resources,
  ...prompts,
  ...completions,
  ...lists,
  ...mounts
]
