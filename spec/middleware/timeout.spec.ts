import { accept, connect } from "../../lib/testing/index.ts"
import { DefinitionError, Durable, Effect, Elicitation, Progress, prompt, resource, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { timeout } from "../../lib/middleware/timeout.ts"
import { connectWire } from "../kit/wire.ts"
import { inEachEra, info } from "../testing/eras.ts"

const speak = { handshake: "2025-11-25", sessionless: "sessionless" } as const

describe("timeout", () => {
  inEachEra((era) => {
    it("interrupts tools, resources, prompts and completions, finalizers first, and says what took how long", async () => {
      const ended: Array<string> = []
      const never = (name: string) => () =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(name)))
      const s = server(info)
        .tool(tool({ name: "t" }, never("t")))
        .resource(resource({ uri: "x://{id}" }, never("r")))
        .prompt(prompt({ name: "p", args: {} }, never("p")))
        .use(timeout({ millis: 3, perName: { p: 4, "x://{id}": { millis: 5, resetOnProgress: true } } }))
      await using wire = await connectWire(s, { speak: speak[era] })
      expect(await wire.call("t")).toMatchObject({
        isError: true,
        content: [{ text: 'Tool "t" timed out after 3 ms.' }]
      })
      expect((await wire.request("resources/read", { uri: "x://1" })).error).toEqual({
        code: -32603,
        message: 'The resource "x://{id}" timed out after 5 ms without progress.'
      })
      expect((await wire.request("prompts/get", { name: "p" })).error).toEqual({
        code: -32603,
        message: 'The prompt "p" timed out after 4 ms.'
      })
      expect(ended).toEqual(["t", "r", "p"])
    })

    it("does not count the time that a question is open", async () => {
      const asks = tool({ name: "asks" }, function* () {
        const sure = yield* Elicitation.confirm("Sure?")
        yield* Effect.sleep("900 millis")
        return sure
      })
      const s = server(info)
        .tool(asks)
        .use(timeout({ millis: 1_000 }))
      await using client = await connect(s, {
        era,
        clock: "virtual",
        elicitation: () => Effect.as(Effect.sleep("5 minutes"), accept({ ok: true }))
      })
      const called = client.call(asks)
      await client.clock.adjust("5 minutes")
      await client.clock.adjust("900 millis")
      expect(await called).toBe(true)
    })

    it("counts anew from each report of progress where that is wanted", async () => {
      const works = tool({ name: "works" }, function* () {
        for (let i = 1; i <= 3; i++) {
          yield* Effect.sleep("900 millis")
          yield* Progress.report(i, 3)
        }
        return "done"
      })
      const s = server(info).tool(works)
      await using strict = await connect(s.use(timeout({ millis: 1_000 })), { era, clock: "virtual" })
      await using patient = await connect(s.use(timeout({ millis: 1_000, resetOnProgress: true })), {
        era,
        clock: "virtual"
      })
      const calls = [strict.attempt(works), patient.attempt(works)]
      await strict.clock.adjust("1 minute")
      await patient.clock.adjust("1 minute")
      const [late, done] = await Promise.all(calls)
      expect(late).toMatchObject({ ok: false, error: { message: 'Tool "works" timed out after 1000 ms.' } })
      expect(done).toEqual({ ok: true, value: "done" })
    })

    it("names a mounted tool as its client does, and leaves shorter times of its own alone", async () => {
      const child = server(info).add(
        tool({ name: "own", timeout: 2 }, () => Effect.never),
        tool({ name: "none" }, () => Effect.never)
      )
      const parent = server(info).mount("c", child.use(timeout({ millis: 3_000, perName: { none: 5_000 } })))
      await using wire = await connectWire(parent.use(timeout({ millis: 4 })), { speak: speak[era] })
      expect(await wire.text("c_own")).toBe('Tool "c_own" timed out after 2 ms.')
      expect(await wire.text("c_none")).toBe('Tool "c_none" timed out after 4 ms.')
    })

    it("is for the names and methods it is told", async () => {
      const slow = (name: string) => tool({ name }, () => Effect.as(Effect.sleep("1 second"), name))
      const [a, b] = [slow("a"), slow("b")]
      const s = server(info).add(a, b)
      const outcomes = async (options: Parameters<typeof timeout>[0]) => {
        await using client = await connect(s.use(timeout(options)), { era, clock: "virtual" })
        const calls = [client.attempt(a), client.attempt(b)]
        await client.clock.adjust("1 second")
        return (await Promise.all(calls)).map(({ ok }) => ok)
      }
      expect(await outcomes({ millis: 10 })).toEqual([false, false])
      expect(await outcomes({ millis: 10, only: ["a"] })).toEqual([false, true])
      expect(await outcomes({ millis: 10, except: ["a"] })).toEqual([true, false])
      expect(await outcomes({ millis: 10, methods: ["prompts/get"] })).toEqual([true, true])
      expect(await outcomes({ perName: { b: 10 } })).toEqual([true, false])
    })

    it("cuts a step at work, and stays silent where the client cancels", async () => {
      const ended: Array<string> = []
      const stepping = tool({ name: "stepping" }, () =>
        Durable.step(
          "work",
          Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("step")))
        )
      )
      await using client = await connect(
        server(info)
          .tool(stepping)
          .use(timeout({ millis: 1_000 })),
        {
          era,
          clock: "virtual"
        }
      )
      const late = client.attempt(stepping)
      await client.clock.adjust("1 second")
      expect(await late).toMatchObject({ ok: false, error: { message: 'Tool "stepping" timed out after 1000 ms.' } })
      expect(ended).toEqual(["step"])
      const cancel = new AbortController()
      const cancelled = client.call(stepping, {}, { signal: cancel.signal })
      cancel.abort(new Error("changed my mind"))
      await expect(cancelled).rejects.toThrow("changed my mind")
      expect(ended).toEqual(["step", "step"])
    })
  })

  it.each([
    [{}, /^timeout: give millis, perName, or both\.$/],
    [{ millis: 0 }, /^timeout: millis is 0; it must be a positive number of milliseconds\.$/],
    [{ perName: { a: -1 } }, /^timeout: perName\["a"\] is -1; it must be/],
    [{ perName: 3 }, /^timeout: perName is 3; use a record of times by name\.$/],
    [{ perName: { a: 1 }, resetOnProgress: true }, /^timeout: resetOnProgress is for millis/],
    [{ millis: 1, resetOnProgress: "yes" }, /^timeout\.resetOnProgress is "yes"; use true or false\.$/],
    [{ millis: 1, only: [""] }, /^timeout: only is \[""\]; use names, in which \* stands for anything, /],
    [{ millis: 1, only: ["a"], except: ["a"] }, /^timeout: "a" is in only and in except/],
    [
      { millis: 1, methods: ["tools/list"] },
      /^timeout: methods is \["tools\/list"\]; use an array of some of tools\/call, /
    ],
    [{ milis: 1 }, /^timeout: there is no option "milis"; there are millis, /],
    [undefined, /^timeout: pass a record of options: millis, /]
  ])("refuses %j", (options, message) => {
    expect(() => timeout(options as never)).toThrow(DefinitionError)
    expect(() => timeout(options as never)).toThrow(message)
  })
})
