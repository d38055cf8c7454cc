import { ClientLog, Context, Effect, Layer, Progress } from "mcpipe"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import { type Call, CurrentCall } from "../../lib/services/current-call.ts"
import { gate } from "../kit/wire.ts"

/** A call whose client reads only what the spec lets it. */
const slowCall = () => {
  const told: Array<unknown> = []
  let room = gate<void>()
  const tell = (...all: ReadonlyArray<unknown>) => {
    told.push(all.filter((one) => one !== undefined))
    return room.opened
  }
  const call: Call = {
    scope: undefined as never,
    uriOf: undefined,
    progress: tell,
    log: tell,
    logLevel: "debug",
    asks: undefined,
    suspended: () => false,
    errors: []
  } as never
  const read = () => {
    room.open()
    room = gate<void>()
  }
  const context = Context.make(CurrentCall, call).pipe(
    Context.add(Progress, Progress.live),
    Context.add(ClientLog, ClientLog.live)
  )
  return { told, read, context, run: <A>(effect: Effect.Effect<A, any, any>) => Effect.runForkWith(context)(effect) }
}

const later = () => new Promise<void>((resolve) => setImmediate(resolve))

describe("while its client reads slowly", () => {
  it.each([
    ["Progress.report", Progress.report(1), [1]],
    ["Progress.increment", Progress.increment(), [1]],
    ["Progress.message", Progress.message("hi"), [0, "hi"]],
    ["ClientLog.info", ClientLog.info("hi"), ["info", "hi"]],
    ["ClientLog.log", ClientLog.log("error", "hi"), ["error", "hi"]]
  ])("%s waits once it has told", async (_, effect, sent) => {
    const { told, read, run } = slowCall()
    const fiber = run(effect as Effect.Effect<void>)
    expect(told).toEqual([sent])
    await later()
    expect(fiber.pollUnsafe()).toBe(undefined)
    read()
    await Effect.runPromise(Fiber.join(fiber))
    expect(told).toEqual([sent])
  })

  it("Progress.track takes the next item only when the report of the one before was read", async () => {
    const { told, read, run } = slowCall()
    const done: Array<number> = []
    const fiber = run(Progress.track([1, 2, 3], (n) => void done.push(n)))
    await later()
    expect([done, told]).toEqual([[1], [[1, 3]]])
    read()
    await later()
    expect(done).toEqual([1, 2])
    read()
    await later()
    read()
    await Effect.runPromise(Fiber.join(fiber))
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3]
    ])
  })

  it("what is interrupted as it waits has told once, and stops at once", async () => {
    const { told, read, run } = slowCall()
    const fiber = run(Effect.andThen(Progress.report(1), Progress.report(2)))
    await Effect.runPromise(Fiber.interrupt(fiber))
    read()
    await later()
    expect(told).toEqual([[1]])
  })

  it("lines that a logger forwards are left out, since a logger cannot wait, and the client is told how many", async () => {
    const { told, read, context } = slowCall()
    const silent = Logger.layer([])
    const forward = await Effect.runPromise(Effect.scoped(Layer.build(Layer.provideMerge(ClientLog.forward, silent))))
    const log = (text: string) => Effect.runSyncWith(Context.merge(forward, context))(Effect.log(text))
    for (const line of ["one", "two", "three"]) log(line)
    expect(told).toEqual([["info", { message: "one" }]])
    read()
    await later()
    const left = "2 lines were left out here: logged faster than the client reads."
    expect(told.slice(1)).toEqual([["warning", { message: left }]])
    log("four")
    read()
    await later()
    read()
    await later()
    log("five")
    expect(told.slice(2)).toEqual([
      ["warning", { message: "1 line was left out here: logged faster than the client reads." }],
      ["info", { message: "five" }]
    ])
  })
})
