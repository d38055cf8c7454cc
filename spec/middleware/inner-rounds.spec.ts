import { Effect, Elicitation, middleware, server, tool, transform } from "mcpipe"
import { type AuditRecord, audit } from "mcpipe/middleware"
import { toolSearch } from "mcpipe/transforms"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { answered, until } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { connectWire, gate, type WireOptions } from "../kit/wire.ts"

const capabilities = { elicitation: { form: {} } }
const begun: Array<string> = []
const cleaned: Array<string> = []
beforeEach(() => {
  begun.length = 0
  cleaned.length = 0
})

/** Asks so many things, and says when a run begins and when one is given up. */
const asking = (name: string, count: number) =>
  tool({ name }, function* () {
    begun.push(name)
    yield* Effect.addFinalizer(() => Effect.sync(() => void cleaned.push(name)))
    let text = name
    for (let n = 1; n <= count; n++) text += ` ${yield* Elicitation.confirm(`${name} ${n}?`)}`
    return text
  })

/** How requests ended, as a hook around them sees it. */
const watching = (seen: Array<string>, as = "") =>
  middleware((next, { name }) =>
    Effect.onExit(next, (exit) =>
      Effect.sync(() => {
        const outcome = exit._tag === "Success" ? exit.value.outcome : "no outcome"
        seen.push(`${as}${name} ${outcome}`)
      })
    )
  )

/** Calls two tools at once. */
const both = transform("both", (components, inner) => [
  ...components,
  tool({ name: "both" }, () =>
    Effect.map(Effect.all([inner.call("one", {}), inner.call("two", {})], { concurrency: 2 }), (results) =>
      results.map(({ content }) => (content[0] as { text: string }).text).join(", ")
    )
  )
])

const call = (name: string, args: object = {}) => ["tools/call", { name, arguments: args }] as const

describe.each(spoken)("on %s, hooks further in than a tool that calls another", (speak) => {
  const connected = (served: any, options: WireOptions = {}) => connectWire(served, { speak, capabilities, ...options })
  /** Rounds that end in a question; on 2025-11-25 the call waits for its answer. */
  const pauses = (of: ReadonlyArray<string>) => (speak === "sessionless" ? of : [])

  it("see each round as hooks further out do, and record one call", async () => {
    const seen: Array<string> = []
    const records: Array<AuditRecord> = []
    const sink = (record: AuditRecord) => void records.push(record)
    const child = server(info("child")).tool(asking("ask", 2)).use(audit({ sink })).use(watching(seen))
    await using wire = await connected(server(info("root")).mount("c", child).transform(toolSearch()))
    expect((await answered(wire, call("call_tool", { name: "c_ask" }))).content[0].text).toBe("ask true true")
    expect(seen).toEqual([...pauses(["ask paused", "ask paused"]), "ask complete"])
    expect(records.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["ask complete"])
    expect(cleaned).toEqual(begun)
  })

  it("see it too where they are async functions", async () => {
    const seen: Array<string> = []
    const watch = middleware(async (next, { name }, { run }) => {
      const outcome = await run(next)
      seen.push(`${name} ${outcome.outcome}`)
      return outcome
    })
    const child = server(info("child")).tool(asking("ask", 2)).use(watch)
    await using wire = await connected(server(info("root")).mount("c", child).transform(toolSearch()))
    expect((await answered(wire, call("call_tool", { name: "c_ask" }))).content[0].text).toBe("ask true true")
    expect(seen).toEqual([...pauses(["ask paused", "ask paused"]), "ask complete"])
  })

  it("see it wherever they are, the innermost first", async () => {
    const seen: Array<string> = []
    const leaf = server(info("leaf")).tool(asking("ask", 1)).use(watching(seen, "leaf "))
    const middle = server(info("middle")).mount("l", leaf).transform(toolSearch()).use(watching(seen, "middle "))
    await using wire = await connected(server(info("root")).mount("m", middle).transform(toolSearch()))
    const args = { name: "m_call_tool", arguments: { name: "l_ask" } }
    expect((await answered(wire, call("call_tool", args))).content[0].text).toBe("ask true")
    const round = (outcome: string) => [`leaf ask ${outcome}`, `middle call_tool ${outcome}`]
    expect(seen).toEqual([...pauses(round("paused")), ...round("complete")])
    expect(cleaned).toEqual(begun)
  })

  it("see it of each of two calls at once, also of one that was not asking", async () => {
    const seen: Array<string> = []
    const child = server(info("child")).add(asking("one", 1), asking("two", 2)).use(watching(seen))
    await using wire = await connected(server(info("root")).mount(child).transform(both))
    expect((await answered(wire, call("both"))).content[0].text).toBe("one true, two true true")
    // both ask in the first round, one of them in the second
    expect(seen.slice(0, -2).sort()).toEqual(pauses(["one complete", "one paused", "two paused", "two paused"]))
    expect(seen.slice(-2).sort()).toEqual(["one complete", "two complete"])
    expect(cleaned.sort()).toEqual(begun.sort())
  })

  it("that wait for something else do not keep the answer", async () => {
    const seen: Array<string> = []
    const hold = middleware((next, { name }) => (name === "two" ? Effect.andThen(Effect.never, next) : next))
    const child = server(info("child")).add(asking("one", 1), asking("two", 1)).use(watching(seen)).use(hold)
    await using wire = await connected(server(info("root")).mount(child).transform(both))
    const whole = wire.request(...call("both"))
    if (speak === "sessionless") {
      expect((await whole).result.resultType).toBe("input_required")
      expect(seen.sort()).toEqual(["one paused", "two no outcome"])
      return
    }
    await wire.next(({ method }) => method === "elicitation/create")
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await until(() => seen.length === 2)
    expect(seen).toEqual(["one no outcome", "two no outcome"])
  })

  it("that take their time after a pause may do so, and what else is called meanwhile does not begin", async () => {
    const lingers = gate()
    const seen: Array<string> = []
    const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    const linger = middleware(function* (next, { name }) {
      const outcome = yield* next
      if (outcome.outcome !== "paused") return outcome
      lingers.open()
      yield* turn
      yield* turn
      seen.push(`${name} lingered`)
      return outcome
    })
    const later = transform("later", (components, inner) => [
      ...components,
      tool({ name: "later" }, () => {
        const two = Effect.andThen(
          Effect.promise(() => lingers.opened),
          inner.call("two", {})
        )
        return Effect.as(Effect.all([inner.call("one", {}), two], { concurrency: 2 }), "done")
      })
    ])
    const child = server(info("child")).add(asking("one", 1), asking("two", 0)).use(linger)
    await using wire = await connected(server(info("root")).mount(child).transform(later))
    if (speak === "2025-11-25") lingers.open()
    expect((await answered(wire, call("later"))).content[0].text).toBe("done")
    expect(seen).toEqual(pauses(["one lingered"]))
    expect(begun.sort()).toEqual([...pauses(["one"]), "one", "two"])
  })

  it("that try again after a pause have another, and the tool does not run for it", async () => {
    const outcomes: Array<string> = []
    const again = middleware(function* (next) {
      const first = yield* next
      if (first.outcome !== "paused") return first
      const second = yield* next
      outcomes.push(second.outcome)
      return second
    })
    const child = server(info("child")).tool(asking("ask", 1)).use(again)
    await using wire = await connected(server(info("root")).mount(child).transform(toolSearch()))
    expect((await answered(wire, call("call_tool", { name: "ask" }))).content[0].text).toBe("ask true")
    expect(outcomes).toEqual(pauses(["paused"]))
    expect(begun).toEqual([...pauses(["ask"]), "ask"])
  })

  it("that go on after a pause are interrupted with the request", async () => {
    const begins = gate()
    const ended: Array<string> = []
    const lingers = middleware((next) =>
      Effect.flatMap(next, (outcome) => {
        if (outcome.outcome !== "paused") return Effect.succeed(outcome)
        begins.open()
        return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("lingers")))
      })
    )
    const child = server(info("child")).tool(asking("ask", 1)).use(lingers)
    await using wire = await connected(server(info("root")).mount(child).transform(toolSearch()))
    if (speak === "2025-11-25") {
      expect((await answered(wire, call("call_tool", { name: "ask" }))).content[0].text).toBe("ask true")
      return
    }
    void wire.request(...call("call_tool", { name: "ask" }))
    await begins.opened
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await until(() => ended.length > 0)
    expect(cleaned).toEqual(begun)
  })

  it("and what cannot be interrupted keep it from asking, as ever", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {})
    const seen: Array<string> = []
    const firmly = transform("firmly", (components, inner) => [
      ...components,
      tool({ name: "firmly" }, () => Effect.uninterruptible(inner.call("ask", {})))
    ])
    const child = server(info("child")).tool(asking("ask", 1)).use(watching(seen))
    await using wire = await connected(server(info("root")).mount(child).transform(firmly), { dev: true })
    expect((await wire.call("firmly")).content[0].text).toContain("was asked where nothing can be interrupted")
    expect(seen).toEqual(["ask error"])
  })
})
