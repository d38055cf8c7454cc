/** Serves this example: `main.ts [--effect] [--http]`; `--describe` prints what comes from where and ends. */
import { describe, serve } from "mcpipe"
import effect from "./effect.ts"
import plain from "./server.ts"

const flags = process.argv.slice(2)
const chosen = flags.includes("--effect") ? effect : plain
const port = Number(process.env["PORT"] ?? 3000)

if (flags.includes("--describe")) {
  console.log(describe(chosen))
} else {
  const serving = await serve(chosen, flags.includes("--http") ? { http: { port } } : {})
  if (serving.url !== undefined) console.error(`Listening at ${serving.url}`)
}
