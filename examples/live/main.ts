/** Serves the pages over HTTP, with a health check and a page for browsers beside MCP. */
// #region routes
import { route, serve } from "mcpipe"
import main from "./server.ts"

const hello = route({ path: "/hello/:name", authenticate: false }, (_, { params }) => `Hello, ${params.name}!`)

const serving = await serve(main, {
  http: { port: Number(process.env["PORT"] ?? 3000), health: true, routes: [hello] }
})
// #endregion routes
console.error(`Listening at ${serving.url}`)
