import { setImmediate } from "node:timers/promises"
import { Effect, server, tool } from "mcpipe"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

const unhandled: Array<unknown> = []
const listener = (reason: unknown) => void unhandled.push(reason)

beforeEach(() => {
  unhandled.length = 0
  process.on("unhandledRejection", listener)
  vi.spyOn(console, "error").mockImplementation(() => {})
})
afterEach(() => {
  process.off("unhandledRejection", listener)
})

const main = server({ name: "s", version: "1" })
  .tool(
    tool({ name: "log" }, async (_, { log }) => {
      void log.info(1n)
      return "answered"
    })
  )
  .tool(
    tool({ name: "progress" }, async (_, { progress }) => {
      void progress(Number.NaN)
      return "answered"
    })
  )
  .tool(
    tool({ name: "never" }, async (_, { run }) => {
      void run(Effect.never)
      return "answered"
    })
  )
  .tool(
    tool({ name: "fail" }, async (_, { run }) => {
      void run(Effect.fail(new Error("nobody asked")))
      return "answered"
    })
  )
  .tool(
    tool({ name: "awaited" }, async (_, { run }) => {
      const failed = await run(Effect.fail(new Error("asked"))).catch((error: Error) => error.message)
      return `caught ${failed}`
    })
  )

it.each(["log", "progress", "never", "fail"])(
  "%s: what a handler does not await and what then fails ends neither its call nor the process",
  async (name) => {
    await using wire = await connectWire(main, { speak: "2025-11-25" })
    expect((await wire.call(name, {}, { progressToken: 7 })).content).toStrictEqual([
      { type: "text", text: "answered" }
    ])
    // node looks for listeners once a turn has ended
    await setImmediate()
    await setImmediate()
    expect(unhandled).toStrictEqual([])
    expect(await wire.text("awaited")).toBe("caught asked")
  }
)

it("the listener of this spec hears of a rejection that nobody handles", async () => {
  // vitest listens too, and would fail the run
  const others = process.listeners("unhandledRejection").filter((other) => other !== listener)
  for (const other of others) process.off("unhandledRejection", other)
  try {
    void Promise.reject("heard")
    await setImmediate()
    expect(unhandled).toStrictEqual(["heard"])
  } finally {
    for (const other of others) process.on("unhandledRejection", other)
  }
})
