import type { Combination } from "../kit/eras.ts"
import { type Case, call, error, failed, masked, text } from "./case.ts"

/** Structured content that is no object: 2025-11-25 server/tools wants an object, 2026-07-28 takes any JSON value. */
const structured =
  (value: unknown, shown = JSON.stringify(value)) =>
  ({ era }: Combination) => ({
    ...text(shown),
    structuredContent: era === "handshake" ? { result: value } : value
  })

export const returns: ReadonlyArray<Case> = [
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

export const handlers: ReadonlyArray<Case> = ["add", "add_async", "add_effect", "add_generator"].map((name) => ({
  title: `${name}: plain, async, Effect and generator handlers answer alike`,
  ask: call(name, { a: 1.5, b: 2 }),
  answer: text("3.5")
}))

export const failures: ReadonlyArray<Case> = [
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
    title: "a handler that interrupts itself has failed; the server is not shutting down",
    ask: masked(call("interrupts_itself")),
    answer: failed("Internal error (reference …)")
  },
  {
    title: "a tool that takes too long is ended, and says so",
    ask: call("slow"),
    answer: failed('Tool "slow" timed out after 20 ms.')
  }
]
