// A call that asks three things on 2026-07-28, in process: what one turn of it costs, sealing and replaying included.
import { strictEqual } from "node:assert/strict"
import { perCall, runCalls } from "./calls.mjs"
import { verdict } from "./measure.mjs"
import { askQuestions } from "./workload.mjs"

export const title = "A call that asks three things, in process, per turn"

const ours = ["mcpipe, generator", "mcpipe, async", "mcpipe, form constants"]

export const run = (options) => {
  const pairs = ["floor", ...ours].map((name) => [name, "sessionless"])
  const check = (text) => strictEqual(text, askQuestions.join(" "))
  const judge = (of, scaled) =>
    ours.map((name) =>
      verdict(`µs per turn, scaled, ${name}`, scaled(of(name, "sessionless").map(perCall)), { atMost: 150 })
    )
  return runCalls(title, "asks", pairs, [], options, judge, check)
}
