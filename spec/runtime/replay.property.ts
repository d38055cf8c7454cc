import { assemble, Effect, server, tool } from "mcpipe"
import * as fc from "fast-check"
import { expect } from "vitest"
import type { Journal } from "../../lib/runtime/journal.ts"
import { runCall } from "../../lib/runtime/run-call.ts"
import { answerTo, isConcurrent, type Ledger, type Program, programs, races, run } from "../kit/programs.ts"

/** One app whose tool runs whatever program lies on its table. */
export const table = async () => {
  let program: Program = { type: "seq", parts: [] }
  let ledger: Ledger = new Map()
  const handler = tool({ name: "run" }, () => Effect.map(run(program, ledger), (value) => ({ value })))
  const app = assemble(server({ name: "programs", version: "1.0.0" }).tool(handler), { maxRounds: 1_000 })
  const running = await app["~mcpipe/App"].running()
  const call = (channel: any) =>
    Effect.runPromise(
      runCall(running, { component: "tool:run@", asks: { channel, capabilities: { elicitation: {} } } })
    )
  return {
    /** Straight through: each answer comes a turn after its question, first asked first. */
    direct: async (given: Program) => {
      program = given
      ledger = new Map()
      const send = (request: any) => Effect.as(Effect.yieldNow, { n: answerTo(request.params.message) })
      return { outcome: outcomeOf(await call({ type: "direct", send, notify: () => {} })), ledger }
    },
    /** Round by round, over nothing but the journal; `pick` says which of the asks are answered in a round. */
    replayed: async (given: Program, pick: (round: number, ids: ReadonlyArray<string>) => ReadonlyArray<string>) => {
      program = given
      ledger = new Map()
      let journal: Journal | undefined
      let responses = {}
      for (let round = 0; ; round++) {
        const answer = await call({ type: "replay", journal, responses })
        if (answer.type !== "paused") return { outcome: outcomeOf(answer), ledger, rounds: round }
        // all that goes from one round to the next is text
        journal = JSON.parse(JSON.stringify(answer.suspension.journal))
        const { requests } = answer.suspension
        const answered = pick(round, [...requests.keys()])
        responses = Object.fromEntries(
          answered.map((id) => [id, { n: answerTo((requests.get(id)!.params as { message: string }).message) }])
        )
      }
    },
    close: () => app.dispose()
  }
}

const outcomeOf = (answer: any): unknown =>
  answer.type === "value"
    ? { isError: answer.value.isError === true, text: answer.value.content[0]?.text }
    : { failure: answer.failure }

/** Where parts that run at the same time fail, one failure is as good as the other; all of them are the program's own. */
const expectSame = (outcome: unknown, straight: unknown, program: Program): void => {
  const failed = (straight as { isError?: boolean }).isError === true
  if (failed && isConcurrent(program))
    expect(outcome).toEqual({ isError: true, text: expect.not.stringContaining("reference") })
  else expect(outcome).toEqual(straight)
}

const everything = (_: number, ids: ReadonlyArray<string>) => ids

/** Programs come to the same straight through and round by round, and begin each step once. */
export const sameOutcome = async (numRuns: number): Promise<void> => {
  const at = await table()
  try {
    await fc.assert(
      fc.asyncProperty(fc.oneof(programs, races), async (program) => {
        const straight = await at.direct(program)
        const { outcome, ledger } = await at.replayed(program, everything)
        expectSame(outcome, straight.outcome, program)
        for (const [step, times] of ledger) expect([step, times]).toEqual([step, 1])
      }),
      { numRuns }
    )
  } finally {
    await at.close()
  }
}

/** Where nothing races, it does not matter which questions are answered first, or whether any are. */
export const anyOrder = async (numRuns: number): Promise<void> => {
  const at = await table()
  try {
    await fc.assert(
      fc.asyncProperty(programs, fc.infiniteStream(fc.nat(7)), async (program, choices) => {
        const straight = await at.direct(program)
        const some = (round: number, ids: ReadonlyArray<string>) => {
          const mask = choices.next().value as number
          // now and then nobody answers; in the end somebody does
          return round > 60 ? ids : ids.filter((_, index) => (mask >> (index % 3)) & 1)
        }
        const { outcome, ledger } = await at.replayed(program, some)
        expectSame(outcome, straight.outcome, program)
        for (const [step, times] of ledger) expect([step, times]).toEqual([step, 1])
      }),
      { numRuns }
    )
  } finally {
    await at.close()
  }
}
