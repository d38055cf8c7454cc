import { assemble, Effect, resource, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { limitSettings } from "../../lib/runtime/limit-settings.ts"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { connectWire, envelope, gate } from "../kit/wire.ts"

const info = { name: "limited", version: "1" }

/** A server whose tool `hold` answers once it may; `begun` says when so many are in flight. */
const holding = (finalizing = Effect.void) => {
  const held = gate()
  let count = 0
  let reached = { at: 0, open: () => {} }
  const hold = tool({ name: "hold" }, () => {
    count++
    if (count === reached.at) reached.open()
    return Effect.onInterrupt(
      Effect.as(
        Effect.promise(() => held.opened),
        "held"
      ),
      () => finalizing
    )
  })
  const begun = (at: number) =>
    new Promise<void>((open) => {
      reached = { at, open }
      if (count >= at) open()
    })
  const quick = tool({ name: "quick" }, () => "at once")
  return {
    main: server(info).add(
      hold,
      quick,
      resource({ uri: "x://y" }, () => "text")
    ),
    begun,
    release: held.open
  }
}

const clientIsFull = (most: number) => ({
  code: -32603,
  message: `This client has ${most} requests in flight, the most it may have at once: wait for answers first.`
})

const serverIsFull = (most: number) => ({
  code: -32603,
  message: `This server has ${most} requests in flight, the most it takes at once: try again later.`
})

const callHold = { name: "hold", arguments: {} }

describe("a connection with as many requests in flight as it may have", () => {
  it.each(["sessionless", "2025-11-25"] as const)(
    "is refused one more, by name, and served again once one has ended (%s)",
    async (speak) => {
      const { main, begun, release } = holding()
      await using wire = await connectWire(main, { speak, assemble: { maxInFlightPerSession: 2 } })
      const first = wire.request("tools/call", callHold)
      const second = wire.request("tools/call", callHold)
      await begun(2)
      expect((await wire.request("tools/call", callHold)).error).toEqual(clientIsFull(2))
      expect((await wire.request("tools/call", { name: "quick", arguments: {} })).error).toEqual(clientIsFull(2))
      release()
      expect((await first).result.content).toEqual([{ type: "text", text: "held" }])
      expect((await second).result.content).toEqual([{ type: "text", text: "held" }])
      expect(await wire.text("hold")).toBe("held")
    }
  )

  it("may cancel, be pinged and be told that a request is unknown", async () => {
    const { main, begun } = holding()
    await using wire = await connectWire(main, { speak: "2025-11-25", assemble: { maxInFlightPerSession: 1 } })
    void wire.request("tools/call", callHold)
    const id = wire.lastId()
    await begun(1)
    expect((await wire.request("ping")).result).toEqual({})
    expect((await wire.request("tools/call", { name: "nothing" })).error.code).toBe(-32602)
    wire.notify("notifications/cancelled", { requestId: id })
    expect(await wire.text("quick")).toBe("at once")
  })

  it("has its place back only when a cancelled handler has really ended", async () => {
    const cleaned = gate()
    const cleaning = gate()
    const finalizing = Effect.promise(() => {
      cleaning.open()
      return cleaned.opened
    })
    const { main, begun } = holding(finalizing)
    await using wire = await connectWire(main, { speak: "2025-11-25", assemble: { maxInFlightPerSession: 1 } })
    void wire.request("tools/call", callHold)
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await begun(1)
    await cleaning.opened
    expect((await wire.request("tools/call", { name: "quick" })).error).toEqual(clientIsFull(1))
    cleaned.open()
    await cleaned.opened
    await new Promise((resolve) => setImmediate(resolve))
    expect(await wire.text("quick")).toBe("at once")
  })

  it("cannot get around it by a batch", async () => {
    const { main, begun, release } = holding()
    await using wire = await connectWire(main, { speak: "2025-03-26", assemble: { maxInFlightPerSession: 2 } })
    wire.send(["a", "b", "c"].map((id) => ({ jsonrpc: "2.0", id, method: "tools/call", params: callHold })))
    await begun(2)
    release()
    expect((await wire.next(({ id }) => id === "c")).error).toEqual(clientIsFull(2))
    expect((await wire.next(({ id }) => id === "a")).result.isError).toBeUndefined()
  })
})

describe("a server with as many requests in flight as it takes", () => {
  it("refuses all clients one more, and no other server of the process", async () => {
    const { main, begun, release } = holding()
    await using app = assemble(main, { maxInFlight: 1 })
    await using one = await connectWire(app)
    await using other = await connectWire(app)
    await using elsewhere = await connectWire(main, { assemble: { maxInFlight: 1 } })
    const held = one.text("hold")
    await begun(1)
    expect((await other.request("tools/call", { name: "quick" })).error).toEqual(serverIsFull(1))
    expect(await elsewhere.text("quick")).toBe("at once")
    release()
    expect(await held).toBe("held")
    expect(await other.text("quick")).toBe("at once")
  })

  it("does not count those who listen", async () => {
    const { main } = holding()
    await using wire = await connectWire(main, { assemble: { maxInFlight: 1, maxInFlightPerSession: 1 } })
    for (const listener of ["a", "b", "c"]) {
      const params = { notifications: { resourceSubscriptions: ["x://y"] }, _meta: envelope() }
      wire.send({ jsonrpc: "2.0", id: listener, method: "subscriptions/listen", params })
      await wire.next(({ params }) => params?._meta?.["io.modelcontextprotocol/subscriptionId"] === listener)
    }
    expect(await wire.text("quick")).toBe("at once")
  })
})

describe.each(adapters)("over HTTP by %s", (adapter) => {
  it("a session that has too much in flight is answered 429, and a server that has 503", async () => {
    const { main, begun, release } = holding()
    await using app = assemble(main, { maxInFlight: 2, maxInFlightPerSession: 1 })
    await using peer = await httpPeer(adapter, app)
    const [one, other] = [await peer.begin(), await peer.begin()]
    const call = (id: number) => ({ jsonrpc: "2.0", id, method: "tools/call", params: callHold })
    const first = one.send(call(1))
    await begun(1)
    const tooMany = await one.send(call(2))
    expect([tooMany.status, tooMany.headers.get("retry-after")]).toEqual([429, "1"])
    expect(await tooMany.json()).toEqual({ jsonrpc: "2.0", id: 2, error: clientIsFull(1) })
    const second = other.send(call(1))
    await begun(2)
    const headers = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "hold"
    }
    const overloaded = await peer.request({ ...call(3), params: { ...callHold, _meta: envelope() } }, headers)
    expect([overloaded.status, overloaded.headers.get("retry-after")]).toEqual([503, "1"])
    expect(await overloaded.json()).toEqual({ jsonrpc: "2.0", id: 3, error: serverIsFull(2) })
    release()
    expect((await first).status).toBe(200)
    expect((await second).status).toBe(200)
    expect((await one.send(call(4))).status).toBe(200)
  })
})

describe("the limits", () => {
  it("have defaults", () => {
    expect(limitSettings({})).toEqual({ maxInFlight: 10_000, maxInFlightPerSession: 256, requestTimeout: undefined })
  })

  it.each([
    [{ maxInFlight: 0 }, "Option maxInFlight is 0: use an integer from 1 to 1000000."],
    [{ maxInFlightPerSession: 1.5 }, "Option maxInFlightPerSession is 1.5: use an integer from 1 to 1000000."],
    [{ maxInFlight: "all" as never }, 'Option maxInFlight is "all": use an integer from 1 to 1000000.']
  ])("refuse %j and name the range", (options, message) => {
    expect(() => limitSettings(options)).toThrow(new DefinitionError(message))
  })
})
