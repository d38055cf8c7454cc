import { assemble, DefinitionError, server } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { ping } from "../../lib/middleware/ping.ts"
import type { AssembleOptions } from "../../lib/runtime/app.ts"
import { components, info, peerOf, watched } from "./observed.ts"

const settingsOf = (s: AnyServer, options?: AssembleOptions) =>
  assemble(s as never, options)["~mcpipe/App"].assembly.ping

const served = server(info()).add(...components)

describe("ping", () => {
  it("asks a client of the handshake whether it is still there, so long after each answer", async () => {
    const { wire, clock } = await peerOf(watched(ping({ interval: 1_000 })), "2025-11-25")
    const pings = () => wire.received.filter(({ method }) => method === "ping")
    await clock.adjust("999 millis")
    expect(pings()).toEqual([])
    await clock.adjust("1 millis")
    expect(pings()).toEqual([{ jsonrpc: "2.0", id: expect.anything(), method: "ping", params: {} }])
    wire.send({ jsonrpc: "2.0", id: pings()[0].id, result: {} })
    await clock.adjust("1 second")
    expect(pings()).toHaveLength(2)
  })

  it("gives up what a client was asked that does not answer in time", async () => {
    const { wire, clock } = await peerOf(watched(ping({ interval: 1_000, timeout: 200 })), "2025-11-25")
    const call = wire.call("twice")
    await wire.next(({ method }) => method === "elicitation/create")
    await clock.adjust("1200 millis")
    expect((await call).content[0].text).toContain("it did not answer a ping within 200 ms")
  })

  it("asks nobody on 2026-07-28", async () => {
    const { wire, clock } = await peerOf(watched(ping({ interval: 1_000 })), "sessionless")
    expect(await wire.text("add", { a: 1 })).toBe("2")
    await clock.adjust("10 seconds")
    expect(wire.received.filter(({ method }) => method === "ping")).toEqual([])
  })

  it("costs calls nothing: it stands around none", () => {
    expect(ping({ interval: 1_000 })["~mcpipe/Middleware"]).toMatchObject({ hooks: {}, provides: undefined })
  })

  it("does as the option `ping` of assemble, which goes before it", () => {
    const mine = served.use(ping({ interval: 30_000 }))
    expect(settingsOf(served)).toBe(undefined)
    expect(settingsOf(mine)).toEqual({ interval: 30_000, timeout: 10_000 })
    expect(settingsOf(mine, { ping: { interval: 60_000, timeout: 1 } })).toEqual({ interval: 60_000, timeout: 1 })
    expect(settingsOf(mine, { ping: false })).toBe(undefined)
  })

  it("wanted by several servers of a tree serves them all: the shortest interval counts", () => {
    const child = (interval: number) => server(info("child")).use(ping({ interval, timeout: interval }))
    const root = served.mount("a", child(500)).mount("b", server(info("inner")).mount("c", child(200)))
    expect(settingsOf(root)).toEqual({ interval: 200, timeout: 200 })
    expect(settingsOf(root.use(ping({ interval: 100 })))).toEqual({ interval: 100, timeout: 10_000 })
    expect(
      settingsOf(served.use(ping({ interval: 100, timeout: 9 })).use(ping({ interval: 100, timeout: 5 })))
    ).toEqual({
      interval: 100,
      timeout: 5
    })
  })

  it.each<[any, string]>([
    [undefined, "ping takes { interval, timeout }, both in milliseconds."],
    [false, "ping takes { interval, timeout }, both in milliseconds."],
    [{}, "Option ping.interval is nothing: use an integer from 100 to 86400000."],
    [{ interval: 5 }, "Option ping.interval is 5: use an integer from 100 to 86400000."],
    [{ interval: 100, timeout: 0 }, "Option ping.timeout is 0: use an integer from 1 to 86400000."],
    [{ interval: 100, every: 1 }, "Option ping.every is unknown: use { interval, timeout }."]
  ])("refuses %j", (options, message) => {
    expect(() => ping(options)).toThrow(new DefinitionError(message))
  })
})
