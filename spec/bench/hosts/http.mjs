// Hosts one HTTP server: node http.mjs <subject> <call|list>. Says its port over IPC, then its CPU time whenever it is asked.
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import { readFileSync } from "node:fs"

const [subject, work, prepared] = process.argv.slice(2)

const start = {
  floor: async () => {
    const { floorServer } = await import("../floors.mjs")
    return listen(floorServer(work === "list" ? readFileSync(prepared) : undefined))
  },
  mcpipe: async () => {
    const { serve } = await import("mcpipe")
    const main =
      work === "list"
        ? (await import("../servers/mcpipe-many.mjs")).many
        : (await import("../servers/mcpipe.mjs")).adder
    return (await serve(main, { http: { port: 0 } })).port
  },
  "sdk-v1": async () => {
    const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js")
    const { adder, many } = await import("../servers/sdk-v1.mjs")
    const make = work === "list" ? many : adder
    const handle = async (request, response) => {
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true })
      const server = make()
      response.on("close", () => server.close())
      await server.connect(transport)
      await transport.handleRequest(request, response)
    }
    return listen(createServer({ keepAliveTimeout: 65_000 }, handle))
  },
  "sdk-v1 session": async () => {
    const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js")
    const { adder } = await import("../servers/sdk-v1.mjs")
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, enableJsonResponse: true })
    await adder().connect(transport)
    return listen(
      createServer({ keepAliveTimeout: 65_000 }, (request, response) => transport.handleRequest(request, response))
    )
  },
  "sdk-v2": async () => {
    const { createMcpHandler } = await import("@modelcontextprotocol/server")
    const { getRequestListener } = await import("@hono/node-server")
    const { adder, many } = await import("../servers/sdk-v2.mjs")
    const { fetch } = createMcpHandler(work === "list" ? many : adder)
    return listen(
      createServer(
        { keepAliveTimeout: 65_000 },
        getRequestListener((request) => fetch(request))
      )
    )
  }
}

const listen = (server) =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server.address().port))
  })

process.on("message", () => process.send(process.cpuUsage()))
process.on("disconnect", () => process.exit())
process.send({ port: await start[subject]() })
