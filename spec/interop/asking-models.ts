import { accept, Effect, Elicitation, Roots, Sampling, tool } from "mcpipe"
import * as v from "valibot"
import { type AskingCase, said, text, uses } from "./asking-case.ts"
import { did } from "./asking-ledger.ts"

const place = { city: v.string(), year: v.number() }

const addTool = (key: string) =>
  tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => {
    did(key, "add")
    return a + b
  })

const lookupTool = (key: string) =>
  tool({ name: "lookup", input: { word: v.string() } }, async ({ word }) => {
    did(key, "lookup")
    return `${word}: a word`
  })

/** Written once as a generator and once async: a tool that asks, run for a model that runs for a tool. */
const bookTool = (key: string) =>
  tool({ name: "book", input: { city: v.string() } }, function* ({ city }) {
    const day = yield* Elicitation.text(`When to ${city}?`)
    did(key, "book")
    return `${city} on ${day}`
  })

const bookToolAsync = (key: string) =>
  tool({ name: "book", input: { city: v.string() } }, async ({ city }, { elicit }) => {
    const day = await elicit.text(`When to ${city}?`)
    did(key, "book")
    return `${city} on ${day}`
  })

const calculate = (key: string) => ({ prompt: "What is 2 + 3?", tools: [addTool(key), lookupTool(key)] })
const plan = (key: string) => ({ prompt: "Plan a trip", tools: [bookTool(key), addTool(key)] })

const results = (count: number) => Array(count).fill("tool_result").join("\n")

const objection =
  "That answer cannot be used:\n- year: expected number, received nothing\nAnswer again, with the corrected JSON alone."

/** What the client's model and file system are asked. */
export const models: ReadonlyArray<AskingCase> = [
  {
    title: "an object of the model's, asked for again once",
    name: "object",
    effect: () => Effect.map(Sampling.object("Where is the Colosseum?", place), ({ city, year }) => `${city}, ${year}`),
    *generator() {
      const { city, year } = yield* Sampling.object("Where is the Colosseum?", place)
      return `${city}, ${year}`
    },
    async async(_, { sample }) {
      const { city, year } = await sample.object("Where is the Colosseum?", place)
      return `${city}, ${year}`
    },
    answers: {
      "Where is the Colosseum?": [said('{ "city": "Rome" }'), said('```json\n{ "city": "Rome", "year": 80 }\n```')]
    },
    expected: { answer: text("Rome, 80"), asked: ["Where is the Colosseum?", objection] },
    rounds: 2
  },
  {
    title: "a model that uses two tools, each once",
    name: "tools",
    effect: ({ key }) => Effect.map(Sampling.run(calculate(key)), ({ text, turns }) => `${text} (${turns} turns)`),
    *generator({ key }) {
      const { text, turns } = yield* Sampling.run(calculate(key))
      return `${text} (${turns} turns)`
    },
    async async({ key }, { sample }) {
      const { text, turns } = await sample.run(calculate(key))
      return `${text} (${turns} turns)`
    },
    answers: {
      "What is 2 + 3?": [uses(["add", { a: 2, b: 3 }], ["lookup", { word: "five" }]), said("Five.")]
    },
    expected: {
      answer: text("Five. (2 turns)"),
      asked: ["What is 2 + 3?", results(2)],
      steps: { add: 1, lookup: 1 }
    },
    rounds: 2
  },
  {
    title: "a model that uses a tool which asks the user, beside one that does not",
    name: "asking_tools",
    effect: ({ key }) => Effect.map(Sampling.run(plan(key)), ({ text }) => text),
    *generator({ key }) {
      return (yield* Sampling.run(plan(key))).text
    },
    async async({ key }, { sample }) {
      return (await sample.run({ prompt: "Plan a trip", tools: [bookToolAsync(key), addTool(key)] })).text
    },
    answers: {
      "Plan a trip": [
        uses(["book", { city: "Rome" }], ["add", { a: 1, b: 1 }]),
        uses(["book", { city: "Pisa" }]),
        said("Planned.")
      ],
      "When to Rome?": [accept({ value: "Monday" })],
      "When to Pisa?": [accept({ value: "Tuesday" })]
    },
    expected: {
      answer: text("Planned."),
      asked: ["Plan a trip", "When to Rome?", results(2), "When to Pisa?", results(1)],
      steps: { book: 2, add: 1 }
    },
    rounds: 5
  },
  {
    title: "the model, the user and the roots at once, in one round",
    name: "all_kinds",
    effect: () =>
      Effect.map(
        Effect.all([Sampling.text("Greet"), Elicitation.text("Name?"), Roots.list], { concurrency: "unbounded" }),
        ([greeting, name, roots]) => `${greeting} ${name}, of ${roots.map(({ uri }) => uri).join()}`
      ),
    *generator() {
      const asks = [Sampling.text("Greet"), Elicitation.text("Name?"), Roots.list] as const
      const [greeting, name, roots] = yield* Effect.all(asks, { concurrency: "unbounded" })
      return `${greeting} ${name}, of ${roots.map(({ uri }) => uri).join()}`
    },
    async async(_, { sample, elicit, run }) {
      const [greeting, name, roots] = await Promise.all([sample("Greet"), elicit.text("Name?"), run(Roots.list)])
      return `${greeting} ${name}, of ${roots.map(({ uri }) => uri).join()}`
    },
    answers: {
      Greet: [said("Ave")],
      "Name?": [accept({ value: "Ada" })],
      roots: [{ roots: [{ uri: "file:///home/ada", name: "home" }, { uri: "file:///tmp" }] }]
    },
    expected: { answer: text("Ave Ada, of file:///home/ada,file:///tmp"), asked: ["Greet", "Name?", "roots"] },
    rounds: 1
  },
  {
    title: "the roots, listed twice",
    name: "roots",
    effect: () => Effect.map(Effect.all([Roots.list, Roots.list]), (both) => both.map((roots) => roots.length).join()),
    *generator() {
      return [(yield* Roots.list).length, (yield* Roots.list).length].join()
    },
    async async(_, { run }) {
      return [(await run(Roots.list)).length, (await run(Roots.list)).length].join()
    },
    answers: { roots: [{ roots: [] }, { roots: [{ uri: "file:///new" }] }] },
    expected: { answer: text("0,1"), asked: ["roots", "roots"] },
    rounds: 2
  }
]
