import type { Combination } from "../kit/eras.ts"
import { type Case, error, masked } from "./case.ts"

/**
 * 2025-11-25 server/resources, "Error Handling": -32002; 2026-07-28: -32602.
 * The v2 client shows the newer code to its caller on both.
 */
const notFound =
  (uri: string, message: string) =>
  ({ client }: Combination) =>
    error(client === "v1" ? -32002 : -32602, message, { uri })

const read =
  (uri: string): Case["ask"] =>
  (client) =>
    client.read(uri)

export const resources: ReadonlyArray<Case> = [
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
      'Invalid variables for resource "user://{id}/profile":\n- id: expected a string matching /^\\d+$/, received "x"'
    )
  },
  {
    title: "an unknown resource is an error that repeats its URI",
    ask: read("doc://none"),
    answer: notFound(
      "doc://none",
      'Resource not found: "doc://none". resources/list and resources/templates/list name the ones there are.'
    )
  },
  {
    title: "a path that climbs out of its directory is no resource",
    ask: read("files://../etc/passwd"),
    answer: notFound(
      "files://../etc/passwd",
      'Resource not found: "files://../etc/passwd" ({path} has a ".." segment). resources/list and resources/templates/list name the ones there are.'
    )
  },
  {
    title: "nor is one that climbs by escapes",
    ask: read("files://a/%2e%2e/%2e%2e/etc/passwd"),
    answer: notFound(
      "files://a/%2e%2e/%2e%2e/etc/passwd",
      'Resource not found: "files://a/%2e%2e/%2e%2e/etc/passwd" ({path} has a ".." segment). resources/list and resources/templates/list name the ones there are.'
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
