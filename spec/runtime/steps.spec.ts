import { Data, Durable, Effect, Elicitation, PublicError, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { driveTool } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"

class CardDeclined extends Data.TaggedError("CardDeclined")<{ readonly code: number }> {
  override get message() {
    return `The card was declined (${this.code}).`
  }
}

const info = { name: "steps", version: "1.0.0" }

/** What a tool comes to on 2026-07-28 after one question, and on 2025-11-25, where it just waits for the answer. */
const inBothEras = async (handler: any, options: { dev?: boolean } = {}) => {
  const main = server(info).tool(handler)
  await using sessionless = await connectWire(main, { capabilities: { elicitation: {} }, ...options })
  const replayed = await driveTool(sessionless, handler.name)
  await using handshake = await connectWire(main, {
    speak: "2025-11-25",
    capabilities: { elicitation: {} },
    ...options
  })
  const call = handshake.request("tools/call", { name: handler.name, arguments: {} })
  const asked = await Promise.race([
    handshake.next(({ method }) => method === "elicitation/create"),
    call.then(() => undefined)
  ])
  if (asked !== undefined) {
    handshake.send({ jsonrpc: "2.0", id: asked.id, result: { action: "accept", content: { ok: true } } })
  }
  const direct = await call
  return { replayed: replayed.text, direct: direct.result.content[0].text, rounds: replayed.rounds.length }
}

describe("Durable.step", () => {
  it("runs once along the rounds of a call, and gives the same in both eras", async () => {
    let runs = 0
    const handler = tool({ name: "charge" }, function* () {
      const receipt = yield* Durable.step(
        "charge",
        Effect.sync(() => ({ id: "r1", at: [++runs > 0 ? 7 : 0] }))
      )
      const ok = yield* Elicitation.confirm("Keep it?")
      return JSON.stringify({ receipt, ok })
    })
    expect(await inBothEras(handler)).toEqual({
      replayed: '{"receipt":{"id":"r1","at":[7]},"ok":true}',
      direct: '{"receipt":{"id":"r1","at":[7]},"ok":true}',
      rounds: 1
    })
    expect(runs).toBe(2)
  })

  it("records nothing as nothing, null as null and false as false", async () => {
    const handler = tool({ name: "falsy" }, async (_, { elicit, step }) => {
      const all = [await step("a", () => undefined), await step("b", () => null), await step("c", async () => false)]
      await elicit.confirm("On?")
      return all.map(String).join()
    })
    expect(await inBothEras(handler)).toMatchObject({
      replayed: "undefined,null,false",
      direct: "undefined,null,false"
    })
  })

  it.each<[string, () => unknown, string]>([
    ["a Date", () => new Date(0), "$ is an instance of Date."],
    ["a Map", () => ({ rows: [new Map()] }), "$.rows[0] is an instance of Map."],
    ["a function", () => ({ f: () => 1 }), "$.f is a function."],
    ["NaN", () => ({ n: Number.NaN }), "$.n is NaN, which JSON does not have."],
    ["a bigint", () => 1n, "$ is a bigint."],
    ["undefined in an array", () => [undefined], "$[0] is undefined."],
    [
      "a cycle",
      () => {
        const self: Record<string, unknown> = {}
        self["self"] = self
        return self
      },
      "$.self is part of itself."
    ]
  ])("refuses %s in both eras, and says where it is and what to do", async (_, make, problem) => {
    const handler = tool({ name: "odd" }, () => Durable.step("odd", Effect.sync(make)).pipe(Effect.as("recorded")))
    const { replayed, direct } = await inBothEras(handler, { dev: true })
    for (const text of [replayed, direct]) {
      expect(text).toContain(
        `Durable.step("odd"): what it gave cannot be recorded: ${problem} Return plain JSON data, or give the step a schema that makes the value from JSON.`
      )
    }
  })

  it("makes its value with a schema, in the first round as in later ones", async () => {
    const date = v.pipe(
      v.string(),
      v.transform((text) => new Date(text))
    )
    const handler = tool({ name: "date" }, async (_, { elicit, step }) => {
      const at = await step("at", () => new Date(86_400_000), { schema: date })
      await elicit.confirm("On?")
      return `${at instanceof Date} ${at.getTime()}`
    })
    expect(await inBothEras(handler)).toMatchObject({ replayed: "true 86400000", direct: "true 86400000" })
  })

  it("says what its schema refuses", async () => {
    const handler = tool({ name: "n" }, async (_, { step }) => {
      await step("n", () => "seven" as never, { schema: v.number() })
      return "done"
    })
    expect((await inBothEras(handler, { dev: true })).replayed).toMatch(
      /Durable\.step\("n"\): its schema refuses what it gave, "seven": .*number/
    )
  })

  it("records failures, which are of their class again where the tool declares it", async () => {
    let runs = 0
    const pay = Effect.suspend(() => {
      runs++
      return Effect.fail(new CardDeclined({ code: 51 }))
    })
    const handler = tool({ name: "pay", errors: [CardDeclined] }, function* () {
      const seen = yield* Effect.catchTag(Durable.step("pay", pay), "CardDeclined", (error) =>
        Effect.succeed([error instanceof CardDeclined, error.code, error.message])
      )
      yield* Elicitation.confirm("Another card?")
      return JSON.stringify(seen)
    })
    const text = '[true,51,"The card was declined (51)."]'
    expect(await inBothEras(handler)).toEqual({ replayed: text, direct: text, rounds: 1 })
    expect(runs).toBe(2)
  })

  it("records what async work throws: our own errors keep their class and what clients may read", async () => {
    const handler = tool({ name: "pay" }, async (_, { elicit, step }) => {
      const caught = await Promise.all([
        step("a", async () => {
          throw new ToolError("No funds.", { data: { left: 3 } })
        }).catch((error) => error),
        step("b", () => {
          throw new PublicError("No bank.", { code: 7 })
        }).catch((error) => error),
        step("c", async () => {
          throw Object.assign(new RangeError("too much"), { limit: 5, socket: new Map() })
        }).catch((error) => error)
      ])
      await elicit.confirm("Again?")
      const [a, b, c] = caught
      return JSON.stringify([
        a instanceof ToolError && a.data,
        b instanceof PublicError && b.code,
        c instanceof Error && [c.name, c.message, (c as any).limit, "socket" in c]
      ])
    })
    const text = '[{"left":3},7,["RangeError","too much",5,false]]'
    expect(await inBothEras(handler)).toMatchObject({ replayed: text, direct: text })
  })

  it("does not record a bug: what dies runs again", async () => {
    let runs = 0
    const handler = tool({ name: "bug" }, () =>
      Effect.gen(function* () {
        yield* Effect.exit(
          Durable.step(
            "bug",
            Effect.sync(() => {
              runs++
              throw new Error("a bug")
            })
          )
        )
        yield* Elicitation.confirm("On?")
        return "on"
      })
    )
    await inBothEras(handler)
    expect(runs).toBe(3)
  })

  it("keeps steps of one name apart by their order, and steps inside of steps by where they are", async () => {
    const runs: Array<string> = []
    const mark = (name: string) => Effect.sync(() => runs.push(name))
    const handler = tool({ name: "names" }, function* () {
      const all = [
        yield* Durable.step("a", mark("a1")),
        yield* Durable.step("outer", Effect.andThen(Durable.step("a", mark("inner")), mark("outer"))),
        yield* Durable.step("a", mark("a2"))
      ]
      yield* Elicitation.confirm("On?")
      return all.join()
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: { elicitation: {} } })
    expect((await driveTool(wire, "names")).text).toBe("1,3,4")
    expect(runs).toEqual(["a1", "inner", "outer", "a2"])
  })

  it("refuses two steps of one name at the same time, and says how to name them", async () => {
    const handler = tool({ name: "twins" }, () =>
      Effect.map(
        Effect.all([Durable.step("charge", Effect.yieldNow), Durable.step("charge", Effect.yieldNow)], {
          concurrency: "unbounded"
        }),
        () => "both"
      )
    )
    const { replayed, direct } = await inBothEras(handler, { dev: true })
    for (const text of [replayed, direct]) {
      expect(text).toContain(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the author is told to write
        'Durable.step("charge") began while a step of this name was running: which result belongs to which could not be told in a later round. Give each a name of its own, such as `charge:${id}`.'
      )
    }
  })

  it("refuses to ask in a step, and says what to do instead", async () => {
    const handler = tool({ name: "nested" }, () =>
      Durable.step("ask", Effect.map(Elicitation.confirm("Sure?"), String))
    )
    const { replayed, direct } = await inBothEras(handler, { dev: true })
    for (const text of [replayed, direct]) {
      expect(text).toContain(
        'elicitation/create was asked inside of Durable.step("ask"): a step runs to its end once begun, so it cannot wait for an answer. Ask before the step, and use the answer in it.'
      )
    }
  })

  it("is not cut by what fails beside it: it ends first, and is recorded", async () => {
    let runs = 0
    const slow = Effect.suspend(() => {
      runs++
      return Effect.delay(Effect.succeed("did"), "10 millis")
    })
    const handler = tool({ name: "beside" }, function* () {
      yield* Effect.all([Durable.step("slow", slow), Effect.fail(new ToolError("no"))], {
        concurrency: "unbounded"
      }).pipe(Effect.catch(() => Effect.void))
      yield* Elicitation.confirm("On?")
      return yield* Durable.step("slow", Effect.succeed("again"))
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: { elicitation: {} } })
    expect((await driveTool(wire, "beside")).text).toBe("again")
    expect(runs).toBe(1)
  })

  it.each(["", "a/b", "x".repeat(129)])("refuses the name %j", async (name) => {
    const handler = tool({ name: "named" }, () => Durable.step(name, Effect.succeed("fine")))
    expect((await inBothEras(handler, { dev: true })).replayed).toContain('must be 1 to 128 characters without "/".')
  })
})

describe("Durable", () => {
  it("has a time, ids and numbers that are the same in every round, and differ from one another and from call to call", async () => {
    const seen: Array<ReadonlyArray<unknown>> = []
    const handler = tool({ name: "ids" }, function* () {
      const ids = yield* Effect.all([
        Durable.now,
        Durable.uuid,
        Durable.uuid,
        Durable.random,
        Durable.random,
        Durable.idempotencyKey("charge"),
        Durable.idempotencyKey("refund")
      ])
      seen.push(ids)
      yield* Elicitation.confirm("On?")
      return "on"
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: { elicitation: {} } })
    await driveTool(wire, "ids")
    await driveTool(wire, "ids")
    const [one, same, other] = seen as [Array<any>, Array<any>, Array<any>]
    expect(same).toEqual(one)
    expect(new Set(one.slice(1)).size).toBe(6)
    for (const [index, id] of one.slice(1).entries()) expect(other[index + 1]).not.toBe(id)
    expect(one[0]).toBeLessThanOrEqual(Date.now())
    expect(one[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(one[3] >= 0 && one[3] < 1).toBe(true)
    expect(one[5]).toMatch(/^[\w-]{43}$/)
  })

  it("is on the second parameter of async handlers as well", async () => {
    const seen: Array<ReadonlyArray<unknown>> = []
    const handler = tool({ name: "ids" }, async (_, { step, elicit }) => {
      seen.push([await step.now(), await step.uuid(), await step.random(), await step.idempotencyKey("charge")])
      await elicit.confirm("On?")
      return "on"
    })
    await using wire = await connectWire(server(info).tool(handler), { capabilities: { elicitation: {} } })
    expect((await driveTool(wire, "ids")).text).toBe("on")
    expect(seen.length).toBe(2)
    expect(seen[1]).toEqual(seen[0])
  })

  it("runs steps as they are in a handler tested without a server", async () => {
    const program = Effect.all([Durable.step("a", Effect.succeed(1)), Durable.uuid, Durable.idempotencyKey("a")])
    const once = await Effect.runPromise(Effect.provide(program, Durable.layerTest("seed")))
    expect(await Effect.runPromise(Effect.provide(program, Durable.layerTest("seed")))).toEqual(once)
    expect(once[0]).toBe(1)
  })
})
