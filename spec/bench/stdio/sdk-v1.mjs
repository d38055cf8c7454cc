import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js"
import { adder } from "../servers/sdk-v1.mjs"

await adder().connect(new StdioServerTransport())
