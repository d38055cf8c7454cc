import { expect, it } from "vitest"
import { scaled, told } from "./figures.ts"
import { reachable } from "./heap.ts"
import { accepted, connected, ended } from "./questions.ts"

const timeout = 20 * 60_000
const rounds = scaled(100)

/** Questions at once. */
const atOnce = 100

it("questions that are never answered, answered late, twice or by nobody who was asked leave nothing behind", {
  timeout
}, async () => {
  const client = await connected("2025-11-25")
  const { received } = client
  let id = 0
  const ask = async (name: string) => {
    received.length = 0
    for (let n = 0; n < atOnce; n++) client.call(++id, name)
    await client.settle()
    return received.filter(({ method }) => method !== undefined && method !== "notifications/cancelled")
  }
  const results = () => received.filter(({ result }) => result !== undefined).map(({ result }) => result)
  const count = { timedOut: 0, late: 0, answered: 0, twice: 0, cancelled: 0 }
  const round = async () => {
    const unanswered = await ask("ask")
    await client.clock.adjust("10 minutes")
    count.timedOut += results().filter(
      ({ isError, content }) => isError && content[0].text.includes("did not answer")
    ).length
    const before = received.length
    for (const question of unanswered) client.send({ id: question.id, result: accepted("Too late") })
    await client.settle()
    count.late += received.length - before
    const asked = await ask("ask")
    for (const question of asked) {
      client.send({ id: `${question.id}?`, result: accepted("Nobody asked") })
      client.send({ id: question.id, result: accepted("Oslo") })
      client.send({ id: question.id, result: accepted("Bergen") })
    }
    await client.settle()
    count.answered += results().filter(({ content }) => content[0].text === "Oslo").length
    count.twice += results().length - atOnce
    const nested = await ask("nested")
    const content = { type: "tool_use", id: "u1", name: "inner", input: {} }
    for (const { id } of nested) {
      client.send({ id, result: { role: "assistant", model: "m", content, stopReason: "toolUse" } })
    }
    await client.settle()
    for (let n = 0; n < atOnce; n++) {
      client.send({ method: "notifications/cancelled", params: { requestId: id - n } })
    }
    await client.settle()
    count.cancelled += received.filter(({ method }) => method === "notifications/cancelled").length
    expect([client.fibers(), results().length]).toEqual([0, 0])
  }
  await round()
  await round()
  ended.length = 0
  Object.assign(count, { timedOut: 0, late: 0, answered: 0, twice: 0, cancelled: 0 })
  received.length = 0
  const before = await reachable()
  for (let n = 0; n < rounds; n++) await round()
  received.length = 0
  const finalized = ended.length
  ended.length = 0
  const left = ((await reachable()) - before) / (3 * atOnce * rounds)
  const each = atOnce * rounds
  told`R-17: ${3 * each} questions: ${count.timedOut}/${each} never answered failed after their time, ${count.late} late answers counted; ${count.answered}/${each} answered once, ${count.twice} of their second answers counted; ${count.cancelled}/${each} two deep cancelled with their call; ${finalized}/${2 * each} finalizers run, ${client.fibers()} fibers and ${left} B of heap left of each`
  expect(count).toEqual({ timedOut: each, late: 0, answered: each, twice: 0, cancelled: each })
  expect([finalized, client.fibers()]).toEqual([2 * each, 0])
  expect(left).toBeLessThan(50)
})
