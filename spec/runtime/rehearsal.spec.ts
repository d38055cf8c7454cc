import { type App, ClientLog, Durable, Effect, Elicitation, middleware, Progress, server, tool } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest"
import { driveTool } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"

const info = { name: "rehearsal", version: "1.0.0" }

/** Settles once nothing runs in an app any more. */
const idle = async (app: App): Promise<void> => {
  const { fibers } = await app["~mcpipe/App"].running()
  await vi.waitFor(() => expect(fibers.size).toBe(0), { interval: 1 })
}

describe("checkDeterminism", () => {
  let logged: MockInstance
  beforeEach(() => {
    logged = vi.spyOn(console, "error").mockImplementation(() => {})
  })
  afterEach(() => void vi.restoreAllMocks())

  /** What the log says after a call of the handler, which has its own way to ask. */
  const checked = async (handler: any, more?: any): Promise<{ text: string | undefined; log: string }> => {
    const main = more === undefined ? server(info).tool(handler) : server(info).tool(handler).use(more)
    const options = { capabilities: { elicitation: {} }, assemble: { checkDeterminism: true } }
    const wire = await connectWire(main, { ...options, gracePeriod: 1_000 })
    const { text } = await driveTool(wire, handler.name)
    await idle(wire.app)
    await wire.close()
    return { text, log: logged.mock.calls.map(String).join("\n") }
  }

  it("says nothing of a handler that does the same again, and repeats none of its steps", async () => {
    let charges = 0
    const good = tool({ name: "good" }, function* () {
      const at = yield* Durable.now
      yield* Elicitation.confirm("A?")
      const charge = yield* Durable.step(
        "charge",
        Effect.sync(() => ++charges)
      )
      return `${at > 0} ${charge}`
    })
    expect(await checked(good)).toEqual({ text: "true 1", log: "" })
    expect(charges).toBe(1)
  })

  it("names what is asked only the second time", async () => {
    let run = 0
    const odd = tool({ name: "odd" }, function* () {
      yield* Elicitation.confirm("A?")
      if (++run > 1) yield* Elicitation.confirm("B?")
      return "done"
    })
    const { text, log } = await checked(odd)
    expect(text).toBe("done")
    expect(log).toContain(
      'The handler of tool "odd" is not deterministic: run again with the same answers, it also asked elicitation/create (B?).'
    )
  })

  it("names what is not asked again", async () => {
    let run = 0
    const odd = tool({ name: "odd" }, function* () {
      if (++run < 3) yield* Elicitation.confirm("A?")
      return "done"
    })
    expect((await checked(odd)).log).toContain(
      "run again with the same answers, it did not ask elicitation/create (A?)."
    )
  })

  it("names another result", async () => {
    let run = 0
    const odd = tool({ name: "odd" }, async (_, { elicit }) => {
      await elicit.confirm("A?")
      return `run ${++run}`
    })
    const { text, log } = await checked(odd)
    expect(text).toBe("run 1")
    expect(log).toMatch(/it came to .*run 2.* instead of .*run 1/)
  })

  it("names a step that was not there before, and does not run it", async () => {
    let run = 0
    let extra = 0
    const odd = tool({ name: "odd" }, function* () {
      yield* Elicitation.confirm("A?")
      if (++run > 1)
        yield* Durable.step(
          "extra",
          Effect.sync(() => void extra++)
        )
      return "done"
    })
    expect((await checked(odd)).log).toContain('Durable.step("extra")')
    expect(extra).toBe(0)
  })

  it("tells the client nothing", async () => {
    const telling = tool({ name: "telling" }, function* () {
      yield* Elicitation.confirm("A?")
      yield* Progress.report(1)
      yield* ClientLog.info("told")
      return "done"
    })
    const wire = await connectWire(server(info).tool(telling), {
      capabilities: { elicitation: {} },
      assemble: { checkDeterminism: true }
    })
    const meta = { progressToken: 1, "io.modelcontextprotocol/logLevel": "debug" }
    const told = { request: (method: string, params?: object) => wire.request(method, { ...params, _meta: meta }) }
    await driveTool(told, "telling")
    await idle(wire.app)
    await wire.close()
    expect(wire.received.filter(({ method }) => method !== undefined).length).toBe(2)
  })

  it("works under request hooks, which see the call once", async () => {
    let run = 0
    let seen = 0
    const odd = tool({ name: "odd" }, async (_, { elicit }) => {
      await elicit.confirm("A?")
      return `run ${++run}`
    })
    const hook = middleware(function* (next) {
      seen++
      return yield* next
    })
    expect((await checked(odd, hook)).log).toContain("is not deterministic")
    expect(seen).toBe(2)
  })

  it("runs nothing again where nothing was asked", async () => {
    let runs = 0
    const plain = tool({ name: "plain" }, () => `${++runs}`)
    expect(await checked(plain)).toEqual({ text: "1", log: "" })
    expect(runs).toBe(1)
  })
})
