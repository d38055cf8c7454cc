import { Context, Effect, Layer, server, tool } from "mcpipe"
import * as Clock from "effect/Clock"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Durable } from "../../lib/services/durable.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { accept, connect } from "../../lib/testing/index.ts"
import { inEachEra, info } from "./eras.ts"

const nap = tool({ name: "nap", input: { seconds: v.number() } }, ({ seconds }) =>
  Effect.as(Effect.sleep(seconds * 1000), `slept ${seconds} s`)
)

/** What a promise has come to by now. */
const stateOf = (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => "done"), new Promise((resolve) => setImmediate(resolve, "waiting"))])

inEachEra((era) => {
  describe("a virtual clock", () => {
    it("stands still until it is moved, then wakes what is due", async () => {
      await using client = await connect(server(info).tool(nap), { era, clock: "virtual" })
      const [short, long] = [client.call(nap, { seconds: 1 }), client.call(nap, { seconds: 3600 })]
      expect(client.clock.now()).toBe(0)
      await client.clock.adjust("999 millis")
      expect(await stateOf(short)).toBe("waiting")
      await client.clock.adjust("1 millis")
      expect(await stateOf(short)).toBe("done")
      await client.clock.adjust("59 minutes")
      expect(await stateOf(long)).toBe("waiting")
      await client.clock.adjust("59 seconds")
      expect(await long).toBe("slept 3600 s")
      expect(client.clock.now()).toBe(3_600_000)
    })

    it("is the time handlers, layers and steps see", async () => {
      class Start extends Context.Service<Start, number>()("spec/Start") {}
      const times = tool({ name: "times" }, function* () {
        return [yield* Start, yield* Clock.currentTimeMillis, yield* Durable.now]
      })
      const main = server(info).tool(times).provide(Layer.effect(Start, Clock.currentTimeMillis))
      await using client = await connect(main, { era, clock: "virtual" })
      expect(await client.call(times)).toEqual([0, 0, 0])
      await client.clock.setTime(Date.UTC(2030, 0))
      expect(await client.call(times)).toEqual([0, Date.UTC(2030, 0), Date.UTC(2030, 0)])
      await client.clock.setTime(1)
      expect(await client.call(times)).toEqual([0, 1, 1])
    })

    it("wakes in order, and lets each go on before the next, by way of promises too", async () => {
      const order: Array<string> = []
      const twice = tool({ name: "twice", input: { name: v.string(), every: v.number() } }, async (args, { run }) => {
        for (const n of [1, 2]) {
          await run(Effect.sleep(args.every))
          await new Promise((resolve) => setImmediate(resolve))
          order.push(`${args.name}${n} at ${await run(Clock.currentTimeMillis)}`)
        }
        return "done"
      })
      await using client = await connect(server(info).tool(twice), { era, clock: "virtual" })
      const calls = Promise.all([
        client.call(twice, { name: "a", every: 1000 }),
        client.call(twice, { name: "b", every: 1500 })
      ])
      await client.clock.adjust("3 seconds")
      expect(order).toEqual(["a1 at 1000", "b1 at 1500", "a2 at 2000", "b2 at 3000"])
      expect(await calls).toEqual(["done", "done"])
    })

    it("drives a tool's timeout, and a rejection waits for its await", async () => {
      const slow = tool({ name: "slow", timeout: 5000 }, () => Effect.never)
      await using client = await connect(server(info).tool(slow), { era, clock: "virtual" })
      const call = client.call(slow)
      await client.clock.adjust("4999 millis")
      expect(await stateOf(call)).toBe("waiting")
      await client.clock.adjust(1)
      await expect(call).rejects.toThrow('Tool "slow" timed out after 5000 ms.')
    })

    it("lets people think while a question is open: that is no time of the tool", async () => {
      const ask = tool({ name: "ask", timeout: 1000 }, function* () {
        yield* Effect.sleep(600)
        const ok = yield* Elicitation.confirm("Sure?")
        // of what came before the question, a later round has to do all again
        yield* Effect.sleep(era === "handshake" ? 399 : 99)
        return ok
      })
      await using client = await connect(server(info).tool(ask), {
        era,
        clock: "virtual",
        elicitation: () => Effect.delay(Effect.succeed(accept({ ok: true })), "5 minutes")
      })
      const call = client.call(ask)
      await client.clock.adjust("5 minutes")
      expect(await stateOf(call)).toBe("waiting")
      await client.clock.adjust("2 seconds")
      expect(await call).toBe(true)
    })

    it("reaches sleepers that are due between two milliseconds, where floating point falls short of them", async () => {
      await using client = await connect(server(info).tool(nap), { era, clock: "virtual" })
      // 0.7 + (0.8 - 0.7), to the nanosecond, is 0.7999999999999999
      const calls = Promise.all([0.0007, 0.0008].map((seconds) => client.call(nap, { seconds })))
      await client.clock.adjust("1 millis")
      expect(await calls).toEqual(["slept 0.0007 s", "slept 0.0008 s"])
      expect(client.clock.now()).toBe(1)
    }, 5000)

    it("several moves happen one after the other", async () => {
      await using client = await connect(server(info).tool(nap), { era, clock: "virtual" })
      const call = client.call(nap, { seconds: 3 })
      await Promise.all([client.clock.adjust("1 second"), client.clock.adjust("1 second"), client.clock.adjust(1000)])
      expect(await stateOf(call)).toBe("done")
      expect(client.clock.now()).toBe(3000)
    })

    it("refuses to move for ever", async () => {
      await using client = await connect(server(info).tool(nap), { era, clock: "virtual" })
      await expect(client.clock.adjust("Infinity")).rejects.toThrow("clock.adjust: time cannot pass for ever")
      await expect(client.clock.setTime(Number.NaN)).rejects.toThrow("clock.setTime: NaN is no time")
    })

    it("does not hold up layers that sleep while they are built and released, nor the end of calls that sleep", async () => {
      const seen: Array<string> = []
      const slept = (what: string) =>
        Effect.andThen(
          Effect.sleep("1 hour"),
          Effect.sync(() => void seen.push(what))
        )
      const lazy = Layer.effectDiscard(Effect.acquireRelease(slept("built"), () => slept("released")))
      const held = tool({ name: "held" }, () => Effect.onInterrupt(Effect.never, () => slept("finalized")))
      const client = await connect(server(info).tool(held).provide(lazy), { era, clock: "virtual" })
      expect(seen).toEqual(["built"])
      const call = client.call(held)
      await client.close()
      await expect(call).rejects.toThrow("tools/call was not answered: the client has been closed.")
      expect(seen).toEqual(["built", "finalized", "released"])
    })
  })
})

it("a question of a handshake that nobody answers times out", async () => {
  const ask = tool({ name: "ask" }, () => Elicitation.confirm("Sure?"))
  await using client = await connect(server(info).tool(ask), {
    era: "handshake",
    clock: "virtual",
    askTimeout: 60_000,
    elicitation: () => new Promise(() => {})
  })
  const call = client.attempt(ask)
  await client.clock.adjust("59 seconds")
  expect(await stateOf(call)).toBe("waiting")
  await client.clock.adjust("1 second")
  expect(await call).toMatchObject({ ok: false, error: { _tag: "AskTimedOut", millis: 60_000 } })
})

it("an answer to a sessionless question comes too late once its state has expired", async () => {
  const ask = tool({ name: "ask" }, () => Elicitation.confirm("Sure?"))
  await using client = await connect(server(info).tool(ask), {
    clock: "virtual",
    requestStateTtl: 60_000,
    elicitation: () => Effect.delay(Effect.succeed(accept({ ok: true })), "2 minutes")
  })
  const call = client.call(ask)
  await client.clock.adjust("2 minutes")
  await expect(call).rejects.toThrow("params.requestState has expired: call again without it.")
})

it("without one, the clock is an error that says how to get one", async () => {
  await using client = await connect(server(info).tool(nap))
  expect(() => client.clock).toThrow('connect(server, { clock: "virtual" }) gives it a clock to move.')
  expect(Object.keys(client)).not.toContain("clock")
})
