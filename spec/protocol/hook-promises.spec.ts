import { middleware, server, tool } from "mcpipe"
import { expect, it, onTestFinished, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

it.each(["request", "callTool"] as const)(
  "a %s hook that rejects fails its call, and ends no process",
  async (name) => {
    const unheard = vi.fn()
    process.on("unhandledRejection", unheard)
    onTestFinished(() => void process.off("unhandledRejection", unheard))
    vi.spyOn(console, "error").mockImplementation(() => {})
    onTestFinished(() => void vi.restoreAllMocks())
    const late = async () => {
      throw new Error("late")
    }
    const main = server({ name: "s", version: "1" })
      .tool(tool({ name: "t" }, () => "told"))
      .use(middleware({ [name]: late } as never))
    await using wire = await connectWire(main, { dev: true })
    const answer = await wire.request("tools/call", { name: "t" })
    expect(JSON.stringify(answer)).toContain("late")
    // rejections that nobody hears are told of at the end of a turn
    await new Promise((resolve) => setImmediate(resolve))
    expect(unheard).not.toHaveBeenCalled()
  }
)
