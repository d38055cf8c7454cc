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
  const write = list === undefined ? writeCall : writeList(list)
  const server = createServer({ keepAliveTimeout: 65_000 })
  server.on("request", (request, response) => {
    let body
    request.on("data", (chunk) => {
      body = body === undefined ? chunk : Buffer.concat([body, chunk])
    })
    request.on("end", () => write(response, JSON.parse(body.toString())))
  })
  return server
}

const writeCall = (response, message) => {
  const text = JSON.stringify(answer(message))
  response.writeHead(200, ["content-length", `${Buffer.byteLength(text)}`, "content-type", "application/json"])
  response.end(text)
}

/** Only the id is new: copying 50 kB for each answer would cost as much as all the rest. */
const writeList = (list) => {
  const rest = Buffer.concat([list, Buffer.from("}")])
  return (response, { id }) => {
    const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`
    const length = Buffer.byteLength(head) + rest.length
    response.writeHead(200, ["content-length", `${length}`, "content-type", "application/json"])
    response.write(head)
    response.end(rest)
  }
}

/** The same as a fetch handler: most of its time is building and reading `Request` and `Response`. */
export const floorFetch = async (request) => {
  const message = JSON.parse(await request.text())
  return new Response(JSON.stringify(answer(message)), { status: 200, headers: jsonHeaders })
}

const jsonHeaders = { "content-type": "application/json" }
