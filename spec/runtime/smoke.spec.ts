import { Effect, server, tool } from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { Durable } from "../../lib/services/durable.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { connectWire } from "../kit/wire.ts"

const drive = async (wire: any, name: string, answer: (request: any) => any) => {
  let result = await wire.request("tools/call", { name, arguments: {} })
  const rounds: Array<number> = []
  while (result.result?.resultType === "input_required") {
    const { inputRequests, requestState } = result.result
    rounds.push(Object.keys(inputRequests).length)
    const inputResponses = Object.fromEntries(Object.entries(inputRequests).map(([k, q]) => [k, answer(q)]))
    result = await wire.request("tools/call", { name, arguments: {}, requestState, inputResponses })
  }
  return { rounds, result: result.result ?? result.error }
}

it("asks in rounds", async () => {
  let runs = 0
  const charged: Array<string> = []
  const log: Array<string> = []
  const book = tool({ name: "book" }, function* () {
    runs++
    const [where, who] = yield* Effect.all(
      [Elicitation.form("Where?", { city: v.string() }), Elicitation.form("Who?", { name: v.string() })],
      { concurrency: "unbounded" }
    )
    const receipt = yield* Durable.step(
      "charge",
      Effect.sync(() => {
        charged.push(who.name)
        return charged.length
      })
    )
    const ok = yield* Elicitation.confirm("Sure?")
    return `${where.city} ${who.name} ${receipt} ${ok}`
  })
  const booked = tool({ name: "async" }, async (_, { elicit, step, defer }) => {
    runs++
    defer(() => void log.push("deferred"))
    try {
      const [where, who] = await Promise.all([
        elicit("Where?", { city: v.string() }),
        elicit("Who?", { name: v.string() })
      ])
      const receipt = await step("charge", async () => {
        charged.push(who.name)
        return charged.length
      })
      const ok = await elicit.confirm("Sure?")
      return `${where.city} ${who.name} ${receipt} ${ok}`
    } catch (e) {
      log.push("catch")
      throw e
    } finally {
      log.push("finally")
    }
  })
  const s = server({ name: "s", version: "1" }).add(book, booked)
  const answer = (q: any) => ({
    action: "accept",
    content:
      q.params.message === "Where?" ? { city: "Oslo" } : q.params.message === "Who?" ? { name: "Al" } : { ok: true }
  })
  await using wire = await connectWire(s, { capabilities: { elicitation: {} } })
  const one = await drive(wire, "book", answer)
  expect(one.result.content).toEqual([{ type: "text", text: "Oslo Al 1 true" }])
  expect(one.rounds).toEqual([2, 1])
  expect(runs).toBe(3)
  const two = await drive(wire, "async", answer)
  expect(two.result.content).toEqual([{ type: "text", text: "Oslo Al 2 true" }])
  expect(log).toEqual(["deferred", "deferred", "finally", "deferred"])
  const t0 = performance.now()
  for (let i = 0; i < 300; i++) await drive(wire, "book", answer)
  console.log("per turn µs", ((performance.now() - t0) * 1000) / 900)
  await using shy = await connectWire(s)
  expect(await drive(shy, "book", answer)).toMatchObject({ result: { code: -32021 } })
})
