/** Serves the summaries over stdio: `node main.ts`, or `node main.ts --effect` for the Effect style. */
import { serve } from "mcpipe"
import effect from "./effect.ts"
import plain from "./server.ts"

await serve(process.argv.includes("--effect") ? effect : plain)
