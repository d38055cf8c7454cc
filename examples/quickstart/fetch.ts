/** This server for runtimes that speak fetch: Bun, Deno, Cloudflare Workers and others. */
// #region fetch
import { toFetchHandler } from "mcpipe"
import main from "./server.ts"

export default { fetch: toFetchHandler(main, { hosts: ["mcp.example.com"] }) }
// #endregion fetch
