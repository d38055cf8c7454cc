import assert from "node:assert/strict"
import { assemble } from "mcpipe"
import { connectWire } from "../kit/wire.ts"
import { fixture } from "./fixture.ts"

/** With the same keys a state that one app sealed is good for all of them. */
export const keys = { requestStateKeys: ["shared by all apps of this process"] }

/** What of the fixture asks. */
export const askers = ["ask_name", "ask_all", "ask_twice", "ask_prompt"] as const

const states = new Map<string, string>()

/** Makes a call of each, and keeps the states of their first rounds. Once, before any input is made. */
export const learnStates = async (): Promise<void> => {
  await using app = assemble(fixture, keys)
  await using wire = await connectWire(app, { capabilities: { elicitation: {}, sampling: {}, roots: {} } })
  for (const name of askers) {
    const ofPrompt = name === "ask_prompt"
    const answer = await wire.request(ofPrompt ? "prompts/get" : "tools/call", {
      name,
      ...(!ofPrompt && { arguments: {} })
    })
    assert.equal(typeof answer.result?.requestState, "string", JSON.stringify(answer))
    states.set(name, answer.result.requestState)
  }
}

/** The state that a first round of this ended with. */
export const stateOf = (name: (typeof askers)[number]): string => {
  const state = states.get(name)
  assert.ok(state !== undefined, "states are learned first")
  return state
}
