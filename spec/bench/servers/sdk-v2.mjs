import { McpServer } from "@modelcontextprotocol/server"
import * as z from "zod"
import { serverInfo, toolCount, toolDescription, toolName } from "../workload.mjs"

const terms = z.object({ a: z.number(), b: z.number() })

export const adder = () => {
  const server = new McpServer(serverInfo)
  server.registerTool("add", { description: "Add two numbers", inputSchema: terms }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }]
  }))
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

const inputSchema = z.object({
  id: z.string(),
  title: z.string().max(200),
  count: z.number().int().min(0),
  ratio: z.number(),
  done: z.boolean()
})

const outputSchema = z.object({ id: z.string(), saved: z.boolean() })
