// The least a server can do and still be right: parse the message, add, write the bytes that mcpipe writes. No validation.
import { createServer } from "node:http"
import { serverInfo } from "./workload.mjs"

const stamp = { "io.modelcontextprotocol/serverInfo": serverInfo }

/** Message object in, message object out. */
export const answer = ({ id, method, params }) => {
  if (method === "initialize") {
    const { protocolVersion } = params
    return { jsonrpc: "2.0", id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } }
  }
  const { a, b } = params.arguments
  const content = [{ type: "text", text: String(a + b) }]
  return params._meta === undefined
    ? { jsonrpc: "2.0", id, result: { content } }
    : { jsonrpc: "2.0", id, result: { content, resultType: "complete", _meta: stamp } }
}

/** A node:http server. `list` is the prepared result of `tools/list`; without it, it answers `tools/call`. */
export const floorServer = (list) => {
  const write = list === undefined ? (message) => JSON.stringify(answer(message)) : ({ id }) => splice(id, list)
  const server = createServer({ keepAliveTimeout: 65_000 })
  server.on("request", (request, response) => {
    let body
    request.on("data", (chunk) => {
      body = body === undefined ? chunk : Buffer.concat([body, chunk])
    })
    request.on("end", () => {
      const bytes = write(JSON.parse(body.toString()))
      const length = typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length
      response.writeHead(200, ["content-length", `${length}`, "content-type", "application/json"])
      response.end(bytes)
    })
  })
  return server
}

const splice = (id, list) => Buffer.concat([Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":`), list, closing])

const closing = Buffer.from("}")

/** The same as a fetch handler: most of its time is building and reading `Request` and `Response`. */
export const floorFetch = async (request) => {
  const message = JSON.parse(await request.text())
  return new Response(JSON.stringify(answer(message)), { status: 200, headers: jsonHeaders })
}

const jsonHeaders = { "content-type": "application/json" }
