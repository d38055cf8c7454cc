import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import * as z from "zod"
import { serverInfo, toolCount, toolDescription, toolName } from "../workload.mjs"

export const adder = () => {
  const server = new McpServer(serverInfo)
  server.registerTool(
    "add",
    { description: "Add two numbers", inputSchema: { a: z.number(), b: z.number() } },
    ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] })
  )
  return server
}

/** The same without tool registration; arguments are not validated. */
export const lowLevelAdder = () => {
  const server = new Server(serverInfo, { capabilities: { tools: {} } })
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const { a, b } = params.arguments
    return { content: [{ type: "text", text: String(a + b) }] }
  })
  return server
}

export const many = () => {
  const server = new McpServer(serverInfo)
  for (let index = 0; index < toolCount; index++) {
    server.registerTool(
      toolName(index),
      { description: toolDescription(index), inputSchema, outputSchema },
      ({ id }) => {
        const structuredContent = { id, saved: true }
        return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent }
      }
    )
  }
  return server
}

const inputSchema = {
  id: z.string(),
  title: z.string().max(200),
  count: z.number().int().min(0),
  ratio: z.number(),
  done: z.boolean()
}

const outputSchema = { id: z.string(), saved: z.boolean() }
