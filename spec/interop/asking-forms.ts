import { accept, Effect, Elicitation } from "mcpipe"
import * as v from "valibot"
import { type AskingCase, text } from "./asking-case.ts"

const profile = {
  name: v.optional(v.string(), "Ada"),
  age: v.pipe(v.number(), v.integer()),
  colour: v.optional(v.picklist(["red", "blue"]), "blue"),
  news: v.optional(v.boolean(), true)
}
const name = { name: v.string() }
const colour = { colour: v.string() }

/** Questions that are answered. */
export const forms: ReadonlyArray<AskingCase> = [
  {
    title: "a yes or no",
    name: "confirm",
    effect: () => Effect.map(Elicitation.confirm("Delete it?"), (yes) => (yes ? "deleted" : "kept")),
    *generator() {
      return (yield* Elicitation.confirm("Delete it?")) ? "deleted" : "kept"
    },
    async async(_, { elicit }) {
      return (await elicit.confirm("Delete it?")) ? "deleted" : "kept"
    },
    answers: { "Delete it?": [accept({ ok: true })] },
    expected: { answer: text("deleted"), asked: ["Delete it?"] },
    rounds: 1
  },
  {
    title: "a form with defaults, of which some are kept",
    name: "defaults",
    effect: () => Effect.map(Elicitation.form("Who are you?", profile), (given) => JSON.stringify(given)),
    *generator() {
      return JSON.stringify(yield* Elicitation.form("Who are you?", profile))
    },
    async async(_, { elicit }) {
      return JSON.stringify(await elicit("Who are you?", profile))
    },
    answers: { "Who are you?": [accept({ age: 36, colour: "red" })] },
    expected: {
      answer: text('{"name":"Ada","age":36,"colour":"red","news":true}'),
      asked: ["Who are you?"]
    },
    rounds: 1
  },
  {
    title: "two forms at once, in one round",
    name: "concurrent",
    effect: () =>
      Effect.all([Elicitation.form("Name?", name), Elicitation.form("Colour?", colour)], {
        concurrency: "unbounded"
      }).pipe(Effect.map(([{ name }, { colour }]) => `${name} likes ${colour}`)),
    *generator() {
      const both = [Elicitation.form("Name?", name), Elicitation.form("Colour?", colour)] as const
      const [one, other] = yield* Effect.all(both, { concurrency: "unbounded" })
      return `${one.name} likes ${other.colour}`
    },
    async async(_, { elicit }) {
      const [one, other] = await Promise.all([elicit("Name?", name), elicit("Colour?", colour)])
      return `${one.name} likes ${other.colour}`
    },
    answers: { "Name?": [accept({ name: "Ada" })], "Colour?": [accept({ colour: "blue" })] },
    expected: { answer: text("Ada likes blue"), asked: ["Name?", "Colour?"] },
    rounds: 1
  },
  {
    title: "three questions, one after the other",
    name: "sequence",
    effect: () =>
      Effect.flatMap(Elicitation.text("City?"), (city) =>
        Effect.flatMap(Elicitation.number("Days?", { integer: true, min: 1 }), (days) =>
          Effect.map(
            Elicitation.choose(`What to see in ${city}?`, ["art", "food", "parks"], { multiple: true }),
            (sights) => `${days} days of ${sights.join(" and ")} in ${city}`
          )
        )
      ),
    *generator() {
      const city = yield* Elicitation.text("City?")
      const days = yield* Elicitation.number("Days?", { integer: true, min: 1 })
      const sights = yield* Elicitation.choose(`What to see in ${city}?`, ["art", "food", "parks"], { multiple: true })
      return `${days} days of ${sights.join(" and ")} in ${city}`
    },
    async async(_, { elicit }) {
      const city = await elicit.text("City?")
      const days = await elicit.number("Days?", { integer: true, min: 1 })
      const sights = await elicit.choose(`What to see in ${city}?`, ["art", "food", "parks"], { multiple: true })
      return `${days} days of ${sights.join(" and ")} in ${city}`
    },
    answers: {
      "City?": [accept({ value: "Rome" })],
      "Days?": [accept({ value: 3 })],
      "What to see in Rome?": [accept({ choice: ["art", "food"] })]
    },
    expected: { answer: text("3 days of art and food in Rome"), asked: ["City?", "Days?", "What to see in Rome?"] },
    rounds: 3
  },
  {
    title: "the same question twice, answered differently",
    name: "twice",
    effect: () =>
      Effect.map(Effect.all([Elicitation.text("A number?"), Elicitation.text("A number?")]), (both) => both.join()),
    *generator() {
      return `${yield* Elicitation.text("A number?")},${yield* Elicitation.text("A number?")}`
    },
    async async(_, { elicit }) {
      return `${await elicit.text("A number?")},${await elicit.text("A number?")}`
    },
    answers: { "A number?": [accept({ value: "one" }), accept({ value: "two" })] },
    expected: { answer: text("one,two"), asked: ["A number?", "A number?"] },
    rounds: 2
  },
  ...(["card", "cash"] as const).map(
    (choice): AskingCase => ({
      title: `a branch on an answer, towards ${choice}`,
      name: `branch_${choice}`,
      effect: () =>
        Effect.flatMap(Elicitation.choose("How do you pay?", ["card", "cash"]), (how) =>
          how === "cash" ? Effect.succeed("cash") : Effect.map(Elicitation.text("Which card?"), (card) => `by ${card}`)
        ),
      *generator() {
        if ((yield* Elicitation.choose("How do you pay?", ["card", "cash"])) === "cash") return "cash"
        return `by ${yield* Elicitation.text("Which card?")}`
      },
      async async(_, { elicit }) {
        if ((await elicit.choose("How do you pay?", ["card", "cash"])) === "cash") return "cash"
        return `by ${await elicit.text("Which card?")}`
      },
      answers: { "How do you pay?": [accept({ choice })], "Which card?": [accept({ value: "Visa" })] },
      expected:
        choice === "cash"
          ? { answer: text("cash"), asked: ["How do you pay?"] }
          : { answer: text("by Visa"), asked: ["How do you pay?", "Which card?"] },
      rounds: choice === "cash" ? 1 : 2
    })
  )
]
