import { accept, Effect, Elicitation } from "mcpipe"
import type { AskingCase } from "./asking-case.ts"
import { text } from "./asking-case.ts"

const handlers = {
  effect: () => Effect.map(Elicitation.text("Who reads?"), (name) => `For ${name}`),
  *generator() {
    return `For ${yield* Elicitation.text("Who reads?")}`
  },
  async async(_, { elicit }) {
    return `For ${await elicit.text("Who reads?")}`
  }
} satisfies Partial<AskingCase>

const answers = { "Who reads?": [accept({ value: "Ada" })] }

/** Where else than in tools may be asked. */
export const places: ReadonlyArray<AskingCase> = [
  {
    title: "a resource that asks who reads it",
    name: "letter",
    place: "resource",
    ...handlers,
    answers,
    expected: { answer: { contents: [{ uri: "…", mimeType: "text/plain", text: "For Ada" }] }, asked: ["Who reads?"] },
    rounds: 1
  },
  {
    title: "a prompt that asks who reads it",
    name: "speech",
    place: "prompt",
    ...handlers,
    answers,
    expected: {
      answer: { messages: [{ role: "user", content: { type: "text", text: "For Ada" } }] },
      asked: ["Who reads?"]
    },
    rounds: 1
  },
  {
    title: "a middleware that asks before the tool asks",
    name: "guarded",
    place: "guarded tool",
    ...handlers,
    answers: { ...answers, "Password?": [accept({ value: "open sesame" })] },
    expected: { answer: text("For Ada"), asked: ["Password?", "Who reads?"] },
    rounds: 2,
    // the first round ends before it
    runs: 2
  }
]
