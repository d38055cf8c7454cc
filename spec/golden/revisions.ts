import { icon } from "./server.ts"

export const revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const
export type Revision = (typeof revisions)[number]

const sumInput = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false
}
const sumOutput = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] }
// "Output Schema": an object's, until 2026-07-28; so what is none is wrapped, as its structured content is
const lettersOutput = {
  type: "object",
  properties: { result: { type: "array", items: { type: "string" } } },
  required: ["result"]
}
const none = { type: "object", properties: {}, additionalProperties: false }
export const deployInput = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    replicas: { type: "integer", "x-mcp-header": "Replicas" }
  },
  additionalProperties: false
}

const plainTools = [
  { name: "mixed", inputSchema: none },
  { name: "talk", inputSchema: none },
  { name: "hold", inputSchema: none },
  { name: "deploy", inputSchema: deployInput }
]
const meta = { "example.com/team": "math" }
const readOnly = { readOnlyHint: true }
const described = { name: "sum", description: "Adds two numbers", inputSchema: sumInput }

/** Tool annotations are of 2025-03-26; titles, output schemas and `_meta` of 2025-06-18; icons of 2025-11-25. */
export const tools: Readonly<Record<Revision, ReadonlyArray<unknown>>> = {
  "2024-11-05": [described, { name: "letters", inputSchema: none }, ...plainTools],
  "2025-03-26": [{ ...described, annotations: readOnly }, { name: "letters", inputSchema: none }, ...plainTools],
  "2025-06-18": [
    { ...described, title: "Sum", annotations: readOnly, outputSchema: sumOutput, _meta: meta },
    { name: "letters", inputSchema: none, outputSchema: lettersOutput },
    ...plainTools
  ],
  "2025-11-25": [
    { ...described, title: "Sum", annotations: readOnly, outputSchema: sumOutput, _meta: meta, icons: [icon] },
    { name: "letters", inputSchema: none, outputSchema: lettersOutput },
    ...plainTools
  ]
}

const readme = { uri: "doc://readme", name: "readme", description: "Start here", mimeType: "text/markdown", size: 7 }
const annotations = { audience: ["user"], priority: 0.5 }
const dated = { ...annotations, lastModified: "2026-01-02T03:04:05Z" }

/** Resources had annotations from the start, their `lastModified` since 2025-06-18. */
export const resources: Readonly<Record<Revision, ReadonlyArray<unknown>>> = {
  "2024-11-05": [{ ...readme, annotations }],
  "2025-03-26": [{ ...readme, annotations }],
  "2025-06-18": [{ ...readme, title: "Read me", annotations: dated, _meta: { "example.com/x": 1 } }],
  "2025-11-25": [{ ...readme, title: "Read me", annotations: dated, _meta: { "example.com/x": 1 }, icons: [icon] }]
}

const user = { uriTemplate: "user://{id}", name: "user" }

export const templates: Readonly<Record<Revision, ReadonlyArray<unknown>>> = {
  "2024-11-05": [user],
  "2025-03-26": [user],
  "2025-06-18": [{ ...user, title: "User" }],
  "2025-11-25": [{ ...user, title: "User" }]
}

const greet = { name: "grüße", description: "Greets somebody" }
const name = { name: "name", description: "Whom to greet", required: true }

/** Titles of prompts and of their arguments are of 2025-06-18. */
export const prompts: Readonly<Record<Revision, ReadonlyArray<unknown>>> = {
  "2024-11-05": [{ ...greet, arguments: [name] }],
  "2025-03-26": [{ ...greet, arguments: [name] }],
  "2025-06-18": [{ ...greet, title: "Greet", arguments: [{ ...name, title: "Name" }] }],
  "2025-11-25": [{ ...greet, title: "Greet", arguments: [{ ...name, title: "Name" }], icons: [icon] }]
}

const capabilities = { logging: {}, tools: {}, resources: { subscribe: true }, prompts: {} }
const implementation = { name: "golden", version: "1.0.0" }

/** The `completions` capability is of 2025-03-26, the server's title of 2025-06-18, the rest about it of 2025-11-25. */
export const initialized: Readonly<Record<Revision, unknown>> = {
  "2024-11-05": { protocolVersion: "2024-11-05", capabilities, serverInfo: implementation, instructions: "Ask away." },
  "2025-03-26": {
    protocolVersion: "2025-03-26",
    capabilities: { ...capabilities, completions: {} },
    serverInfo: implementation,
    instructions: "Ask away."
  },
  "2025-06-18": {
    protocolVersion: "2025-06-18",
    capabilities: { ...capabilities, completions: {} },
    serverInfo: { ...implementation, title: "Golden" },
    instructions: "Ask away."
  },
  "2025-11-25": {
    protocolVersion: "2025-11-25",
    capabilities: { ...capabilities, completions: {} },
    serverInfo: {
      ...implementation,
      title: "Golden",
      description: "A server known by heart",
      websiteUrl: "https://example.com",
      icons: [icon]
    },
    instructions: "Ask away."
  }
}

const hello = { type: "text", text: "hello" }
const audio = { type: "audio", data: "AQID", mimeType: "audio/wav" }
// a block a client cannot know is written in the nearest form it does
const linkAsText = { type: "text", text: "Read me: doc://readme\nStart here" }
const audioAsResource = {
  type: "resource",
  resource: { uri: "audio://inline", mimeType: "audio/wav", blob: "AQID" }
}
const link = {
  type: "resource_link",
  uri: "doc://readme",
  name: "readme",
  title: "Read me",
  description: "Start here"
}

/** Audio is of 2025-03-26, links of 2025-06-18. */
export const mixed: Readonly<Record<Revision, ReadonlyArray<unknown>>> = {
  "2024-11-05": [hello, audioAsResource, linkAsText],
  "2025-03-26": [hello, audio, linkAsText],
  "2025-06-18": [hello, audio, link],
  "2025-11-25": [hello, audio, link]
}

export const audioIn = (revision: Revision): unknown => (revision === "2024-11-05" ? audioAsResource : audio)
