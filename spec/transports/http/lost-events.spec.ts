import { ClientLog, Effect, EventStore, server, tool } from "mcpipe"
import { describe, expect, it, vi } from "vitest"
import { adapters, httpPeer } from "../../kit/http-peer.ts"

const count = tool({ name: "count" }, () =>
  Effect.as(
    Effect.forEach([1, 2, 3, 4, 5, 6], (n) => ClientLog.info(n)),
    "counted"
  )
)

describe.each(adapters)("a stream whose oldest events have made room, over the %s adapter", (adapter) => {
  it("says so to whoever looks at it and in the log, and goes on with what is left", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const served = server({ name: "forgetful", version: "1" })
      .add(count)
      .provide(EventStore.layerMemory({ maxEvents: 3 }))
    await using peer = await httpPeer(adapter, served)
    const session = await peer.begin()
    const stream = await session.call(1, "count")
    while ((await stream.next()) !== undefined);
    expect(stream.lastId()).toBe("p1.7")
    const told = async (id: string) => (await (await session.listen(id)).text()).split("\n\n").slice(0, -1)
    const [remark, ...events] = await told("p1.1")
    expect(remark).toBe(": Events 2 to 4 of this stream are kept no longer")
    expect(events.map((event) => /^id: (.*)$/m.exec(event)?.[1])).toEqual(["p1.5", "p1.6", "p1.7"])
    expect(log.mock.calls.join("\n")).toMatch(/WARN.* stream p1 of its session, 3 of whose events/s)
    expect((await told("p1.3"))[0]).toBe(": Event 4 of this stream is kept no longer")
    log.mockClear()
    expect(await told("p1.4")).toEqual(events)
    expect(log).not.toHaveBeenCalled()
  })
})
