import { Roots, Sampling, server, tool } from "mcpipe"
import * as v from "valibot"
import { beforeEach, expect, it } from "vitest"
import { connectWire, type Wire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }
const text = (text: string) => ({ type: "text", text })
const says = (content: unknown) => ({ role: "assistant", model: "m", content })
const use = (id: string, name: string, input: object = {}) => ({ type: "tool_use", id, name, input })

let charges = 0
beforeEach(() => {
  charges = 0
})
const charge = tool({ name: "charge", input: { sum: v.number() } }, ({ sum }) => `receipt ${++charges} for ${sum}`)

/** Calls a tool of 2026-07-28 and gives one answer in each round, for as long as it asks; the rounds there were, and its text. */
const through = async (wire: Wire, name: string, answers: ReadonlyArray<unknown>) => {
  let { result } = await wire.request("tools/call", { name })
  let round = 0
  for (; result.resultType === "input_required"; round++) {
    const { inputRequests, requestState } = result
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((id) => [id, answers[round]]))
    const again = await wire.request("tools/call", { name, requestState, inputResponses })
    result = again.result
  }
  return { rounds: round, text: result.content[0].text }
}

it("a run of tools goes on over the rounds of a call, and uses each of them once", async () => {
  const book = tool({ name: "book" }, function* () {
    const { text, turns } = yield* Sampling.run({ prompt: "Book it", tools: [charge] })
    const { nights } = yield* Sampling.object("How many nights?", { nights: v.number() })
    return `${text}, ${turns} turns, ${nights} nights`
  })
  await using wire = await connectWire(server(info).tool(book), { capabilities: { sampling: { tools: {} } } })
  const ended = await through(wire, "book", [
    says([use("1", "charge", { sum: 5 }), use("2", "charge", { sum: 5 })]),
    says(text("Booked")),
    says(text("Three, I think.")),
    says(text('{"nights":3}'))
  ])
  expect(ended).toEqual({ rounds: 4, text: "Booked, 2 turns, 3 nights" })
  expect(charges).toBe(2)
})

it("a tool that a model uses may ask in its turn", async () => {
  const where = tool({ name: "where" }, function* () {
    const [root] = yield* Roots.list
    return root?.uri ?? "nowhere"
  })
  const find = tool({ name: "find" }, function* () {
    const { messages } = yield* Sampling.run({ prompt: "Where?", tools: [where, charge] })
    return JSON.stringify(messages[2]?.content)
  })
  const capabilities = { sampling: { tools: {} }, roots: {} }
  await using wire = await connectWire(server(info).tool(find), { capabilities })
  const ended = await through(wire, "find", [
    says([use("1", "where"), use("2", "charge", { sum: 1 })]),
    { roots: [{ uri: "file:///home/ada" }] },
    says(text("There."))
  ])
  expect(ended.rounds).toBe(3)
  expect(JSON.parse(ended.text)).toEqual([
    { type: "tool_result", toolUseId: "1", content: [text("file:///home/ada")] },
    { type: "tool_result", toolUseId: "2", content: [text("receipt 1 for 1")] }
  ])
  expect(charges).toBe(1)
})

it("a server's own model answers clients that have none, once along the rounds of a call", async () => {
  let asked = 0
  const greet = tool({ name: "greet" }, function* () {
    const line = yield* Sampling.text("Hi")
    const roots = yield* Roots.list
    return `${line}, ${roots.length} roots`
  })
  const main = server(info)
    .tool(greet)
    .provide(Sampling.model(async () => `hello ${++asked}`))
  await using wire = await connectWire(main, { capabilities: { roots: {} } })
  expect(await through(wire, "greet", [{ roots: [] }])).toEqual({ rounds: 1, text: "hello 1, 0 roots" })
  expect(asked).toBe(1)
})
