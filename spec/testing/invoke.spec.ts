import {
  ClientLog,
  Content,
  Context,
  Data,
  Effect,
  Layer,
  Principal,
  Progress,
  RequestContext,
  result,
  ToolError,
  tool
} from "mcpipe"
import * as TestClock from "effect/testing/TestClock"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Durable } from "../../lib/services/durable.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { Roots } from "../../lib/services/roots.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { Session } from "../../lib/services/session.ts"
import { accept, invoke } from "../../lib/testing/index.ts"

class NoNote extends Data.TaggedError("NoNote")<{ readonly id: string }> {}
class Rates extends Context.Service<Rates, { readonly of: (city: string) => number }>()("spec/Rates") {}
const RatesLive = Layer.succeed(Rates, { of: (city) => city.length })

const input = { nights: v.pipe(v.number(), v.integer()) }
const bill = (city: string, nights: number, rate: number) => `${city}: ${nights * rate}`

const effectBook = tool({ name: "effect_book", input }, ({ nights }) =>
  Effect.gen(function* () {
    const { city } = yield* Elicitation.form("Where?", { city: v.string() })
    return bill(city, nights, (yield* Rates).of(city))
  })
)
const generatorBook = tool({ name: "generator_book", input }, function* ({ nights }) {
  const { city } = yield* Elicitation.form("Where?", { city: v.string() })
  return bill(city, nights, (yield* Rates).of(city))
})
const asyncBook = tool({ name: "async_book", input, uses: { rates: Rates } }, async ({ nights }, { elicit, rates }) => {
  const { city } = await elicit("Where?", { city: v.string() })
  return bill(city, nights, rates.of(city))
})

const user = Elicitation.layerTest([accept({ city: "Oslo" })])
const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

describe("invoke", () => {
  it("runs a handler of any form without a server, with the user scripted", async () => {
    const world = Layer.merge(user, RatesLive)
    expect(await run(invoke(effectBook, { nights: 2 }).pipe(Effect.provide(world)))).toBe("Oslo: 8")
    expect(await run(invoke(generatorBook, { nights: 2 }).pipe(Effect.provide(world)))).toBe("Oslo: 8")
    expect(await run(invoke(asyncBook, { nights: 2 }).pipe(Effect.provide(world)))).toBe("Oslo: 8")
  })

  it("decodes arguments as a server does, with its words for those that do not fit", async () => {
    const double = tool({ name: "double", input: { n: v.pipe(v.string(), v.transform(Number)) } }, ({ n }) => 2 * n)
    expect(await run(invoke(double, { n: "21" }))).toBe(42)
    const failed = run(Effect.flip(invoke(double, { n: 21 as never })))
    expect(await failed).toBeInstanceOf(ToolError)
    expect((await failed).message).toContain('Invalid arguments for tool "double"')
  })

  it("gives what the handler returned, as it is", async () => {
    const date = new Date(0)
    const text = Content.text("a")
    expect(await run(invoke(tool({ name: "t" }, () => date)))).toBe(date)
    expect(await run(invoke(tool({ name: "t" }, () => text)))).toBe(text)
    expect(await run(invoke(tool({ name: "t" }, () => {})))).toBeUndefined()
  })

  it("validates what there is a schema for, and refuses what could not be sent", async () => {
    const output = v.object({ sum: v.number() })
    const given = (value: unknown) => tool({ name: "t", output }, () => value as never)
    expect(await run(invoke(given({ sum: 1, more: 2 })))).toEqual({ sum: 1 })
    expect(await run(invoke(given(result({ structured: { sum: 3 }, content: "three" }))))).toEqual({ sum: 3 })
    await expect(run(invoke(given({ sum: "1" })))).rejects.toThrow(
      'The result of tool "t" does not match its output schema'
    )
    await expect(run(invoke(tool({ name: "t" }, () => new Map() as unknown)))).rejects.toThrow("is a Map")
  })

  it("fails as the handler does, and with a ToolError for a result that says so", async () => {
    const failed = tool({ name: "t" }, () => Effect.fail(new NoNote({ id: "7" })))
    const caught = Effect.catchTag(invoke(failed), "NoNote", ({ id }) => Effect.succeed(id))
    expect(await run(caught)).toBe("7")
    const thrown = tool({ name: "t" }, () => {
      throw new NoNote({ id: "8" })
    })
    await expect(run(invoke(thrown))).rejects.toEqual(new NoNote({ id: "8" }))
    const full = tool({ name: "t" }, () => result({ content: ["Full.", "Ask."], isError: true }))
    await expect(run(invoke(full))).rejects.toEqual(new ToolError("Full.\nAsk."))
  })

  it("closes a scope of its own before it gives anything", async () => {
    const order: Array<string> = []
    const held = tool({ name: "held" }, async (_, { defer }) => {
      defer(() => void order.push("deferred"))
      return "held"
    })
    const scoped = tool({ name: "scoped" }, () =>
      Effect.acquireRelease(Effect.succeed("scoped"), () => Effect.sync(() => void order.push("released")))
    )
    const program = Effect.gen(function* () {
      for (const one of [held, scoped]) order.push(yield* invoke(one))
    })
    await run(Effect.scoped(program))
    expect(order).toEqual(["deferred", "held", "released", "scoped"])
  })

  it("has silent defaults for what belongs to a call", async () => {
    const t = tool({ name: "t", version: "2" }, function* () {
      yield* Progress.report(1, 2)
      yield* ClientLog.info("hi")
      const { component, method } = yield* RequestContext
      const { anonymous } = yield* Principal
      const charged = yield* Durable.step("charge", Effect.succeed(7))
      return { component, method, anonymous, charged, id: (yield* Durable.uuid).length }
    })
    expect(await run(invoke(t))).toEqual({
      component: { type: "tool", name: "t", version: "2" },
      method: "tools/call",
      anonymous: true,
      charged: 7,
      id: 36
    })
  })

  it("leaves them to layers where those are provided", async () => {
    const t = tool({ name: "t" }, async (_, { progress, log, step, run }) => {
      await progress(1, 2)
      await log.warning("careful")
      const { id } = await run(Principal)
      return `${id} ${await step("once", () => 1)}`
    })
    const reports: Array<any> = []
    const messages: Array<any> = []
    const world = Layer.mergeAll(
      Progress.layerTest(reports),
      ClientLog.layerTest(messages),
      Principal.layerTest({ id: "ann" })
    )
    expect(await run(invoke(t).pipe(Effect.provide(world)))).toBe("ann 1")
    expect(reports).toEqual([{ progress: 1, total: 2, message: undefined }])
    expect(messages).toEqual([{ level: "warning", data: "careful", logger: undefined }])
  })

  it("takes every scripted service", async () => {
    const cart = Session.state("cart", v.array(v.string()), { initial: () => [] })
    const t = tool({ name: "t" }, function* () {
      const [root] = yield* Roots.list
      yield* cart.update((items) => [...items, "tea"])
      return [root!.uri, yield* Sampling.text("A line"), ...(yield* cart.get)]
    })
    const world = Layer.mergeAll(
      Roots.layerTest([{ uri: "file:///home" }]),
      Sampling.layerTest(["Fjords."]),
      Session.layerTest({ cart: ["jam"] })
    )
    expect(await run(invoke(t).pipe(Effect.provide(world)))).toEqual(["file:///home", "Fjords.", "jam", "tea"])
  })

  it("runs on the clock it is given, a tool's timeout included", async () => {
    const slow = tool({ name: "slow", timeout: 5000 }, () => Effect.as(Effect.sleep("1 minute"), "awake"))
    const program = Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(invoke(slow)))
      yield* TestClock.adjust("5 seconds")
      return fiber.pollUnsafe()
    })
    expect(await run(program.pipe(Effect.provide(TestClock.layer())))).toMatchObject({
      value: { message: 'Tool "slow" timed out after 5000 ms.' }
    })
  })

  it("can be run more than once", async () => {
    let runs = 0
    const count = invoke(tool({ name: "count" }, () => ++runs))
    expect([await run(count), await run(count)]).toEqual([1, 2])
  })
})

describe("whoever is asked and not provided is a defect that names the layer", () => {
  const asks = <A>(name: string, effect: Effect.Effect<A, unknown, never>, layer: string) =>
    [name, tool({ name: "t" }, () => effect), layer] as const
  const current = Session.state("s", v.string(), { initial: () => "" })

  it.each([
    asks("Elicitation.form", Elicitation.form("?", {}) as never, "Elicitation.layerTest([accept({ … })])"),
    asks("Elicitation.confirm", Elicitation.confirm("?") as never, "Elicitation.layerTest([accept({ … })])"),
    asks("Elicitation.url", Elicitation.url("?", "https://a.b") as never, "Elicitation.layerTest([accept({ … })])"),
    asks("Sampling.text", Sampling.text("?") as never, 'Sampling.layerTest(["…"])'),
    asks("Sampling.run", Sampling.run({ prompt: "?", tools: [] }) as never, 'Sampling.layerTest(["…"])'),
    asks("Roots.list", Roots.list as never, "Roots.layerTest([])"),
    asks("Session.current", current.get as never, "Session.layerTest()"),
    asks("Session.create", Session.create() as never, "Session.layerTest()"),
    asks("Session.open", Session.open("x") as never, "Session.layerTest()")
  ])("%s", async (used, t, layer) => {
    const survived = Effect.catch(invoke(t), () => Effect.succeed("caught"))
    await expect(run(survived)).rejects.toThrow(
      `The handler uses ${used}, and nobody answers: provide ${layer}, or call the tool through connect(server).`
    )
  })

  it("in an async handler too", async () => {
    const t = tool({ name: "t" }, async (_, { elicit }) => elicit.confirm("Sure?"))
    const survived = Effect.catch(invoke(t), () => Effect.succeed("caught"))
    await expect(run(survived as Effect.Effect<unknown>)).rejects.toThrow("The handler uses Elicitation.confirm")
  })
})
