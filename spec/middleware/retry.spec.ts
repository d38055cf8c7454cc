import { accept, connect } from "../../lib/testing/index.ts"
import {
  ClientLog,
  DefinitionError,
  Durable,
  Effect,
  Elicitation,
  middleware,
  prompt,
  PublicError,
  resource,
  server,
  tool,
  ToolError
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { retry } from "../../lib/middleware/retry.ts"
import { timeout } from "../../lib/middleware/timeout.ts"
import { driveTool, yes } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"
import { inEachEra, info } from "../testing/eras.ts"

const speak = { handshake: "2025-11-25", sessionless: "sessionless" } as const
const readOnly = { readOnlyHint: true }
const atOnce = { baseDelay: 0 }

/** Fails so many times, and counts its runs. */
const flaky = (failures: number, error: () => unknown = () => new Error("down")) => {
  const state = { runs: 0 }
  const run = Effect.suspend(() => (state.runs++ < failures ? Effect.fail(error()) : Effect.succeed("up")))
  return { state, run }
}

class Declared extends Error {}

describe("retry", () => {
  inEachEra((era) => {
    it("tries tools that say they are harmless again, and resources and prompts", async () => {
      const [t, i, r, p] = [flaky(2), flaky(2), flaky(2), flaky(2)]
      const s = server(info)
        .tool(tool({ name: "t", annotations: readOnly }, () => t.run))
        .tool(tool({ name: "i", annotations: { idempotentHint: true } }, () => i.run))
        .resource(resource({ uri: "x://y" }, () => r.run))
        .prompt(prompt({ name: "p" }, () => p.run))
        .use(retry(atOnce))
      await using wire = await connectWire(s, { speak: speak[era] })
      expect(await wire.text("t")).toBe("up")
      expect(await wire.text("i")).toBe("up")
      expect((await wire.request("resources/read", { uri: "x://y" })).result.contents[0].text).toBe("up")
      expect((await wire.request("prompts/get", { name: "p" })).result.messages[0].content.text).toBe("up")
      expect([t, i, r, p].map(({ state }) => state.runs)).toEqual([3, 3, 3, 3])
    })

    it("gives up after so many attempts, with a masked error", async () => {
      const { state, run } = flaky(100)
      const s = server(info).tool(tool({ name: "t", annotations: readOnly }, () => run))
      await using wire = await connectWire(s.use(retry({ ...atOnce, attempts: 4 })), { speak: speak[era] })
      expect(await wire.text("t")).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
      expect(state.runs).toBe(4)
    })

    it.each([
      ["a tool without hints", {}, undefined, 1],
      ["one that is named", { only: ["t"] }, undefined, 3],
      ["any, where that is said", { dangerouslyRetryAll: true }, undefined, 3],
      ["one that is excepted", { dangerouslyRetryAll: true, except: ["t"] }, undefined, 1],
      ["a ToolError", { only: ["t"] }, () => new ToolError("no"), 1],
      ["a PublicError", { only: ["t"] }, () => new PublicError("no"), 1],
      ["a declared class", { only: ["t"] }, () => new Declared("no"), 1],
      ["a ToolError that retryIf takes", { only: ["t"], retryIf: () => true }, () => new ToolError("no"), 3],
      ["an error that retryIf refuses", { only: ["t"], retryIf: () => false }, undefined, 1]
    ])("%s with %j", async (_, options, error, runs) => {
      const { state, run } = flaky(100, error)
      const s = server(info).tool(tool({ name: "t", errors: [Declared] }, () => run as Effect.Effect<string, Error>))
      await using wire = await connectWire(s.use(retry({ ...atOnce, ...options })), { speak: speak[era] })
      await wire.call("t")
      expect(state.runs).toBe(runs)
    })

    it("does not run a tool again whose arguments are refused", async () => {
      let asked = 0
      const t = tool({ name: "t", input: { n: v.number() }, annotations: readOnly }, () => "never")
      const s = server(info)
        .tool(t)
        .use(retry({ ...atOnce, retryIf: () => true }))
        .use(
          middleware({
            callTool: (next, call) =>
              Effect.andThen(
                Effect.sync(() => void asked++),
                next(call)
              )
          })
        )
      await using wire = await connectWire(s, { speak: speak[era] })
      expect(await wire.text("t", { n: "x" })).toMatch(/^Invalid arguments/)
      expect(asked).toBe(1)
    })

    it("waits longer each time, up to a limit", async () => {
      const { state, run } = flaky(3)
      const t = tool({ name: "t", annotations: readOnly }, () => run)
      const policy = { attempts: 5, baseDelay: 100, factor: 3, maxDelay: 500, jitter: 0 }
      await using client = await connect(server(info).tool(t).use(retry(policy)), { era, clock: "virtual" })
      const called = client.call(t)
      const runsAfter = async (millis: number) => {
        await client.clock.adjust(millis)
        return state.runs
      }
      expect([
        await runsAfter(99),
        await runsAfter(1),
        await runsAfter(299),
        await runsAfter(1),
        await runsAfter(499)
      ]).toEqual([1, 2, 2, 3, 3])
      expect(await runsAfter(1)).toBe(4)
      expect(await called).toBe("up")
    })

    it("leaves part of each delay to chance", async () => {
      const { state, run } = flaky(1)
      const t = tool({ name: "t", annotations: readOnly }, () => run)
      await using client = await connect(
        server(info)
          .tool(t)
          .use(retry({ baseDelay: 1_000 })),
        { era, clock: "virtual" }
      )
      const called = client.call(t)
      await client.clock.adjust(499)
      expect(state.runs).toBe(1)
      await client.clock.adjust(501)
      expect(state.runs).toBe(2)
      expect(await called).toBe("up")
    })

    it("tries what timed out again, with its steps", async () => {
      let runs = 0
      const slow = Durable.step(
        "slow",
        Effect.suspend(() => (runs++ === 0 ? Effect.never : Effect.succeed("up")))
      )
      const t = tool({ name: "t", annotations: readOnly }, () => slow)
      const s = server(info)
        .tool(t)
        .use(retry(atOnce))
        .use(timeout({ millis: 1_000 }))
      await using client = await connect(s, { era, clock: "virtual" })
      const called = client.call(t)
      await client.clock.adjust("1 second")
      expect(await called).toBe("up")
      expect(runs).toBe(2)
    })

    it("neither asks again what was answered, nor repeats a step that succeeded; a failed step is run again", async () => {
      const seen: Array<string> = []
      const note = (name: string) => Effect.sync(() => void seen.push(name))
      const step = flaky(1)
      const after = flaky(1)
      const t = tool({ name: "t", annotations: readOnly }, function* () {
        const first = yield* Elicitation.confirm("First?")
        const keyed = yield* Elicitation.confirm("Keyed?", { key: "mine" })
        const id = yield* Durable.step("charge", Effect.as(note("charge"), "id"))
        const uuid = yield* Durable.uuid
        yield* note(uuid)
        const fetched = yield* Durable.step("fetch", step.run as Effect.Effect<string, Error>)
        yield* after.run as Effect.Effect<string, Error>
        const last = yield* Elicitation.confirm("Last?")
        return [first, keyed, id, fetched, last].join()
      })
      await using client = await connect(server(info).tool(t).use(retry(atOnce)), {
        era,
        elicitation: [accept({ ok: true }), accept({ ok: false }), accept({ ok: true })]
      })
      expect(await client.call(t)).toBe("true,false,id,up,true")
      expect(seen.filter((name) => name === "charge")).toHaveLength(1)
      expect(new Set(seen).size).toBe(2)
      expect(step.state.runs).toBe(2)
    })

    it("keeps what came before it: an outer middleware asks and steps once", async () => {
      let steps = 0
      const outer = middleware({
        callTool: function* (next, call) {
          yield* Elicitation.confirm("May I?")
          yield* Durable.step(
            "outer",
            Effect.sync(() => void steps++)
          )
          return yield* next(call)
        }
      })
      const { state, run } = flaky(1)
      const t = tool({ name: "t", annotations: readOnly }, function* () {
        const up = yield* run as Effect.Effect<string, Error>
        return `${up} ${yield* Elicitation.confirm("May I?")}`
      })
      await using client = await connect(server(info).tool(t).use(outer).use(retry(atOnce)), {
        era,
        elicitation: [accept({ ok: true }), accept({ ok: false })]
      })
      expect(await client.call(t)).toBe("up false")
      expect([state.runs, steps]).toEqual([era === "handshake" ? 2 : 3, 1])
    })

    it("stops at once when the client cancels, between attempts and in one", async () => {
      const { state, run } = flaky(100)
      const t = tool({ name: "t", annotations: readOnly }, () => run)
      await using client = await connect(
        server(info)
          .tool(t)
          .use(retry({ baseDelay: 1_000, attempts: 9 })),
        {
          era,
          clock: "virtual"
        }
      )
      const cancel = new AbortController()
      const called = client.call(t, {}, { signal: cancel.signal })
      await client.clock.adjust("1 second")
      expect(state.runs).toBe(2)
      cancel.abort(new Error("enough"))
      await expect(called).rejects.toThrow("enough")
      await client.clock.adjust("1 hour")
      expect(state.runs).toBe(2)
    })

    it("works in a mounted server, under the names it knows", async () => {
      const { state, run } = flaky(1)
      const child = server(info)
        .tool(tool({ name: "t" }, () => run))
        .use(retry({ ...atOnce, only: ["t"] }))
      await using wire = await connectWire(server(info).mount("c", child), { speak: speak[era] })
      expect(await wire.text("c_t")).toBe("up")
      expect(state.runs).toBe(2)
    })

    it("says in the log how often it has tried, and to clients nothing of why", async () => {
      const { run } = flaky(1, () => new Error("secret"))
      const t = tool({ name: "t", annotations: readOnly }, () =>
        Effect.andThen(Effect.logInfo("working"), run as Effect.Effect<string, Error>)
      )
      const s = server(info).tool(t).provide(ClientLog.forward)
      await using client = await connect(s.use(retry({ ...atOnce, attempts: 2, jitter: 0 })), { era, logLevel: "info" })
      await client.call(t)
      expect(client.logs.map(({ data }) => data)).toEqual([
        { message: "working" },
        {
          message: 'tool "t" failed and is tried again',
          annotations: { attempt: 1, attempts: 2, delay: 0 },
          error: "An error; see the server's log."
        },
        { message: "working", annotations: { attempt: 2 } }
      ])
    })
  })

  it("drops answers of an attempt that took another way, so that later rounds follow the last one", async () => {
    const step = flaky(1, () => new Error("no"))
    const after = flaky(1)
    const t = tool({ name: "t", annotations: readOnly }, function* () {
      const way = yield* Effect.catch(Durable.step("way", step.run as Effect.Effect<string, Error>), () =>
        Effect.succeed("down")
      )
      if (way === "down") {
        yield* Elicitation.confirm("It is down. Wait?")
        yield* after.run as Effect.Effect<string, Error>
      }
      const [one, two] = [yield* Elicitation.confirm("One?"), yield* Elicitation.confirm("Two?")]
      return `${way} ${one} ${two}`
    })
    await using wire = await connectWire(server(info).tool(t).use(retry(atOnce)), { capabilities: { elicitation: {} } })
    const { messages, text } = await driveTool(wire, "t", yes)
    expect(messages).toEqual([["It is down. Wait?"], ["One?"], ["Two?"]])
    expect(text).toBe("up true true")
  })

  it.each([
    [{ attempts: 1 }, "retry: attempts is 1; use an integer from 2 to 100."],
    [{ baseDelay: -1 }, "retry: baseDelay is -1; use a number from 0 to 3600000, in milliseconds."],
    [{ baseDelay: 20_000 }, "retry: maxDelay is 10000, less than baseDelay, 20000; raise it."],
    [{ factor: 0 }, "retry: factor is 0; use a number from 1 to 100."],
    [{ jitter: 2 }, "retry: jitter is 2; use a number from 0 to 1."],
    [{ retryIf: 1 }, "retry: retryIf is 1; use a function."],
    [{ dangerouslyRetryAll: 1 }, "retry: dangerouslyRetryAll is 1; use true or false."],
    [
      { dangerouslyRetryAll: true, only: ["a"] },
      "retry: dangerouslyRetryAll is for all tools, and only names some; leave one of them out."
    ]
  ])("refuses %j", (options, message) => {
    expect(() => retry(options as never)).toThrow(new DefinitionError(message))
  })
})
