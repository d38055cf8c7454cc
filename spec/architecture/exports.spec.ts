import { readFileSync } from "node:fs"
import * as mcpipe from "mcpipe"
import { expect, it } from "vitest"

/** Every value a user can import. A new name is a promise: add it here in the change that adds it. */
const values = [
  // effect, from its deep modules
  "Context",
  "Data",
  "Effect",
  "Layer",
  "Scope",
  // definitions
  "server",
  "tool",
  "resource",
  "prompt",
  "middleware",
  "provides",
  "extension",
  "method",
  "annotation",
  "jsonSchema",
  // what handlers return and pipelines are made of
  "Content",
  "Prompt",
  "Resource",
  "Server",
  "result",
  // errors clients may see
  "PublicError",
  "ResourceNotFound",
  "ToolError",
  // errors of whoever writes or starts a server
  "AssemblyError",
  "DefinitionError",
  "LifespanError",
  "ServeError",
  // services
  "Changes",
  "ClientLog",
  "Principal",
  "Progress",
  "RequestContext",
  // running
  "lifespan",
  "assemble",
  "assembleScoped",
  "refuse",
  "serve",
  "serveScoped",
  "toFetchHandler",
  "toFetchHandlerScoped"
]

it("mcpipe exports these values, and no others", () => {
  expect(Object.keys(mcpipe).sort()).toEqual([...values].sort())
})

/** Every name that is a type only. */
const types = [
  "Annotation",
  "AnyCall",
  "App",
  "AssembleOptions",
  "Authenticate",
  "ByLayer",
  "ByOuter",
  "CacheHint",
  "Change",
  "CommonOptions",
  "Complete",
  "Completion",
  "Component",
  "ContextFor",
  "Decoded",
  "Extension",
  "ExtensionOptions",
  "FetchHandler",
  "FetchOptions",
  "Handled",
  "HandlerContext",
  "Hooks",
  "HttpHead",
  "HttpInfo",
  "HttpOptions",
  "Icon",
  "Issue",
  "JsonSchemaDocument",
  "ListCall",
  "ListedPrompt",
  "ListedResource",
  "ListedTemplate",
  "ListedTool",
  "LogLevel",
  "LogMessage",
  "MessageTransport",
  "Middleware",
  "Outcome",
  "PrincipalShape",
  "ProgressReport",
  "PromptGet",
  "PromptOptions",
  "PublicErrorOptions",
  "ReadResult",
  "RequestContextShape",
  "RequestInfo",
  "ResourceOptions",
  "ResourceRead",
  "ResourceRef",
  "Schema",
  "Servable",
  "ServeOptions",
  "ServerOptions",
  "Serving",
  "Suggestions",
  "Tool",
  "ToolAnnotations",
  "ToolCall",
  "ToolOptions",
  "ToolResult"
]

it("mcpipe exports these types beside its values, and no others", () => {
  const text = readFileSync(new URL("../../lib/index.ts", import.meta.url), "utf8")
  const names = [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, type, list = ""]) =>
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => type !== undefined || name.startsWith("type "))
      .map((name) => name.replace(/^type /, ""))
  )
  expect(names.sort()).toEqual([...types].sort())
})

it("nothing is exported wholesale, so that each new name is a line in a diff", () => {
  const text = readFileSync(new URL("../../lib/index.ts", import.meta.url), "utf8")
  expect(text.match(/^export \*(?! as \w+ from "effect\/\w+")/gm)).toBeNull()
})
