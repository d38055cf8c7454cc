/** Serves this example: `main.ts [--effect] [--http]`, over stdio unless `--http`; PORT is 3000 unless set. */
import { serve } from "mcpipe"
import effect from "./effect.ts"
import plain from "./server.ts"

const flags = process.argv.slice(2)
const chosen = flags.includes("--effect") ? effect : plain
const port = Number(process.env["PORT"] ?? 3000)

const serving = await serve(chosen, flags.includes("--http") ? { http: { port } } : {})
if (serving.url !== undefined) console.error(`Listening at ${serving.url}`)
