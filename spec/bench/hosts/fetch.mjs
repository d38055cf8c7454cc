// A whole exchange with a fetch handler: building the Request, the answer, reading the Response.
import { floorFetch } from "../floors.mjs"
import { callMessage, headersOf } from "../workload.mjs"

const caller = (era, handler) => {
  const message = callMessage(era, 1)
  const body = JSON.stringify(message)
  const headers = headersOf(era, message)
  const exchange = async () => {
    const request = new Request("http://127.0.0.1:3000/mcp", { method: "POST", headers, body })
    const response = await handler(request)
    return response.text()
  }
  let length
  const call = async () => {
    const text = await exchange()
    length ??= text.length
    if (text.length !== length) throw new Error(`Wrong answer: ${text}`)
  }
  return Object.assign(call, { check: exchange })
}

export const subjects = {
  floor: (era) => caller(era, floorFetch),
  mcpipe: async (era) => {
    const { toFetchHandler } = await import("mcpipe")
    const { adder } = await import("../servers/mcpipe.mjs")
    return caller(era, toFetchHandler(adder))
  },
  "sdk-v2": async (era) => {
    const { createMcpHandler } = await import("@modelcontextprotocol/server")
    const { adder } = await import("../servers/sdk-v2.mjs")
    return caller(era, createMcpHandler(adder).fetch)
  }
}
