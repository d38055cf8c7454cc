import { ClientLog, Effect, Progress, server, tool } from "mcpipe"
import * as Stream from "effect/Stream"
import { describe, expectTypeOf, it } from "vitest"
import { Db, NotFound } from "./services.ts"

describe("Progress.track", () => {
  type Tracked<A, E = never, R = never> = Effect.Effect<Array<A>, E, Progress | R>

  it("gives what each gives, whatever form it has and whatever it walks through", () => {
    expectTypeOf(Progress.track([1, 2], (n) => n * 2)).toEqualTypeOf<Tracked<number>>()
    expectTypeOf(Progress.track(new Set(["a"]), async (text) => text.length)).toEqualTypeOf<Tracked<number>>()
    expectTypeOf(Progress.track([1], (n, index) => Effect.succeed({ n, index }))).toEqualTypeOf<
      Tracked<{ n: number; index: number }>
    >()
    expectTypeOf(Progress.track(new Map([["a", 1]]), ([key, value]) => [key, value] as const)).toEqualTypeOf<
      Tracked<readonly [string, number]>
    >()
    const lines = null as unknown as AsyncIterable<string>
    expectTypeOf(Progress.track(lines, (line) => line)).toEqualTypeOf<Tracked<string>>()
  })

  it("needs and fails with what the items and each of them need and fail with", () => {
    const rows = Progress.track(["1"], function* (id) {
      const db = yield* Db
      if (id === "") return yield* new NotFound({ id })
      return yield* db.rows(id)
    })
    expectTypeOf(rows).toEqualTypeOf<Tracked<ReadonlyArray<string>, NotFound, Db>>()
    const stream = null as unknown as Stream.Stream<number, NotFound, Db>
    expectTypeOf(Progress.track(stream, (n) => n + 1)).toEqualTypeOf<Tracked<number, NotFound, Db>>()
    expectTypeOf(Progress.track(Stream.make(1), (n) => n + 1)).toEqualTypeOf<Tracked<number>>()
  })

  it("refuses messages and options that do not fit", () => {
    const wrong = () => [
      // @ts-expect-error: not words
      Progress.track([1], (n) => n, { message: (n) => n }),
      // @ts-expect-error: no number
      Progress.track([1], (n) => n, { concurrency: "all" }),
      // @ts-expect-error: nothing to walk through
      Progress.track(5, (n) => n)
    ]
    expectTypeOf(wrong).toBeFunction()
    expectTypeOf(Progress.track([1], (n) => n, { message: (n, at) => `${n.toFixed()} ${at}` })).toEqualTypeOf<
      Tracked<number>
    >()
  })
})

describe("ClientLog.forward", () => {
  it("can be provided to a server, and changes nothing of its type", () => {
    const bare = server({ name: "a", version: "1" }).tool(tool({ name: "a" }, () => Effect.log("a")))
    expectTypeOf(bare.provide(ClientLog.forward)).toEqualTypeOf(bare)
    expectTypeOf(ClientLog.warning({ left: 3 }, "quota")).toEqualTypeOf<Effect.Effect<void, never, ClientLog>>()
  })
})
