import { pathToFileURL } from "node:url"
import { serve } from "mcpipe"

/** Serves the server that a module exports by default over this process's stdio. */
const [path] = process.argv.slice(2)
if (path === undefined) throw new Error("fixture-server.ts: name a module that exports a server by default.")
const { default: served } = await import(pathToFileURL(path).href)
await serve(served)
