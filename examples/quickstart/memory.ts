/** Calls a server in the same process: how a spec does it. */
// #region memory
import { Client, InMemoryTransport } from "@modelcontextprotocol/client"
import { serve } from "mcpipe"
import main from "./server.ts"

const [here, there] = InMemoryTransport.createLinkedPair()
const serving = await serve(main, { transport: there, signals: false })

const client = new Client({ name: "spec", version: "1.0.0" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } })
await client.connect(here)
const { content } = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } })
console.log(content) // [ { type: 'text', text: '5' } ]

await client.close()
await serving.close()
// #endregion memory
