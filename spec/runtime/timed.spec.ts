import { Effect, prompt, resource, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

describe("a call that takes longer than its timeout", () => {
  it("is interrupted, runs its finalizers first and says how long it had", async () => {
    const order: Array<string> = []
    const never = () =>
      Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(
          Effect.promise(async () => {}),
          Effect.sync(() => void order.push(`finalized, answers: ${order.length}`))
        )
      )
    const s = server(info)
      .tool(tool({ name: "t", timeout: 1 }, never))
      .resource(resource({ uri: "x://y", timeout: 2 }, never))
      .prompt(prompt({ name: "p", timeout: 3 }, never))
    await using wire = await connectWire(s)
    expect(await wire.call("t")).toMatchObject({ isError: true, content: [{ text: 'Tool "t" timed out after 1 ms.' }] })
    expect((await wire.request("resources/read", { uri: "x://y" })).error).toEqual({
      code: -32603,
      message: 'The resource "x://y" timed out after 2 ms.'
    })
    expect((await wire.request("prompts/get", { name: "p" })).error).toEqual({
      code: -32603,
      message: 'The prompt "p" timed out after 3 ms.'
    })
    expect(order).toEqual([0, 1, 2].map((n) => `finalized, answers: ${n}`))
  })

  it("leaves calls that are quick enough alone", async () => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t", timeout: 60_000 }, async () => "quick")))
    expect(await wire.text("t")).toBe("quick")
  })
})

describe("the scope of a call", () => {
  it("is closed before the answer leaves, in reverse order, once", async () => {
    const order: Array<string> = []
    const note = (name: string) => () => Effect.sync(() => void order.push(name))
    const t = tool({ name: "t" }, function* () {
      yield* Effect.acquireRelease(Effect.void, note("outer"))
      yield* Effect.acquireRelease(Effect.void, () =>
        Effect.andThen(
          Effect.promise(async () => {}),
          note("inner")()
        )
      )
      return "done"
    })
    await using wire = await connectWire(server(info).tool(t))
    const answer = wire.text("t").then((text) => order.push(text))
    await answer
    expect(order).toEqual(["inner", "outer", "done"])
  })

  it("is closed when the client cancels, and no answer follows", async () => {
    let release!: () => void
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const t = tool({ name: "t" }, function* () {
      yield* Effect.acquireRelease(Effect.void, () => Effect.sync(release))
      return yield* Effect.never
    })
    await using wire = await connectWire(server(info).tool(t))
    void wire.request("tools/call", { name: "t" })
    wire.notify("notifications/cancelled", { requestId: wire.lastId(), reason: "changed my mind" })
    await released
    await wire.request("tools/list")
    expect(wire.received.map(({ id }) => id)).toEqual([2])
  })
})
