// #region hello
import { serve, server, tool } from "mcpipe"
import * as v from "valibot"

const add = tool(
  { name: "add", description: "Add two numbers.", input: { a: v.number(), b: v.number() } },
  ({ a, b }) => a + b
)

await serve(server({ name: "hello", version: "1.0.0" }).tool(add))
// #endregion hello
