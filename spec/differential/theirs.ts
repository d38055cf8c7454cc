import {
  acceptedContent,
  completable,
  createMcpHandler,
  hostHeaderValidationResponse,
  inputRequired,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport
} from "@modelcontextprotocol/server"
import * as z from "zod"
import type { Handler } from "./exchange.ts"

const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] })

const compared = () => {
  const server = new McpServer(
    { name: "compared", version: "1.0.0" },
    {
      capabilities: { logging: {}, resources: { subscribe: true } }
    }
  )
  server.server.setRequestHandler("resources/subscribe", () => ({}))
  server.server.setRequestHandler("resources/unsubscribe", () => ({}))
  server.registerTool(
    "add",
    { description: "Adds two numbers", inputSchema: z.strictObject({ a: z.number(), b: z.number() }) },
    ({ a, b }) => text(`${a + b}`)
  )
  server.registerTool("fail", { description: "Always fails" }, () => ({ ...text("no luck"), isError: true }))
  server.registerTool(
    "measure",
    {
      description: "Measures a word",
      inputSchema: z.strictObject({ word: z.string() }),
      outputSchema: z.object({ length: z.number() })
    },
    ({ word }) => {
      const structuredContent = { length: word.length }
      return { ...text(JSON.stringify(structuredContent)), structuredContent }
    }
  )
  server.registerTool(
    "query",
    {
      description: "Asks one region",
      inputSchema: z.strictObject({
        region: z.string().meta({ "x-mcp-header": "Region" }).optional(),
        limit: z.number().int().meta({ "x-mcp-header": "Limit" }).optional()
      })
    },
    ({ region = "nowhere" }) => text(region)
  )
  server.registerTool("steps", { description: "Reports two steps" }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of progressToken === undefined ? [] : [1, 2]) {
      await mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken: progressToken!, progress, total: 2 }
      })
    }
    return text("done")
  })
  server.registerTool("ask", { description: "Asks for a name" }, ({ mcpReq }) => {
    const content = acceptedContent<{ name: string }>(mcpReq.inputResponses, "name")
    if (content !== undefined) return text(`Hello, ${content.name}!`)
    const { action } = (mcpReq.inputResponses?.["name"] ?? {}) as { readonly action?: unknown }
    if (action === "decline") return { ...text("Declined."), isError: true }
    const requestedSchema = {
      type: "object" as const,
      properties: { name: { type: "string" as const } },
      required: ["name"]
    }
    return inputRequired({
      inputRequests: { name: inputRequired.elicit({ message: "Who are you?", requestedSchema }) }
    })
  })
  server.registerResource("readme", "doc://readme", { mimeType: "text/markdown" }, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/markdown", text: "# Read me" }]
  }))
  server.registerResource(
    "user",
    new ResourceTemplate("user://{id}", { list: undefined, complete: { id: (prefix) => [`${prefix}1`] } }),
    { mimeType: "text/plain" },
    ({ href }, { id }) => ({ contents: [{ uri: href, mimeType: "text/plain", text: `user ${id}` }] })
  )
  server.registerPrompt(
    "review",
    {
      description: "Reviews code",
      argsSchema: z.strictObject({
        code: z.string(),
        style: completable(z.string(), (prefix) => ["short", "long"].filter((one) => one.startsWith(prefix))).optional()
      })
    },
    ({ code }) => ({ messages: [{ role: "user", content: { type: "text", text: `Review ${code}` } }] })
  )
  server.registerPrompt("plain", { description: "Says hello" }, () => ({
    messages: [{ role: "user", content: { type: "text", text: "Hello" } }]
  }))
  return server
}

/**
 * The official server, put together as its manual says: hosts and origins checked first, the handler of both eras, and
 * before it the transport with sessions for those who begin or name one.
 */
export const theirs = (): Handler => {
  const { fetch, close } = createMcpHandler(compared)
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const begin = async () => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id)
    })
    await compared().connect(transport)
    return transport
  }
  const handle = async (request: Request): Promise<Response> => {
    const refused =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins())
    if (refused !== undefined) return refused
    const id = request.headers.get("mcp-session-id")
    const legacy = await isLegacyRequest(request)
    if (!legacy) return fetch(request)
    // of an unknown session any transport says that it is not its own
    const [other] = sessions.values()
    if (id !== null) return (sessions.get(id) ?? other ?? (await begin())).handleRequest(request)
    const beginning = request.method === "POST" && /"method":"initialize"/.test(await request.clone().text())
    return beginning ? (await begin()).handleRequest(request) : fetch(request)
  }
  return Object.assign(handle, { dispose: close })
}
