import {
  Elicitation,
  Progress,
  prompt,
  resource,
  ResourceNotFound,
  server,
  ToolError,
  toFetchHandler,
  tool
} from "mcpipe"
import * as v from "valibot"
import type { Handler } from "./exchange.ts"

const tools = [
  tool(
    { name: "add", description: "Adds two numbers", input: { a: v.number(), b: v.number() } },
    ({ a, b }) => `${a + b}`
  ),
  tool({ name: "fail", description: "Always fails" }, () => {
    throw new ToolError("no luck")
  }),
  tool(
    {
      name: "measure",
      description: "Measures a word",
      input: { word: v.string() },
      output: v.object({ length: v.number() })
    },
    ({ word }) => ({ length: word.length })
  ),
  tool(
    {
      name: "query",
      description: "Asks one region",
      input: {
        region: v.optional(v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" }))),
        limit: v.optional(v.pipe(v.number(), v.integer(), v.metadata({ "x-mcp-header": "Limit" })))
      }
    },
    ({ region = "nowhere" }) => region
  ),
  tool({ name: "steps", description: "Reports two steps" }, function* () {
    yield* Progress.report(1, 2)
    yield* Progress.report(2, 2)
    return "done"
  }),
  tool({ name: "ask", description: "Asks for a name" }, function* () {
    const { name } = yield* Elicitation.form("Who are you?", { name: v.string() }, { key: "name" })
    return `Hello, ${name}!`
  })
]

const resources = [
  resource({ uri: "doc://readme", name: "readme", mimeType: "text/markdown" }, () => "# Read me"),
  resource(
    { uri: "user://{id}", name: "user", mimeType: "text/plain", complete: { id: (prefix) => [`${prefix}1`] } },
    ({ id }) => {
      if (id === "nobody") throw new ResourceNotFound("nobody of this id")
      return `user ${id}`
    }
  )
]

const prompts = [
  prompt(
    {
      name: "review",
      description: "Reviews code",
      args: { code: v.string(), style: v.optional(v.string()) },
      complete: { style: (prefix) => ["short", "long"].filter((style) => style.startsWith(prefix)) }
    },
    ({ code }) => `Review ${code}`
  ),
  prompt({ name: "plain", description: "Says hello" }, () => "Hello")
]

/** mcpipe behind its fetch handler. */
export const ours = (): Handler => {
  const app = server({ name: "compared", version: "1.0.0" }).add(...tools, ...resources, ...prompts)
  return toFetchHandler(app, { requestStateKeys: ["known to this process and nobody else"] })
}
