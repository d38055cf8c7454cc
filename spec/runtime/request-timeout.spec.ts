import { Effect, middleware, Progress, prompt, resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import type { Timeout } from "../../lib/builder/timeout.ts"
import { limitSettings } from "../../lib/runtime/limit-settings.ts"
import { accept, connect } from "../../lib/testing/index.ts"
import { inEachEra, info } from "../testing/eras.ts"

/** Reports progress every so many milliseconds, so many times, then ends. */
const steps = (every: number, times: number) =>
  function* () {
    for (let n = 1; n <= times; n++) {
      yield* Effect.sleep(every)
      yield* Progress.report(n)
    }
    return `took ${every * times} ms`
  }

/** What became of a call. */
const outcomeOf = async (made: Promise<unknown>): Promise<unknown> =>
  made.then(
    (value) => value,
    (error) => error
  )

inEachEra((era) => {
  const options = { era, clock: "virtual" } as const

  describe("a request that takes longer than the requestTimeout", () => {
    it("is interrupted, runs its finalizers, and says how long it had", async () => {
      const ended: Array<string> = []
      const never = (name: string) => () =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(name)))
      const s = server(info)
        .tool(tool({ name: "t" }, never("tool")))
        .resource(resource({ uri: "x://y" }, never("resource")))
        .prompt(prompt({ name: "p" }, never("prompt")))
      await using client = await connect(s, { ...options, requestTimeout: 1000 })
      const calls = [client.call("t"), client.read("x://y"), client.get("p")].map(outcomeOf)
      await client.clock.adjust("999 millis")
      expect(ended).toEqual([])
      await client.clock.adjust("1 millis")
      expect(await Promise.all(calls)).toMatchObject([
        { name: "ToolError", message: "tools/call timed out after 1000 ms." },
        { name: "RequestError", code: -32603, message: "resources/read timed out after 1000 ms." },
        { name: "RequestError", code: -32603, message: "prompts/get timed out after 1000 ms." }
      ])
      expect(ended).toEqual(["tool", "resource", "prompt"])
    })

    it("is ended in its middleware too", async () => {
      const ended: Array<string> = []
      const slow = middleware((next, { method }) =>
        method === "initialize"
          ? next
          : Effect.onInterrupt(Effect.andThen(Effect.sleep("1 hour"), next), () =>
              Effect.sync(() => void ended.push(method))
            )
      )
      const s = server(info)
        .tool(tool({ name: "t" }, () => "late"))
        .use(slow)
      await using client = await connect(s, { ...options, requestTimeout: 1000 })
      const call = outcomeOf(client.call("t"))
      const list = outcomeOf(client.list.tools())
      await client.clock.adjust("1 second")
      expect(await call).toMatchObject({ name: "ToolError", message: "tools/call timed out after 1000 ms." })
      expect(await list).toMatchObject({ code: -32603, message: "tools/list timed out after 1000 ms." })
      expect(ended).toEqual(["tools/call", "tools/list"])
    })

    it("is left alone by default", async () => {
      await using client = await connect(
        server(info).tool(tool({ name: "t" }, () => Effect.as(Effect.sleep("1 day"), "done"))),
        options
      )
      const call = client.call("t")
      await client.clock.adjust("1 day")
      expect(await call).toBe("done")
    })
  })

  describe("time", () => {
    const asking = tool({ name: "asking" }, function* () {
      yield* Effect.sleep(600)
      yield* Effect.sleep(300)
      return "done"
    })

    it("begins anew with each report of progress where it is told to, whoever hears of it", async () => {
      const lively = tool({ name: "lively" }, steps(800, 5))
      const stuck = tool({ name: "stuck" }, function* () {
        yield* steps(800, 2)()
        yield* Effect.never
      })
      const s = server(info).add(lively, stuck, asking)
      const requestTimeout: Timeout = { millis: 1000, resetOnProgress: true }
      await using client = await connect(s, { ...options, requestTimeout })
      const calls = [client.call(lively), client.call(stuck)].map(outcomeOf)
      await client.clock.adjust("10 seconds")
      expect(await Promise.all(calls)).toMatchObject([
        "took 4000 ms",
        { message: "tools/call timed out after 1000 ms without progress." }
      ])
    })

    it("does not begin anew by default", async () => {
      await using client = await connect(server(info).tool(tool({ name: "lively" }, steps(800, 5))), {
        ...options,
        requestTimeout: { millis: 1000 }
      })
      const call = outcomeOf(client.call("lively"))
      await client.clock.adjust("1 second")
      expect(await call).toMatchObject({ message: "tools/call timed out after 1000 ms." })
    })
  })

  describe("a component's own timeout", () => {
    it("begins anew with each report of progress where it is told to", async () => {
      const timeout: Timeout = { millis: 1000, resetOnProgress: true }
      const lively = tool({ name: "lively", timeout }, steps(800, 5))
      const stuck = tool({ name: "stuck", timeout }, function* () {
        yield* steps(800, 2)()
        yield* Effect.never
      })
      const read = resource({ uri: "x://y", timeout }, steps(1001, 1))
      await using client = await connect(server(info).add(lively, stuck, read), options)
      const calls = [client.call(lively), client.call(stuck), client.read(read)].map(outcomeOf)
      await client.clock.adjust("10 seconds")
      expect(await Promise.all(calls)).toMatchObject([
        "took 4000 ms",
        { message: 'Tool "stuck" timed out after 1000 ms without progress.' },
        { message: 'The resource "x://y" timed out after 1000 ms without progress.' }
      ])
    })

    it("is told by async handlers and by track", async () => {
      const timeout: Timeout = { millis: 1000, resetOnProgress: true }
      const handler = tool({ name: "async", timeout }, async (_, { progress, run }) => {
        for (let n = 1; n <= 3; n++) {
          await run(Effect.sleep(900))
          await progress(n)
        }
        return "reported"
      })
      const tracked = tool({ name: "tracked", timeout }, () => Progress.track([900, 900, 900], (n) => Effect.sleep(n)))
      await using client = await connect(server(info).add(handler, tracked), options)
      const calls = [client.call(handler), client.call(tracked)].map(outcomeOf)
      await client.clock.adjust("10 seconds")
      expect(await Promise.all(calls)).toMatchObject(["reported", [null, null, null]])
    })
  })
})

describe("a client that takes its time to answer", () => {
  const book = tool({ name: "book" }, async (_, { elicit, run }) => {
    await run(Effect.sleep(600))
    const { city } = await elicit("Where to?", { city: v.string() })
    await run(Effect.sleep(300))
    return `booked ${city}`
  })
  const thinking = () => Effect.as(Effect.sleep("5 minutes"), accept({ city: "Oslo" }))
  const withHook = () =>
    server(info)
      .tool(book)
      .use(middleware((next) => next))

  it.each([
    ["alone", () => server(info).tool(book)],
    ["with middleware around it", withHook]
  ])("costs a request none of its time, %s", async (_, make) => {
    const options = { era: "handshake", clock: "virtual", elicitation: thinking } as const
    await using client = await connect(make(), { ...options, requestTimeout: 1000 })
    const call = outcomeOf(client.call(book))
    await client.clock.adjust("2 hours")
    expect(await call).toBe("booked Oslo")
  })

  it.each([
    ["alone", () => server(info).tool(book)],
    ["with middleware around it", withHook]
  ])("does not stop the time before and after it, %s", async (_, make) => {
    const options = { era: "handshake", clock: "virtual", elicitation: thinking } as const
    await using client = await connect(make(), { ...options, requestTimeout: 800 })
    const call = outcomeOf(client.call(book))
    await client.clock.adjust("2 hours")
    expect(await call).toMatchObject({ message: "tools/call timed out after 800 ms." })
  })

  it("comes back in another request, which has its own time", async () => {
    const options = { era: "sessionless", clock: "virtual", elicitation: thinking } as const
    await using client = await connect(withHook(), { ...options, requestTimeout: 950 })
    const call = outcomeOf(client.call(book))
    await client.clock.adjust("2 hours")
    expect(await call).toBe("booked Oslo")
  })
})

describe("a timeout", () => {
  it.each([
    [0, "Option requestTimeout is 0; it must be a positive number of milliseconds."],
    [Number.NaN, "Option requestTimeout is NaN; it must be a positive number of milliseconds."],
    ["5s", "Option requestTimeout is 5s; it must be a positive number of milliseconds."],
    [{}, "Option requestTimeout.millis is undefined; it must be a positive number of milliseconds."],
    [{ millis: -1 }, "Option requestTimeout.millis is -1; it must be a positive number of milliseconds."],
    [
      { millis: 1, reset: true },
      "Option requestTimeout.reset is no option of a timeout: use { millis, resetOnProgress }."
    ],
    [{ millis: 1, resetOnProgress: 1 }, "Option requestTimeout.resetOnProgress is 1; use true or false."]
  ])("of %j is refused", (requestTimeout, message) => {
    expect(() => limitSettings({ requestTimeout: requestTimeout as never })).toThrow(new DefinitionError(message))
  })

  it("of a component is refused where it is defined, and cannot be changed afterwards", () => {
    const wrong = { millis: 1, resetOnProgress: "yes" } as never
    expect(() => tool({ name: "t", timeout: wrong }, () => "")).toThrow(
      new DefinitionError('tool "t": timeout.resetOnProgress is "yes"; use true or false.')
    )
    const timeout = { millis: 5, resetOnProgress: true }
    const made = tool({ name: "t", timeout }, () => "")
    timeout.millis = 6
    expect(made.timeout).toStrictEqual({ millis: 5, resetOnProgress: true })
  })
})
