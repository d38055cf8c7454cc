import { afterAll, beforeAll, expect, it } from "vitest"
import type { Program } from "../kit/programs.ts"
import { table } from "./replay.property.ts"

let at: Awaited<ReturnType<typeof table>>

beforeAll(async () => {
  at = await table()
})

afterAll(() => at.close())

const ask = (content: string): Program => ({ type: "ask", content })

it("gives an answer to the ask that was answered, where an equal one before it is withdrawn in every round", async () => {
  // the answer to "a" is even, so that its branch fails and withdraws the "g" beside it
  const failing: Program = { type: "branch", content: "a", even: { type: "fail", why: "no" }, odd: ask("b") }
  const withdrawing: Program = { type: "caught", part: { type: "all", parts: [ask("g"), failing] } }
  const program: Program = { type: "all", parts: [withdrawing, ask("g"), ask("a")] }
  const oneByOne = [1, 1, 0]
  const { outcome, rounds } = await at.replayed(program, (round, ids) => [ids[oneByOne[round]!]!])
  expect(outcome).toEqual((await at.direct(program)).outcome)
  expect(rounds).toBe(3)
})

it("gives answers to equal asks beside a part that fails, whichever of them were answered first", async () => {
  const failing: Program = { type: "branch", content: "f", even: ask("a"), odd: { type: "fail", why: "no" } }
  const beside: Program = { type: "all", parts: [ask("a"), { type: "caught", part: ask("a") }, failing, ask("a")] }
  const caught: Program = { type: "caught", part: { type: "branch", content: "a", even: beside, odd: ask("a") } }
  const inTurn: Program = { type: "seq", parts: [ask("a"), ask("a"), ask("a")] }
  const branch: Program = {
    type: "branch",
    content: "a",
    even: { type: "all", parts: [inTurn, caught] },
    odd: ask("a")
  }
  const program: Program = { type: "seq", parts: [branch, ask("a"), ask("a")] }
  const answered = [[0], [1], [1], [0, 1, 3, 4]]
  const { outcome } = await at.replayed(program, (round, ids) =>
    answered[round] === undefined ? ids : answered[round].map((index) => ids[index]!)
  )
  expect(outcome).toEqual((await at.direct(program)).outcome)
})
