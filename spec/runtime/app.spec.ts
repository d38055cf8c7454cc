import { assemble, Changes, Effect, type Change, Layer, Resource, server, tool } from "mcpipe"
import * as PubSub from "effect/PubSub"
import { describe, expect, it } from "vitest"
import { catalogueOf } from "../../lib/runtime/catalogue.ts"
import type { Component } from "../../lib/builder/component.ts"
import { connectWire, gate } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

/** Replaces what an app serves by other components on its root. */
const swap = async (app: ReturnType<typeof assemble>, ...components: ReadonlyArray<Component>) => {
  const running = await app["~mcpipe/App"].running()
  const { generation } = running.catalogue()
  running.swap(catalogueOf(running.assembly.nodes, () => components, generation + 1))
}

const named = (name: string, text = name) => tool({ name }, () => text)

it("assemble refuses an option that there is none of", () => {
  expect(() => assemble(server(info), { maxRound: 3 } as never)).toThrow(
    "assemble has no option `maxRound`; there are dev, requestStateKeys,"
  )
})

describe("replacing the catalogue", () => {
  it("changes lists and calls at once, on every connection, while a call in flight keeps its own", async () => {
    const started = gate()
    const go = gate()
    const slow = tool({ name: "slow" }, async () => {
      started.open()
      await go.opened
      return "slow from before"
    })
    const app = assemble(server(info).add(slow, named("old")))
    await using first = await connectWire(app)
    await using second = await connectWire(app, { speak: "2025-11-25" })
    const inFlight = first.text("slow")
    await started.opened
    const names = async (wire: typeof first) =>
      (await wire.request("tools/list")).result.tools.map(({ name }: any) => name)
    expect([await names(first), await names(second)]).toEqual([
      ["slow", "old"],
      ["slow", "old"]
    ])
    await swap(app, named("new"), named("old", "old, renewed"))
    expect([await names(first), await names(second)]).toEqual([
      ["new", "old"],
      ["new", "old"]
    ])
    expect(await second.text("old")).toBe("old, renewed")
    expect((await first.request("tools/call", { name: "slow" })).error).toEqual({
      code: -32602,
      message: 'Unknown tool: "slow". tools/list names the ones there are.'
    })
    go.open()
    expect(await inFlight).toBe("slow from before")
    await app.dispose()
  })

  it("makes cursors from before stale, and says to begin again", async () => {
    const app = assemble(server({ ...info, pageSize: 1 }).add(named("a"), named("b"), named("c")))
    await using wire = await connectWire(app)
    const { nextCursor } = (await wire.request("tools/list")).result
    await swap(app, named("a"), named("b"), named("c"))
    expect((await wire.request("tools/list", { cursor: nextCursor })).error).toEqual({
      code: -32602,
      message: `Invalid cursor "${nextCursor}": list again from the start, without a cursor.`
    })
    await app.dispose()
  })

  it("that would collide changes nothing", async () => {
    const app = assemble(server(info).add(named("a")))
    await using wire = await connectWire(app)
    await expect(swap(app, named("x"), named("x"))).rejects.toThrow('Two tools are called "x"')
    expect(await wire.text("a")).toBe("a")
    await app.dispose()
  })
})

describe("Changes", () => {
  it("published by handlers and by swaps reach a layer that listens, in order", async () => {
    const seen: Array<Change> = []
    const three = gate()
    const listener = Layer.effectDiscard(
      Effect.gen(function* () {
        const { subscribe } = yield* Changes
        const subscription = yield* subscribe
        const listen = Effect.map(PubSub.take(subscription), (change) => {
          seen.push(change)
          if (seen.length === 3) three.open()
        })
        yield* Effect.forkScoped(Effect.forever(listen))
      })
    )
    const touch = tool({ name: "touch", uses: { changes: Changes } }, (_, { changes, run }) =>
      run(changes.resourceUpdated("config://app"))
    )
    const refer = tool({ name: "refer" }, function* () {
      yield* Effect.flatMap(Changes, ({ resourceUpdated }) => resourceUpdated(Resource.ref("user://1")))
    })
    const app = assemble(server(info).add(touch, refer).provide(listener))
    await using wire = await connectWire(app)
    await wire.call("touch")
    await wire.call("refer")
    await swap(app, touch)
    await three.opened
    expect(seen).toEqual([
      { type: "resource-updated", ref: Resource.ref("config://app") },
      { type: "resource-updated", ref: Resource.ref("user://1") },
      { type: "catalogue-changed", generation: 1, kinds: ["tools"] }
    ])
    await app.dispose()
  })

  it("published by a layer reach a handler that listens", async () => {
    const listening = gate()
    const ticker = Layer.effectDiscard(
      Effect.gen(function* () {
        const { resourceUpdated } = yield* Changes
        const tick = Effect.andThen(
          Effect.promise(() => listening.opened),
          resourceUpdated("clock://now")
        )
        yield* Effect.forkScoped(tick)
      })
    )
    const wait = tool({ name: "wait" }, function* () {
      const { subscribe } = yield* Changes
      const subscription = yield* subscribe
      listening.open()
      return (yield* PubSub.take(subscription)).type
    })
    await using wire = await connectWire(server(info).tool(wait).provide(ticker))
    expect(await wire.text("wait")).toBe("resource-updated")
  })

  it("of one app stay in that app, though both come from one server", async () => {
    const seen: Array<string> = []
    const listen = (name: string) =>
      tool({ name }, function* () {
        const { publish, subscribe } = yield* Changes
        const subscription = yield* subscribe
        yield* publish({ type: "catalogue-changed", generation: seen.length, kinds: [] })
        const change = yield* PubSub.take(subscription)
        seen.push(JSON.stringify(change))
      })
    const s = server(info).tool(listen("t"))
    await using first = await connectWire(s)
    await using second = await connectWire(s)
    await first.call("t")
    await second.call("t")
    const changes = [0, 1].map((generation) => ({ type: "catalogue-changed", generation, kinds: [] }))
    expect(seen).toEqual(changes.map((change) => JSON.stringify(change)))
  })
})
