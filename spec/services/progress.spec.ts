import { ClientLog, Data, Effect, Elicitation, Progress, type ProgressReport, server, tool } from "mcpipe"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Meter } from "../../lib/services/progress-meter.ts"
import { connectWire } from "../kit/wire.ts"

const report = (progress: number, total?: number, message?: string): ProgressReport => ({ progress, total, message })

/** What a client is told of an effect, and what that gives or fails with. */
const told = async <A, E>(effect: Effect.Effect<A, E, Progress>) => {
  const seen: Array<ProgressReport> = []
  const exit = await Effect.runPromiseExit(Effect.provide(effect, Progress.layerTest(seen)))
  return { seen, exit }
}

/** The same for a handler behind a server, with and without a progress token. */
const toldOverWire = async (effect: Effect.Effect<unknown, unknown, Progress>, token?: string) => {
  const talk = tool({ name: "talk" }, () => Effect.as(effect, "done"))
  await using wire = await connectWire(server({ name: "s", version: "1" }).tool(talk))
  const result = await wire.call("talk", {}, token === undefined ? {} : { progressToken: token })
  const reports = wire.received.filter(({ method }) => method === "notifications/progress")
  return { text: result.content[0].text, reports: reports.map(({ params }) => params) }
}

it("Progress.layerTest collects what a handler reports, without a server", async () => {
  const copy = Effect.gen(function* () {
    yield* Progress.report(1, 2, "half")
    yield* Progress.report(2)
    return "copied"
  })
  const { seen, exit } = await told(copy)
  expect(exit).toMatchObject({ value: "copied" })
  expect(seen).toEqual([report(1, 2, "half"), report(2)])
})

describe("Progress.report", () => {
  it("leaves out whatever does not exceed what was reported before", async () => {
    const { seen } = await told(
      Effect.forEach([3, 3, 2, 3.5, -1, 4], (progress) => Progress.report(progress), { discard: true })
    )
    expect(seen).toEqual([report(3), report(3.5), report(4)])
  })

  it.each<[Effect.Effect<void, never, Progress>, string]>([
    [Progress.report(Number.NaN), "Progress.report: progress is NaN; it must be a finite number."],
    [Progress.report(1, Number.POSITIVE_INFINITY), "Progress.report: total is Infinity; it must be a finite number."],
    [Progress.report(1, 2, 3 as never), "Progress.report: message must be a string, not number."],
    [Progress.setTotal(Number.NaN), "Progress.setTotal: total is NaN; it must be a finite number."],
    [Progress.increment(0), "Progress.increment: by is 0; progress only rises, so it must be above 0."],
    [Progress.increment(-2), "Progress.increment: by is -2; progress only rises, so it must be above 0."],
    [Progress.increment(Number.NaN), "Progress.increment: by is NaN; it must be a finite number."],
    [Progress.increment(1, {} as never), "Progress.increment: message must be a string, not object."],
    [Progress.message(undefined as never), "Progress.message: message must be a string, not missing."]
  ])("and its siblings die of what they cannot tell: %#", async (effect, message) => {
    const { seen, exit } = await told(effect)
    expect(exit).toMatchObject({ cause: { reasons: [{ defect: { message } }] } })
    expect(seen).toEqual([])
    const live = await Effect.runPromiseExit(Effect.provideService(effect, Progress, Progress.live))
    expect(live).toMatchObject({ cause: { reasons: [{ defect: { message } }] } })
  })
})

describe("Progress.setTotal and Progress.increment", () => {
  it("count up to the total, from where a report has left it", async () => {
    const { seen } = await told(
      Effect.gen(function* () {
        yield* Progress.increment()
        yield* Progress.setTotal(10)
        yield* Progress.increment(2, "two more")
        yield* Progress.report(5)
        yield* Progress.increment(0.5)
        yield* Progress.report(6, 12)
        yield* Progress.increment()
        yield* Progress.report(8)
      })
    )
    expect(seen).toEqual([
      report(1),
      report(3, 10, "two more"),
      report(5, 10),
      report(5.5, 10),
      report(6, 12),
      report(7, 12),
      report(8, 10)
    ])
  })

  it("begin anew with each call, and go to the call they belong to", async () => {
    const talk = tool({ name: "talk" }, () => Effect.as(Progress.increment(), "done"))
    await using wire = await connectWire(server({ name: "s", version: "1" }).tool(talk))
    await Promise.all(["a", "b", "c"].map((progressToken) => wire.call("talk", {}, { progressToken })))
    const reports = wire.received.filter(({ method }) => method === "notifications/progress")
    expect(reports.map(({ params }) => params)).toEqual([
      { progressToken: "a", progress: 1 },
      { progressToken: "b", progress: 1 },
      { progressToken: "c", progress: 1 }
    ])
  })
})

describe("Progress.message", () => {
  it("tells at once, with a value that rounds to where the work stands, and later increments lose nothing", async () => {
    const { seen } = await told(
      Effect.gen(function* () {
        yield* Progress.message("connecting")
        yield* Progress.message("still connecting")
        yield* Progress.report(3, 10)
        yield* Progress.message("slow")
        yield* Progress.message("slower")
        yield* Progress.increment()
        yield* Progress.report(10, 10)
        yield* Progress.message("cleaning up")
      })
    )
    expect(seen.map(({ message, total }) => [message, total])).toEqual([
      ["connecting", undefined],
      ["still connecting", undefined],
      [undefined, 10],
      ["slow", 10],
      ["slower", 10],
      [undefined, 10],
      [undefined, 10],
      ["cleaning up", 10]
    ])
    expect(seen.map(({ progress }) => Number(progress.toFixed(9)))).toEqual([0, 0, 3, 3, 3, 4, 10, 10])
  })

  it("and all others together only ever tell values that increase and are finite, whatever the handler does", () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom(Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 0.1)
    )
    const step = fc.oneof(
      fc.record({ do: fc.constant("report" as const), by: number }),
      fc.record({ do: fc.constant("increment" as const), by: number.map(Math.abs) }),
      fc.record({ do: fc.constant("message" as const), by: fc.constant(0) })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const seen: Array<number> = []
        const meter = new Meter((progress) => void seen.push(progress))
        for (const { do: what, by } of steps) {
          const before = seen.length
          if (what === "report") meter.report(by, undefined, undefined)
          else if (what === "increment") meter.increment(by, undefined)
          else meter.message("m")
          // only at the very end of what a number can hold is there nothing above to tell a message with
          if (what === "message" && (seen[before - 1] ?? 0) < Number.MAX_VALUE / 2)
            expect(seen).toHaveLength(before + 1)
        }
        expect(seen.every(Number.isFinite)).toBe(true)
        expect(seen.every((value, at) => at === 0 || value > seen[at - 1]!)).toBe(true)
      })
    )
  })

  it("reaches a client over the wire, and nobody where it gave no token", async () => {
    const talk = Effect.gen(function* () {
      yield* Progress.setTotal(2)
      yield* Progress.message("begin")
      yield* Progress.increment()
    })
    expect(await toldOverWire(talk, "t")).toEqual({
      text: "done",
      reports: [
        { progressToken: "t", progress: 0, total: 2, message: "begin" },
        { progressToken: "t", progress: 1, total: 2 }
      ]
    })
    expect(await toldOverWire(talk)).toEqual({ text: "done", reports: [] })
  })
})

describe("Progress.track", () => {
  class TooHot extends Data.TaggedError("TooHot")<{ readonly at: number }> {}
  const items = [10, 20, 30]
  const double = (n: number) => n * 2
  async function* asynchronous() {
    yield* items
  }
  function* synchronous() {
    yield* items
  }
  const forms: ReadonlyArray<readonly [string, (n: number, index: number) => unknown]> = [
    ["a plain function", double],
    ["an async function", async (n) => double(n)],
    ["an Effect", (n) => Effect.succeed(double(n))],
    [
      "a generator",
      function* (n) {
        return yield* Effect.succeed(double(n))
      }
    ]
  ]
  const counted = [report(1, 3), report(2, 3), report(3, 3)]
  const uncounted = [report(1), report(2), report(3)]

  it.each(forms)("runs %s for every item, reports after each and gives the results in order", async (_, each) => {
    const { seen, exit } = await told(Progress.track(items, each))
    expect(exit).toMatchObject({ value: [20, 40, 60] })
    expect(seen).toEqual(counted)
  })

  it.each<[string, () => Iterable<number> | AsyncIterable<number> | Stream.Stream<number>, typeof counted]>([
    ["an array", () => items, counted],
    ["a Set", () => new Set(items), counted],
    ["a typed array", () => Uint8Array.from(items), counted],
    ["a generator", synchronous, uncounted],
    ["an async generator", asynchronous, uncounted],
    ["a Stream", () => Stream.fromArray(items), uncounted]
  ])("walks through %s, and knows the total where it has one", async (_, make, expected) => {
    for (const concurrency of [1, 2, "unbounded"] as const) {
      const { seen, exit } = await told(Progress.track(make(), double, { concurrency }))
      expect(exit).toMatchObject({ value: [20, 40, 60] })
      expect(seen).toEqual(expected)
    }
  })

  it("takes a Map by its entries and a string by its characters, not its units", async () => {
    const map = await told(Progress.track(new Map([["a", 1]]), ([key, value]) => key + value))
    expect([map.exit, map.seen]).toMatchObject([{ value: ["a1"] }, [report(1, 1)]])
    const text = await told(Progress.track("é😀", (character) => character))
    expect([text.exit, text.seen]).toMatchObject([{ value: ["é", "😀"] }, [report(1, 2), report(2, 2)]])
    expect((await told(Progress.track([], double))).exit).toMatchObject({ value: [] })
  })

  it("passes the index, and tells the message, fixed or made of the item just finished", async () => {
    const { seen, exit } = await told(
      Effect.gen(function* () {
        const indexes = yield* Progress.track(items, (_, index) => index, { message: (n, index) => `${index}: ${n}` })
        yield* Progress.track(["x"], () => 0, { message: "fixed" })
        return indexes
      })
    )
    expect(exit).toMatchObject({ value: [0, 1, 2] })
    expect(seen.map(({ message }) => message)).toEqual(["0: 10", "1: 20", "2: 30", "fixed"])
  })

  it("adds to the total of what was tracked before, keeps one that was set, and takes one that is given", async () => {
    const twice = Effect.andThen(Progress.track([1, 2], double), Progress.track([3], double))
    expect((await told(twice)).seen).toEqual([report(1, 2), report(2, 2), report(3, 3)])
    const atOnce = Effect.all([Progress.track([1, 2], double), Progress.track([3], double)], { concurrency: 2 })
    expect((await told(atOnce)).seen.at(-1)).toEqual(report(3, 3))
    expect((await told(Effect.andThen(Progress.setTotal(3), twice))).seen).toEqual(counted)
    expect((await told(Progress.track(asynchronous(), double, { total: 3 }))).seen).toEqual(counted)
    const unknown = Effect.andThen(Progress.track([1], double), Progress.track(asynchronous(), double))
    expect((await told(unknown)).seen).toEqual([report(1, 1), report(2), report(3), report(4)])
  })

  it("works on so many at once as it is told, one after the other by default", async () => {
    const mostAtOnce = async (concurrency: number | "unbounded" | undefined, make: () => any) => {
      let now = 0
      let most = 0
      const each = () =>
        Effect.gen(function* () {
          most = Math.max(most, ++now)
          yield* Effect.sleep("1 second")
          now--
        })
      const tracked = Effect.flatMap(
        Effect.forkChild(Progress.track(make(), each, { concurrency }), { startImmediately: true }),
        (fiber) =>
          Effect.andThen(
            TestClock.adjust("10 seconds"),
            Effect.sync(() => fiber.pollUnsafe())
          )
      )
      const { exit } = await told(Effect.provide(tracked, TestClock.layer()))
      expect(exit).toMatchObject({ value: { _tag: "Success" } })
      return most
    }
    for (const make of [() => [1, 2, 3, 4], () => Stream.fromArray([1, 2, 3, 4])]) {
      expect(await mostAtOnce(undefined, make)).toBe(1)
      expect(await mostAtOnce(3, make)).toBe(3)
      expect(await mostAtOnce("unbounded", make)).toBe(4)
    }
  })

  it("pulls a generator no further than it works on it, and closes it when an item fails", async () => {
    const log: Array<string> = []
    function* lazy() {
      try {
        for (let at = 1; ; at++) {
          log.push(`pull ${at}`)
          yield at
        }
      } finally {
        log.push("closed")
      }
    }
    const each = (at: number) => {
      log.push(`work ${at}`)
      return at === 2 ? Effect.fail(new TooHot({ at })) : Effect.succeed(at)
    }
    const { seen, exit } = await told(Progress.track(lazy(), each))
    expect(exit).toMatchObject({ cause: { reasons: [{ error: { _tag: "TooHot", at: 2 } }] } })
    expect(log).toEqual(["pull 1", "work 1", "pull 2", "work 2", "closed"])
    expect(seen).toEqual([report(1)])
  })

  it.each<[string, () => Effect.Effect<unknown, unknown, Progress>]>([
    [
      "an item throws",
      () =>
        Progress.track(items, () => {
          throw new Error("broken")
        })
    ],
    ["an item rejects", () => Progress.track(items, async () => Promise.reject(new Error("broken")))],
    ["a Stream fails", () => Progress.track(Stream.fail(new Error("broken")), double)],
    [
      "an async generator throws",
      () =>
        Progress.track(
          (async function* (): AsyncGenerator<number> {
            throw new Error("broken")
          })(),
          double
        )
    ]
  ])("fails where %s", async (_, make) => {
    const { exit } = await told(make())
    expect(exit).toMatchObject({ cause: { reasons: [{ error: { message: "broken" } }] } })
  })

  it.each<[string, unknown, object, string]>([
    ["what cannot be walked", 5, {}, "Progress.track: items must be an Iterable, an AsyncIterable or a Stream."],
    ["nothing", null, {}, "Progress.track: items must be an Iterable, an AsyncIterable or a Stream."],
    [
      "an Effect that was not run",
      Effect.succeed([1]),
      {},
      "Progress.track: items is an Effect; yield* it first, and pass what it gives."
    ],
    ["a total below 0", [], { total: -1 }, "Progress.track: total is -1; it must be a number of at least 0."],
    [
      "no concurrency",
      [],
      { concurrency: 0 },
      'Progress.track: concurrency is 0; use a whole number above 0, or "unbounded".'
    ],
    ["a message that is none", [1], { message: () => 5 }, "Progress.track: message must be a string, not number."]
  ])("dies of %s", async (_, given, options, message) => {
    const { exit } = await told(Progress.track(given as Array<number>, double, options))
    expect(exit).toMatchObject({ cause: { reasons: [{ defect: { message } }] } })
  })

  it("does its work alone where the client gave no token", async () => {
    const messages: Array<number> = []
    const track = Effect.flatMap(
      Progress.track(items, double, { message: (n) => String(messages.push(n)) }),
      (results) => (results.join() === "20,40,60" ? Effect.void : Effect.die("wrong results"))
    )
    expect(await toldOverWire(track)).toEqual({ text: "done", reports: [] })
    expect(messages).toEqual([])
    expect((await toldOverWire(track, "t")).reports).toHaveLength(3)
  })
})

it("a call that asks goes on counting in its next round, and repeats neither reports nor forwarded logs", async () => {
  const work = tool({ name: "work" }, function* () {
    yield* Progress.setTotal(4)
    yield* Progress.increment()
    yield* Progress.message("asking soon")
    yield* Effect.log("before")
    yield* Elicitation.confirm("Go on?")
    yield* Effect.log("after")
    yield* Progress.track(["a", "b", "c"], (name) => name, { message: (name) => name })
    return "done"
  })
  const main = server({ name: "s", version: "1" }).tool(work).provide(ClientLog.forward).provide(Logger.layer([]))
  await using wire = await connectWire(main, { capabilities: { elicitation: { form: {} } } })
  const _meta = { progressToken: "t", "io.modelcontextprotocol/logLevel": "info" }
  const told = () =>
    wire.received.flatMap(({ method, params }) =>
      method === "notifications/message"
        ? [params.data.message]
        : method === "notifications/progress"
          ? [[Number(params.progress.toFixed(9)), params.total, params.message]]
          : []
    )
  const { inputRequests, requestState } = await wire.call("work", {}, _meta)
  const first = [[1, 4, undefined], [1, 4, "asking soon"], "before"]
  expect(told()).toEqual(first)
  const inputResponses = { [Object.keys(inputRequests)[0]!]: { action: "accept", content: { ok: true } } }
  const params = { name: "work", arguments: {}, requestState, inputResponses, _meta }
  expect((await wire.request("tools/call", params)).result.content[0].text).toBe("done")
  expect(told()).toEqual([...first, "after", [2, 4, "a"], [3, 4, "b"], [4, 4, "c"]])
})
