import type { TestClient } from "../kit/clients.ts"
import type { Combination } from "../kit/eras.ts"
import type { Answer } from "../kit/normal.ts"
import { type Case, call, error, text } from "./case.ts"
import { message } from "./cases-prompts.ts"

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

const noArguments = { type: "object", properties: {}, additionalProperties: false }

export const lists: ReadonlyArray<Case> = [
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
        ...["interrupts_itself", "slow", "progress", "hasty", "log", "hold_effect", "hold_async", "events", "release"],
        ...["server_log", "crm_whoami", "crm_billing_latest"]
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

export const mounts: ReadonlyArray<Case> = [
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

export const identity: ReadonlyArray<Case> = [
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
    answer: { logging: {}, tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} }
  }
]
