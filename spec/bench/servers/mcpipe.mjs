import { server, tool } from "mcpipe"
import * as v from "valibot"
import { serverInfo } from "../workload.mjs"

const add = tool(
  { name: "add", description: "Add two numbers", input: { a: v.number(), b: v.number() } },
  ({ a, b }) => a + b
)

export const adder = server(serverInfo).tool(add)
