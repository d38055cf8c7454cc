import { Client } from "@modelcontextprotocol/client"
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { connect } from "./clients.ts"
import { bothEras, combinations, inBothEras, nameOf } from "./eras.ts"
import { assertEra, tap } from "./tap.ts"

const info = { name: "kit", version: "1.0.0" }
const kit = server(info).tool(tool({ name: "hi" }, () => "hi"))
const [handshake, sessionless] = bothEras

it("names nine combinations, each once", () => {
  expect(new Set(combinations.map(nameOf)).size).toBe(9)
  expect(bothEras.map(nameOf)).toEqual(["v1 2025-11-25 over memory", "v2 2026-07-28 over memory"])
})

inBothEras(kit, (client, at) => {
  it("runs specs where it says it does", async () => {
    const { call, wire } = client()
    expect(await call("hi")).toStrictEqual({ content: [{ type: "text", text: "hi" }] })
    const sent = wire.sent.at(-1)
    expect(sent.params._meta?.["io.modelcontextprotocol/protocolVersion"]).toBe(
      at.era === "sessionless" ? "2026-07-28" : undefined
    )
    expect(wire.received.filter(({ id }) => id === sent.id)).toHaveLength(1)
  })
})

it("fails where the sessionless era was asked for and the wire fell back to a handshake", async () => {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const old = new Server(info, { capabilities: {} })
  await old.connect(theirs)
  const wire = tap(ours)
  const client = new Client(info, { versionNegotiation: { mode: "auto" } })
  await client.connect(ours)
  expect(() => assertEra(wire, sessionless!)).toThrow(
    "The spec asked for sessionless 2026-07-28; the wire negotiated handshake 2025-11-25."
  )
  assertEra(wire, handshake!)
  await client.close()
})

it("fails where a handshake was asked for and the wire is sessionless", async () => {
  await using client = await connect(kit, sessionless!)
  expect(() => assertEra(client.wire, handshake!)).toThrow("the wire negotiated sessionless 2026-07-28.")
})

it("says what stdio needs when it is given a server value", async () => {
  const stdio = combinations.find(({ transport }) => transport === "stdio")!
  await expect(connect(kit, stdio)).rejects.toThrow("give its module's URL")
})
