// Says how long it took to assemble the many mounted tools in this process, which has just started.
import { assemble } from "mcpipe"
import { mountedMany } from "../servers/mcpipe-around.mjs"

const made = mountedMany()
const start = process.hrtime.bigint()
const app = assemble(made)
const micros = Number(process.hrtime.bigint() - start) / 1_000
process.on("disconnect", () => process.exit())
process.send({ micros, tools: app["~mcpipe/App"].assembly.catalogue.tools.size })
