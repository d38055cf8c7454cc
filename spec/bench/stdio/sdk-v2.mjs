import { serveStdio } from "@modelcontextprotocol/server/stdio"
import { adder } from "../servers/sdk-v2.mjs"

serveStdio(adder)
