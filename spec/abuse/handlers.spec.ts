import { Effect, server, tool } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { connectWire, gate } from "../kit/wire.ts"

const secret = () => new Error("the password is hunter2")

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

const nested = (): unknown => {
  let value: unknown = "bottom"
  for (let level = 0; level < 100_000; level++) value = [value]
  return value
}

/** What no result can hold, or what only fails when it is looked at. */
const impossible: Readonly<Record<string, () => unknown>> = {
  "a cycle": () => cyclic,
  "a BigInt": () => 1n,
  "a BigInt in an object": () => ({ n: 1n }),
  "a toJSON that throws": () => ({
    toJSON: () => {
      throw secret()
    }
  }),
  "a function": () => () => {},
  "a symbol": () => Symbol("x"),
  "a generator that never ends": () =>
    (async function* () {
      for (;;) yield 1
    })(),
  "a stream": () => new ReadableStream(),
  "an error, not thrown": secret,
  "100,000 levels": nested,
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        get: () => {
          throw secret()
        },
        ownKeys: () => {
          throw secret()
        }
      }
    ),
  "a then that throws": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    get then() {
      throw secret()
    }
  })
}

/** The ways to fail. */
const failing: Readonly<Record<string, () => unknown>> = {
  "an error": () => {
    throw secret()
  },
  null: () => {
    throw null
  },
  "what throws when it is read": () => {
    throw {
      get message() {
        throw secret()
      }
    }
  },
  "a rejection": () => Promise.reject(secret()),
  "a thenable that rejects": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then: (_: unknown, reject: (error: Error) => void) => reject(secret())
  }),
  "a failure": () => Effect.fail(secret()),
  "a defect": () => Effect.die(secret()),
  "an interruption of its own": () => Effect.interrupt
}

const loose = (name: string, handler: () => unknown, timeout?: number) =>
  tool({ name, ...(timeout !== undefined && { timeout }) }, handler as () => string)

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
