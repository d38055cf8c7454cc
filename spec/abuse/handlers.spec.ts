import { Effect, server } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { connectWire, gate } from "../kit/wire.ts"
import { failing, impossible, loose, secret } from "./failing.ts"

/** Rejections and exceptions that nobody has handled. */
const strays: Array<unknown> = []
const stray = (error: unknown) => void strays.push(error)

beforeEach(() => {
  strays.length = 0
  vi.spyOn(console, "error").mockImplementation(() => {})
  process.on("unhandledRejection", stray)
})

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  process.off("unhandledRejection", stray)
  expect(strays).toEqual([])
})

describe.each(["sessionless", "2025-11-25"] as const)("a handler that (%s)", (speak) => {
  const masked = {
    isError: true,
    content: [{ text: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/) }]
  }

  it.each(Object.entries(impossible))(
    "gives %s is answered without its reasons, and the next call as usual",
    async (_, give) => {
      const main = server({ name: "s", version: "1" }).add(
        loose("odd", give),
        loose("good", () => "good")
      )
      await using wire = await connectWire(main, { speak })
      expect(await wire.call("odd")).toMatchObject(masked)
      expect(await wire.text("good")).toBe("good")
    }
  )

  it.each(Object.entries(failing))(
    "fails with %s is answered without its reasons, and the next call as usual",
    async (_, fail) => {
      const main = server({ name: "s", version: "1" }).add(
        loose("odd", fail),
        loose("good", () => "good")
      )
      await using wire = await connectWire(main, { speak })
      expect(await wire.call("odd")).toMatchObject(masked)
      expect(await wire.text("good")).toBe("good")
    }
  )

  it("rejects after it was timed out, cancelled or left alone is a stranger to nobody", async () => {
    const late = gate()
    const rejecting = async () => {
      await late.opened
      throw secret()
    }
    const main = server({ name: "s", version: "1" }).add(
      loose("timed", rejecting, 1),
      loose("late", rejecting),
      loose("floating", () => {
        void rejecting().catch(() => {})
        return "left"
      })
    )
    await using wire = await connectWire(main, { speak })
    expect(await wire.call("timed")).toMatchObject({ isError: true })
    void wire.request("tools/call", { name: "late" })
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    expect(await wire.text("floating")).toBe("left")
    await using gone = await connectWire(main, { speak })
    void gone.request("tools/call", { name: "late" })
    gone.leave()
    late.open()
    await late.opened
  })
})

it("an Effect that never ends by itself lets others be served, and ends with its time", async () => {
  let served = false
  const main = server({ name: "s", version: "1" }).add(
    loose("spin", () => Effect.whileLoop({ while: () => !served, body: () => Effect.void, step: () => {} })),
    loose("forever", () => Effect.forever(Effect.void), 1),
    loose("good", () => {
      served = true
      return "good"
    })
  )
  await using wire = await connectWire(main)
  const spinning = wire.call("spin")
  const timedOut = await wire.call("forever")
  expect(timedOut).toMatchObject({ isError: true, content: [{ text: 'Tool "forever" timed out after 1 ms.' }] })
  expect(served).toBe(false)
  expect(await wire.text("good")).toBe("good")
  expect(await spinning).not.toHaveProperty("isError")
})

describe.each(adapters)("over HTTP by %s", (adapter) => {
  it("a result of 8 MiB arrives whole", async () => {
    const text = "0123456789abcdef".repeat(524_288)
    await using peer = await httpPeer(adapter, server({ name: "s", version: "1" }).add(loose("huge", () => text)))
    const session = await peer.begin()
    const params = { name: "huge" }
    const response = await session.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params })
    expect(((await response.json()) as any).result.content[0].text === text).toBe(true)
  })

  it.each([...Object.entries(impossible), ...Object.entries(failing)])(
    "%s is answered by 200 and a result",
    async (_, give) => {
      await using peer = await httpPeer(adapter, server({ name: "s", version: "1" }).add(loose("odd", give)))
      const session = await peer.begin()
      const response = await session.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "odd" } })
      const text = await response.text()
      expect([response.status, JSON.parse(text).result.isError]).toEqual([200, true])
      expect(text).not.toMatch(/hunter2|\bat /)
    }
  )
})
