import { serve } from "mcpipe"
import { adder } from "../servers/mcpipe.mjs"

await serve(adder)
