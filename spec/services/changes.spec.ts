import { type Change, Changes, Effect, Resource } from "mcpipe"
import * as PubSub from "effect/PubSub"
import { describe, expect, it } from "vitest"

describe("Changes.layerTest", () => {
  it("collects what a handler announces, by reference or URI", async () => {
    const announce = Effect.gen(function* () {
      const changes = yield* Changes
      yield* changes.resourceUpdated("config://app")
      yield* changes.resourceUpdated(Resource.ref("user://1"))
      yield* changes.publish({ type: "catalogue-changed", generation: 3, kinds: ["tools"] })
    })
    const seen: Array<Change> = []
    await Effect.runPromise(Effect.provide(announce, Changes.layerTest(seen)))
    expect(seen).toEqual([
      { type: "resource-updated", ref: Resource.ref("config://app") },
      { type: "resource-updated", ref: Resource.ref("user://1") },
      { type: "catalogue-changed", generation: 3, kinds: ["tools"] }
    ])
  })
})

describe("Changes.layer", () => {
  it("gives every subscriber what is published after it came, in order", async () => {
    const program = Effect.gen(function* () {
      const { publish, subscribe } = yield* Changes
      const first = yield* subscribe
      yield* publish({ type: "catalogue-changed", generation: 1, kinds: [] })
      const second = yield* subscribe
      yield* publish({ type: "catalogue-changed", generation: 2, kinds: [] })
      return [yield* PubSub.take(first), yield* PubSub.take(first), yield* PubSub.take(second)]
    })
    const changes = await Effect.runPromise(Effect.provide(Effect.scoped(program), Changes.layer))
    expect(changes.map((change) => change.type === "catalogue-changed" && change.generation)).toEqual([1, 2, 2])
  })

  it("forgets the oldest of more than 1,024 that a subscriber left lying", async () => {
    const program = Effect.gen(function* () {
      const { publish, subscribe } = yield* Changes
      const late = yield* subscribe
      for (let generation = 0; generation < 1030; generation++)
        yield* publish({ type: "catalogue-changed", generation, kinds: [] })
      return yield* PubSub.take(late)
    })
    expect(await Effect.runPromise(Effect.provide(Effect.scoped(program), Changes.layer))).toEqual({
      type: "catalogue-changed",
      generation: 6,
      kinds: []
    })
  })
})
