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
