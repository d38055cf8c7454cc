import { expect, it, onTestFinished, vi } from "vitest"
import { BodyTimer } from "../../../lib/transports/http/body-timer.ts"
import { endTurn, notAtTurnEnd, type Waiting, waitForTurnEnd } from "../../../lib/transports/http/turn-end.ts"

const atTurnEnd = (run: () => void): Waiting => {
  const one: Waiting = { before: undefined, after: undefined, atTurnEnd: run }
  waitForTurnEnd(one)
  return one
}

it("what is forgotten by something before it at the end of a turn does not happen", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  onTestFinished(() => void vi.useRealTimers())
  const late = vi.fn()
  let timer: BodyTimer | undefined
  atTurnEnd(() => timer?.stop())
  timer = new BodyTimer(50, late)
  endTurn()
  vi.advanceTimersByTime(1_000)
  expect(late).not.toHaveBeenCalled()
})

it("one that fails at the end of a turn takes nothing from the others, and is heard of", () => {
  const ran: Array<string> = []
  const failing = (name: string) => () => {
    ran.push(name)
    throw new Error(name)
  }
  for (const run of [failing("first"), () => ran.push("second"), failing("third"), () => ran.push("fourth")])
    atTurnEnd(run)
  expect(endTurn).toThrow("first")
  expect(ran).toEqual(["first", "second", "third", "fourth"])
})

it("what is put off at the end of a turn is for the end of the next; ending a turn within its end ends it whole, once", () => {
  const ran: Array<string> = []
  atTurnEnd(() => {
    ran.push("first")
    atTurnEnd(() => ran.push("next"))
  })
  atTurnEnd(() => ran.push("second"))
  endTurn()
  expect(ran).toEqual(["first", "second"])
  const forgotten = () => ran.push("forgotten")
  notAtTurnEnd(atTurnEnd(forgotten))
  atTurnEnd(endTurn)
  atTurnEnd(() => ran.push("last"))
  endTurn()
  expect(ran).toEqual(["first", "second", "next", "last"])
})
