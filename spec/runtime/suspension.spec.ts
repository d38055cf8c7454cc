import { ClientLog, Durable, Effect, Elicitation, Progress, server, tool } from "mcpipe"
import { expect, it, describe } from "vitest"
import { driveTool, yes } from "../kit/rounds.ts"
import { connectWire, gate } from "../kit/wire.ts"

const asking = { elicitation: {} }
const info = { name: "suspension", version: "1.0.0" }

/** Lines of a handler, as they run. */
const lines = () => {
  const seen: Array<string> = []
  return {
    seen,
    say: (line: string) => void seen.push(line),
    sayEffect: (line: string) => Effect.sync(() => void seen.push(line))
  }
}

describe("a suspended handler", () => {
  it("runs no further line in its round where it is async, catch and finally included", async () => {
    const { seen, say } = lines()
    const ask = tool({ name: "ask" }, async (_, { elicit, defer, signal }) => {
      say("begins")
      defer(() => say("deferred"))
      signal.addEventListener("abort", () => say("aborted"))
      let sure = false
      try {
        sure = await elicit.confirm("Sure?")
        say("answered")
      } catch {
        say("caught")
        sure = true
      } finally {
        say("finally")
      }
      return `${sure}`
    })
    await using wire = await connectWire(server(info).tool(ask), { capabilities: asking })
    const { text } = await driveTool(wire, "ask")
    expect(text).toBe("true")
    expect(seen).toEqual(["begins", "aborted", "deferred", "begins", "answered", "finally", "deferred"])
  })

  it("runs no further line where it is a generator, and none of what catches causes", async () => {
    const { seen, say } = lines()
    const ask = tool({ name: "ask" }, function* () {
      say("begins")
      try {
        const sure = yield* Effect.catchCause(Elicitation.confirm("Sure?"), () =>
          Effect.sync(() => {
            say("swallowed")
            return true
          })
        )
        say("answered")
        return `${sure}`
      } finally {
        say("finally")
      }
    })
    await using wire = await connectWire(server(info).tool(ask), { capabilities: asking })
    expect((await driveTool(wire, "ask")).text).toBe("true")
    expect(seen).toEqual(["begins", "begins", "answered", "finally"])
  })

  it("is not brought back by retry, orElse, timeout, exit or a race around the ask", async () => {
    const { seen, sayEffect } = lines()
    const ask = Elicitation.confirm("Sure?")
    const wrapped = Effect.exit(
      ask.pipe(
        Effect.retry({ times: 3 }),
        Effect.timeout("1 minute"),
        Effect.tapCause(() => sayEffect("tapped")),
        Effect.catch(() => sayEffect("caught")),
        Effect.catchDefect(() => sayEffect("caught defect")),
        Effect.race(Effect.never)
      )
    )
    const handler = tool({ name: "ask" }, () =>
      Effect.flatMap(wrapped, (exit) => Effect.as(sayEffect("after"), `${exit._tag}`))
    )
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    const { text, rounds } = await driveTool(wire, "ask")
    expect([text, rounds.length, seen]).toEqual(["Success", 1, ["after"]])
  })

  it("runs its finalizers in every round, and closes its scope", async () => {
    const { seen, sayEffect } = lines()
    const handler = tool({ name: "ask" }, () =>
      Effect.gen(function* () {
        yield* Effect.acquireRelease(sayEffect("opens"), () => sayEffect("closes"))
        return yield* Effect.ensuring(Elicitation.confirm("Sure?"), sayEffect("ensured"))
      })
    )
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    await driveTool(wire, "ask")
    expect(seen).toEqual(["opens", "ensured", "closes", "opens", "ensured", "closes"])
  })

  it("leaves nothing of what it runs beside the ask going: neither ctx.run, nor progress, nor logs, nor steps", async () => {
    const { seen, say } = lines()
    const { open, opened } = gate()
    const handler = tool({ name: "ask" }, async (_, { elicit, run, progress, log, step }) => {
      const beside = opened.then(async () => {
        await Promise.race([
          run(Effect.sync(() => say("ran"))),
          progress(1),
          log.info("logged"),
          step("step", () => say("stepped")),
          elicit.confirm("More?")
        ])
        say("went on")
      })
      await elicit.confirm("Sure?")
      await beside
      return "done"
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    const first = await wire.request("tools/call", { name: "ask", _meta: { progressToken: 1 } })
    expect(first.result.resultType).toBe("input_required")
    open()
    await wire.request("server/discover")
    expect(seen).toEqual([])
    expect(wire.received.filter(({ method }) => method !== undefined)).toEqual([])
  })

  it("cannot ask where nothing can be interrupted, and says why in the log", async () => {
    const handler = tool({ name: "ask" }, () => Effect.uninterruptible(Elicitation.confirm("Sure?")))
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking, dev: true })
    const { text } = await driveTool(wire, "ask")
    expect(text).toContain(
      "elicitation/create was asked where nothing can be interrupted (in a finalizer, an acquire or an uninterruptible region), and an unanswered question would hold it for ever: ask before it."
    )
  })

  it("tells the client each progress and log message once", async () => {
    const handler = tool({ name: "tell" }, function* () {
      yield* Progress.report(1, 3)
      yield* ClientLog.info("one")
      yield* Elicitation.confirm("First?")
      yield* Progress.report(2, 3)
      yield* ClientLog.info("two")
      yield* Elicitation.confirm("Second?")
      yield* Progress.report(3, 3)
      yield* ClientLog.info("three")
      return "told"
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    const meta = { progressToken: "p", "io.modelcontextprotocol/logLevel": "debug" }
    const told = { request: (method: string, params?: object) => wire.request(method, { ...params, _meta: meta }) }
    let skipped = false
    // one round in which nothing is answered repeats nothing either
    const { text, rounds } = await driveTool(told, "tell", (_, __, round) => {
      if (round !== 2 || skipped) return yes()
      skipped = true
      return undefined
    })
    expect([text, rounds.length]).toEqual(["told", 3])
    const sent = wire.received.filter(({ method }) => method !== undefined)
    expect(sent.map(({ params }) => params.progress ?? params.data)).toEqual([1, "one", 2, "two", 3, "three"])
  })

  it("counts the time of the handler alone where it has a timeout", async () => {
    const handler = tool({ name: "ask", timeout: 60_000 }, () => Effect.map(Elicitation.confirm("Sure?"), String))
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    expect((await driveTool(wire, "ask")).text).toBe("true")
  })

  it("leaves out what it asked and did not wait for", async () => {
    const handler = tool({ name: "ask" }, async (_, { elicit }) => {
      void elicit.confirm("Anybody?")
      return "not waiting"
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    expect(await driveTool(wire, "ask")).toMatchObject({ text: "not waiting", rounds: [] })
  })

  it("lets steps that have begun end first, and takes what is asked meanwhile into the same round", async () => {
    const { seen, sayEffect } = lines()
    const slow = Effect.andThen(
      Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20))),
      sayEffect("did")
    )
    const handler = tool({ name: "ask" }, () =>
      Effect.map(
        Effect.all(
          [Elicitation.confirm("Sure?"), Effect.andThen(Durable.step("slow", slow), Elicitation.confirm("Then?"))],
          {
            concurrency: "unbounded"
          }
        ),
        String
      )
    )
    await using wire = await connectWire(server(info).tool(handler), { capabilities: asking })
    const { text, messages } = await driveTool(wire, "ask")
    expect([text, messages, seen]).toEqual(["true,true", [["Sure?", "Then?"]], ["did"]])
  })
})
