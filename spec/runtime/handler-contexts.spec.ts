import { Effect, type HandlerContext, middleware, prompt, resource, server, ToolError, tool } from "mcpipe"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { A } from "../kit/services.ts"
import { connectWire, gate } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

const wired = (handler: (args: any, context: HandlerContext<any>) => any, timeout?: number) =>
  connectWire(server(info).tool(tool({ name: "t", timeout }, handler as never)))

describe("ctx.defer", () => {
  it("runs clean-ups last first, before the answer leaves", async () => {
    const order: Array<string> = []
    await using wire = await wired((_, { defer }) => {
      defer(() => void order.push("first"))
      defer(async () => {
        await Promise.resolve()
        order.push(`second, answers: ${wire.received.length}`)
      })
      return "done"
    })
    expect(await wire.text("t")).toBe("done")
    expect(order).toEqual(["second, answers: 0", "first"])
  })

  it("runs them when the call fails, times out or is cancelled", async () => {
    for (const end of ["fail", "timeout", "cancel"] as const) {
      const cleaned = gate()
      const started = gate()
      await using wire = await wired(
        (_, { defer }) => {
          defer(() => cleaned.open())
          started.open()
          if (end === "fail") throw new ToolError("no")
          return new Promise(() => {})
        },
        end === "timeout" ? 1 : undefined
      )
      void wire.request("tools/call", { name: "t" })
      await started.opened
      if (end === "cancel") wire.notify("notifications/cancelled", { requestId: wire.lastId() })
      await cleaned.opened
    }
  })

  it("logs a clean-up that throws, runs the others and answers all the same", async () => {
    const order: Array<string> = []
    await using wire = await wired((_, { defer }) => {
      defer(() => void order.push("first"))
      defer(() => {
        throw new Error("cleaning failed")
      })
      return "done"
    })
    expect(await wire.text("t")).toBe("done")
    expect(order).toEqual(["first"])
    expect(log.mock.calls.flat().join(" ")).toContain("cleaning failed")
  })

  it("after the end of the call runs the clean-up at once", async () => {
    const order: Array<string> = []
    let late!: HandlerContext["defer"]
    await using wire = await wired((_, { defer }) => {
      late = defer
      return "done"
    })
    await wire.text("t")
    const ran = gate()
    expect(() =>
      late(async () => {
        await Promise.resolve()
        order.push("late")
        ran.open()
      })
    ).not.toThrow()
    await ran.opened
    expect(order).toEqual(["late"])
  })
})

describe("ctx.signal", () => {
  it.each<[string, boolean, "none" | "request"]>([
    ["succeeds", false, "none"],
    ["succeeds", false, "request"],
    ["fails", true, "none"],
    ["fails", true, "request"],
    ["times out", true, "none"],
    ["times out", true, "request"]
  ])("of a call that %s is aborted: %s (hooks: %s)", async (end, aborted, hooks) => {
    let signal!: AbortSignal
    const t = tool({ name: "t", timeout: end === "times out" ? 1 : undefined }, async (_, ctx) => {
      signal = ctx.signal
      if (end === "fails") throw new ToolError("no")
      if (end === "times out") await new Promise(() => {})
      return 1
    })
    const s =
      hooks === "request"
        ? server(info)
            .tool(t)
            .use(middleware((next) => next))
        : server(info).tool(t)
    await using wire = await connectWire(s)
    await wire.call("t")
    expect(signal.aborted).toBe(aborted)
  })

  it("is aborted when the client cancels, or is gone", async () => {
    for (const end of ["cancel", "leave"] as const) {
      const started = gate<AbortSignal>()
      await using wire = await wired((_, { signal }) => {
        started.open(signal)
        return new Promise(() => {})
      })
      void wire.request("tools/call", { name: "t" })
      const signal = await started.opened
      expect(signal.aborted).toBe(false)
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
      if (end === "leave") wire.leave()
      else wire.notify("notifications/cancelled", { requestId: wire.lastId() })
      await aborted
      expect(wire.received).toEqual([])
    }
  })

  it("is one signal however often it is asked for", async () => {
    await using wire = await wired((_, ctx) => {
      const { signal } = ctx
      return String(ctx.signal === signal)
    })
    expect(await wire.text("t")).toBe("true")
  })
})

describe("ctx.run", () => {
  it("runs an Effect with the services of the call, and rejects with what it fails with", async () => {
    const t = tool({ name: "t", uses: { a: A } }, async (_, { run }) => {
      const value = await run(Effect.map(A, (a) => a.value))
      const failed = await run(Effect.fail(new ToolError("known"))).catch((error: Error) => error.message)
      return `${value} ${failed}`
    })
    const { Layer } = await import("mcpipe")
    await using wire = await connectWire(
      server(info)
        .tool(t)
        .provide(Layer.succeed(A, { value: "a" }))
    )
    expect(await wire.text("t")).toBe("a known")
  })

  it("is interrupted, with its finalizers, when the call ends without waiting for it", async () => {
    const interrupted = gate()
    await using wire = await wired((_, { run }) => {
      void run(Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted.open()))).catch(() => {})
      return "done"
    })
    expect(await wire.text("t")).toBe("done")
    await interrupted.opened
  })

  it("rejects after the end of the call instead of running on", async () => {
    let late!: HandlerContext["run"]
    await using wire = await wired((_, { run }) => {
      late = run
      return "done"
    })
    await wire.text("t")
    const interrupted = gate()
    const running = Promise.resolve().then(() =>
      late(Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted.open())))
    )
    await expect(running).rejects.toThrow(/interrupt/i)
    await interrupted.opened
  })
})

describe("ctx.progress and ctx.log", () => {
  const talks = tool({ name: "t" }, async (_, { progress, log: say }) => {
    await progress(1, 3, "one")
    await progress(1)
    await progress(0.5)
    await progress(2)
    await say.debug("d")
    await say.warning({ w: 1 }, "part")
    return "done"
  })

  it("reach a client that asked for them, in order and before the answer", async () => {
    await using wire = await connectWire(server(info).tool(talks))
    await wire.call("t", {}, { progressToken: "p", "io.modelcontextprotocol/logLevel": "info" })
    expect(wire.received.slice(0, -1)).toEqual([
      {
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: "p", progress: 1, total: 3, message: "one" }
      },
      { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: "p", progress: 2 } },
      { jsonrpc: "2.0", method: "notifications/message", params: { level: "warning", logger: "part", data: { w: 1 } } }
    ])
  })

  it("go nowhere for a client that did not, and nothing follows the answer", async () => {
    let after!: () => Promise<void>
    const t = tool({ name: "late" }, (_, { progress, log: say }) => {
      after = async () => {
        await progress(9)
        await say.emergency("late")
      }
      return "done"
    })
    await using wire = await connectWire(server(info).add(talks, t))
    await wire.call("t")
    await wire.call("late", {}, { progressToken: 1, "io.modelcontextprotocol/logLevel": "debug" })
    await after()
    expect(wire.received.map(({ id }) => id)).toEqual([1, 2])
  })

  it("refuse progress that is no number", async () => {
    await using wire = await wired(async (_, { progress }) =>
      progress(Number.NaN).catch((error: Error) => error.message)
    )
    expect(await wire.text("t")).toBe("Progress.report: progress is NaN; it must be a finite number.")
  })
})

describe("resources and prompts", () => {
  it("get the same second parameter", async () => {
    const keys: Array<ReadonlyArray<string>> = []
    const use = ({ signal, defer, run, progress, log: say }: HandlerContext) => {
      keys.push([typeof signal, typeof defer, typeof run, typeof progress, typeof say.info])
      return "ok"
    }
    const s = server(info)
      .resource(resource({ uri: "x://y" }, (_, ctx) => use(ctx)))
      .prompt(prompt({ name: "p" }, (_, ctx) => use(ctx)))
    await using wire = await connectWire(s)
    await wire.request("resources/read", { uri: "x://y" })
    await wire.request("prompts/get", { name: "p" })
    const all = ["object", "function", "function", "function", "function"]
    expect(keys).toEqual([all, all])
  })
})
