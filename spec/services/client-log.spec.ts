import { ClientLog, Context, Data, Effect, Layer, type LogMessage, PublicError, server, tool, ToolError } from "mcpipe"
import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { type LogLevel, logLevels } from "../../lib/services/client-log.ts"
import { CurrentCall } from "../../lib/services/current-call.ts"
import { connectWire } from "../kit/wire.ts"

it("ClientLog.layerTest collects messages of every level, whichever way they were sent", async () => {
  const talk = Effect.gen(function* () {
    const log = yield* ClientLog
    for (const level of logLevels) yield* log[level]({ said: level }, "part")
    yield* log.log("notice", 1)
    yield* ClientLog.log("alert", [2], "whole")
    for (const level of logLevels) yield* ClientLog[level](level)
    yield* ClientLog.info({ rows: 3 }, "db")
  })
  const seen: Array<LogMessage> = []
  await Effect.runPromise(Effect.provide(talk, ClientLog.layerTest(seen)))
  expect(seen).toEqual([
    ...logLevels.map((level) => ({ level, data: { said: level }, logger: "part" })),
    { level: "notice", data: 1, logger: undefined },
    { level: "alert", data: [2], logger: "whole" },
    ...logLevels.map((level) => ({ level, data: level, logger: undefined })),
    { level: "info", data: { rows: 3 }, logger: "db" }
  ])
})

const info = { name: "s", version: "1" }

/** The log messages that a client gets which calls a tool with a handler like this. */
const logged = async (
  handler: Effect.Effect<unknown, unknown, ClientLog>,
  {
    level = "debug",
    layers = [ClientLog.forward],
    errors = []
  }: {
    readonly level?: LogLevel | undefined
    readonly layers?: ReadonlyArray<Layer.Layer<never>>
    readonly errors?: ReadonlyArray<new (...args: any) => Error>
  } = {}
) => {
  let main: any = server(info).tool(tool({ name: "talk", errors }, () => Effect.as(handler, "done")))
  for (const layer of layers) main = main.provide(layer)
  await using wire = await connectWire(main)
  const { content } = await wire.call("talk", {}, { "io.modelcontextprotocol/logLevel": level })
  const messages = wire.received.filter(({ method }) => method === "notifications/message")
  return { text: content[0].text, messages: messages.map(({ params }) => params) }
}

describe("the levels of ClientLog", () => {
  it("send from the level on that the client has asked for", async () => {
    const all = Effect.forEach(logLevels, (level) => ClientLog[level]({ at: level }, "spec"))
    expect((await logged(all, { level: "critical", layers: [] })).messages).toEqual([
      { level: "critical", logger: "spec", data: { at: "critical" } },
      { level: "alert", logger: "spec", data: { at: "alert" } },
      { level: "emergency", logger: "spec", data: { at: "emergency" } }
    ])
  })

  it("are eight: another one is a defect that names them", async () => {
    const exit = await Effect.runPromiseExit(ClientLog.live.log("loud" as never, 1))
    const message =
      "ClientLog.log: there is no level loud; there are debug, info, notice, warning, error, critical, alert, emergency."
    expect(exit).toMatchObject({ cause: { reasons: [{ defect: { message } }] } })
  })
})

/** Loggers that write nothing, so that the run of the specs stays readable. */
const silent = Logger.layer([])
const quiet = { layers: [ClientLog.forward, silent] }

describe("ClientLog.forward", () => {
  it("sends what a handler logs with Effect.log to its client, at the level that means the same", async () => {
    const talk = Effect.gen(function* () {
      yield* Effect.logTrace("trace")
      yield* Effect.logDebug("debug")
      yield* Effect.logInfo("info")
      yield* Effect.log("plain")
      yield* Effect.logWarning("warning")
      yield* Effect.logError("error")
      yield* Effect.logFatal("fatal")
    }).pipe(Effect.provideService(References.MinimumLogLevel, "All"))
    expect(await logged(talk, quiet)).toEqual({
      text: "done",
      messages: [
        { level: "debug", data: { message: "trace" } },
        { level: "debug", data: { message: "debug" } },
        { level: "info", data: { message: "info" } },
        { level: "info", data: { message: "plain" } },
        { level: "warning", data: { message: "warning" } },
        { level: "error", data: { message: "error" } },
        { level: "critical", data: { message: "fatal" } }
      ]
    })
    expect((await logged(talk, { ...quiet, level: "error" })).messages.map(({ level }) => level)).toEqual([
      "error",
      "critical"
    ])
  })

  it("leaves Effect's own minimum in force, which is Info", async () => {
    expect((await logged(Effect.logDebug("detail"), quiet)).messages).toEqual([])
  })

  it("sends several values, annotations and spans as structured data", async () => {
    const talk = Effect.logInfo("charged", { amount: 5n, tags: new Set(["a"]) }, [1]).pipe(
      Effect.annotateLogs({ order: 7, who: { name: "ada" } }),
      Effect.withLogSpan("charge"),
      Effect.andThen(TestClock.adjust("250 millis")),
      Effect.andThen(
        Effect.logInfo("slow").pipe((log) => Effect.withLogSpan(Effect.andThen(TestClock.adjust(30), log), "part"))
      ),
      Effect.withLogSpan("whole"),
      Effect.provide(TestClock.layer())
    )
    expect((await logged(talk, quiet)).messages).toEqual([
      {
        level: "info",
        data: {
          message: ["charged", { amount: "5", tags: ["a"] }, [1]],
          annotations: { order: 7, who: { name: "ada" } },
          spans: { charge: 0, whole: 0 }
        }
      },
      { level: "info", data: { message: "slow", spans: { part: 30, whole: 280 } } }
    ])
  })

  it("shows the words of public errors alone, wherever in a line an error stands", async () => {
    class Declared extends Data.TaggedError("Declared")<{ readonly message: string }> {}
    const secret = new Error("secret 42")
    const talk = Effect.gen(function* () {
      yield* Effect.logError("failed", secret)
      yield* Effect.logError({ nested: [secret, new ToolError("no seats left")] })
      yield* Effect.logError("failed", Cause.fail(secret))
      yield* Effect.logError(Cause.fail(new PublicError("closed on Sundays")))
      yield* Effect.logError(Cause.die(new Declared({ message: "declared" })))
      yield* Effect.logError(Effect.fail(secret), new Map([["key", secret]]))
      yield* Effect.annotateLogs(Effect.logError("annotated"), { cause: Cause.fail("secret 42"), error: secret })
    })
    const hidden = "An error; see the server's log."
    const { messages } = await logged(talk, { ...quiet, errors: [Declared] })
    expect(messages.map(({ data }) => data)).toEqual([
      { message: ["failed", hidden] },
      { message: { nested: [hidden, "no seats left"] } },
      { message: "failed", error: hidden },
      { error: "closed on Sundays" },
      { error: "declared" },
      { message: ["An Effect.", [["key", hidden]]] },
      { message: "annotated", annotations: { cause: hidden, error: hidden } }
    ])
    expect(JSON.stringify(messages)).not.toContain("secret")
  })

  it("tells of a masked failure no more than its reference, which the client gets anyway", async () => {
    const { text, messages } = await logged(Effect.die(new Error("secret 42")), quiet)
    const [, reference] = /^Internal error \(reference (\w+)\)$/.exec(text)!
    expect(messages).toEqual([
      {
        level: "error",
        data: { message: `tool "talk" failed (reference ${reference})`, error: "An error; see the server's log." }
      }
    ])
  })

  it("never fails a handler for what it logs", async () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    const throwing = {
      toJSON() {
        throw new Error("no")
      }
    }
    const talk = Effect.log(circle, throwing, undefined, () => 1, Symbol("s"), Number.NaN)
    const unwritable = "A value that cannot be written as JSON."
    expect(await logged(talk, quiet)).toEqual({
      text: "done",
      messages: [{ level: "info", data: { message: [unwritable, unwritable, null, null, "Symbol(s)", null] } }]
    })
  })

  it("stands beside the other loggers, those of the layer provided after it included", async () => {
    const lines: Array<unknown> = []
    const collect = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
    const { messages } = await logged(Effect.log("hello"), { layers: [ClientLog.forward, collect] })
    expect(lines).toEqual([["hello"]])
    expect(messages).toEqual([{ level: "info", data: { message: "hello" } }])
  })

  it("reaches handlers of mounted servers, each line going to the call that logged it", async () => {
    const child = server(info).tool(tool({ name: "say" }, () => Effect.as(Effect.log("from the child"), "done")))
    const main = server(info).mount("c", child).provide(ClientLog.forward).provide(silent)
    await using wire = await connectWire(main)
    await wire.call("c_say", {}, { "io.modelcontextprotocol/logLevel": "info" })
    await wire.call("c_say")
    expect(
      wire.received.filter(({ method }) => method === "notifications/message").map(({ params }) => params)
    ).toEqual([{ level: "info", data: { message: "from the child" } }])
  })

  it("does nothing outside of a call, and does not forward what the sending itself logs", async () => {
    const sent: Array<unknown> = []
    const forward = await Effect.runPromise(Effect.scoped(Layer.build(Layer.provideMerge(ClientLog.forward, silent))))
    const log = (message: string, context: Context.Context<never>) => Effect.runSyncWith(context)(Effect.log(message))
    log("outside", forward)
    const inside: Context.Context<never> = Context.add(forward, CurrentCall, {
      scope: undefined as never,
      uriOf: undefined,
      progress: undefined,
      log: (_, data) => {
        sent.push(data)
        log("inner", inside)
        throw new Error("the client has gone")
      },
      logLevel: "debug",
      asks: undefined,
      suspended: () => false,
      errors: []
    })
    log("first", inside)
    log("second", inside)
    expect(sent).toEqual([{ message: "first" }, { message: "second" }])
  })
})
