import { accept, decline, Durable, Effect, Elicitation } from "mcpipe"
import * as v from "valibot"
import { type AskingCase, text } from "./asking-case.ts"
import { did } from "./asking-ledger.ts"

const given = (value: string) => accept({ value })
const numbers = [1, 2, 3, 4, 5]
const reason = { reason: v.string() }

const chain = (key: string, name: string) =>
  Effect.gen(function* () {
    const first = yield* Elicitation.text(`${name} first?`)
    yield* Durable.step(
      name,
      Effect.sync(() => did(key, name))
    )
    return first + (yield* Elicitation.text(`${name} second?`))
  })

/** Questions within loops, retries and handlers that do several things at once. */
export const patterns: ReadonlyArray<AskingCase> = [
  {
    title: "five questions, two at a time",
    name: "pairs",
    effect: () =>
      Effect.map(
        Effect.forEach(numbers, (n) => Elicitation.text(`Number ${n}?`), { concurrency: 2 }),
        (all) => all.join()
      ),
    *generator() {
      const all = yield* Effect.forEach(numbers, (n) => Elicitation.text(`Number ${n}?`), { concurrency: 2 })
      return all.join()
    },
    async async(_, { elicit }) {
      const all: Array<string> = []
      for (const pair of [[1, 2], [3, 4], [5]]) {
        all.push(...(await Promise.all(pair.map((n) => elicit.text(`Number ${n}?`)))))
      }
      return all.join()
    },
    answers: Object.fromEntries(numbers.map((n) => [`Number ${n}?`, [given(`${n * n}`)]])),
    expected: { answer: text("1,4,9,16,25"), asked: numbers.map((n) => `Number ${n}?`) },
    rounds: 3
  },
  {
    title: "one question three times at once, each with an answer of its own",
    name: "equal",
    effect: () =>
      Effect.map(
        Effect.all(
          [1, 2, 3].map(() => Elicitation.text("A number?")),
          { concurrency: "unbounded" }
        ),
        (all) => all.join()
      ),
    *generator() {
      const asks = [1, 2, 3].map(() => Elicitation.text("A number?"))
      return (yield* Effect.all(asks, { concurrency: "unbounded" })).join()
    },
    async async(_, { elicit }) {
      return (await Promise.all([1, 2, 3].map(() => elicit.text("A number?")))).join()
    },
    answers: { "A number?": [given("one"), given("two"), given("three")] },
    expected: { answer: text("one,two,three"), asked: Array(3).fill("A number?") },
    rounds: 1
  },
  {
    title: "a question put again for as long as it is declined",
    name: "persistent",
    effect: () => Effect.map(Effect.retry(Elicitation.form("Why?", reason), { times: 5 }), ({ reason }) => reason),
    *generator() {
      for (;;) {
        const answer = yield* Effect.result(Elicitation.form("Why?", reason))
        if (answer._tag === "Success") return answer.success.reason
      }
    },
    async async(_, { elicit }) {
      for (;;) {
        try {
          return (await elicit("Why?", reason)).reason
        } catch {}
      }
    },
    answers: { "Why?": [decline(), decline(), accept({ reason: "because" })] },
    expected: { answer: text("because"), asked: ["Why?", "Why?", "Why?"] },
    rounds: 3
  },
  {
    title: "two lines of questions and steps at once, which keep apart",
    name: "chains",
    effect: ({ key }) =>
      Effect.map(Effect.all([chain(key, "left"), chain(key, "right")], { concurrency: "unbounded" }), (both) =>
        both.join()
      ),
    *generator({ key }) {
      const both = [chain(key, "left"), chain(key, "right")] as const
      return (yield* Effect.all(both, { concurrency: "unbounded" })).join()
    },
    async async({ key }, { elicit, step }) {
      const line = async (name: string) => {
        const first = await elicit.text(`${name} first?`)
        await step(name, () => did(key, name))
        return first + (await elicit.text(`${name} second?`))
      }
      return (await Promise.all([line("left"), line("right")])).join()
    },
    answers: {
      "left first?": [given("a")],
      "left second?": [given("b")],
      "right first?": [given("c")],
      "right second?": [given("d")]
    },
    expected: {
      answer: text("ab,cd"),
      asked: ["left first?", "left second?", "right first?", "right second?"],
      steps: { left: 1, right: 1 }
    },
    anyOrder: true,
    rounds: 2
  },
  {
    title: "a loop of steps and questions, each of them the same",
    name: "loop",
    effect: ({ key }) =>
      Effect.map(
        Effect.forEach(numbers.slice(0, 3), () =>
          Effect.all([
            Durable.step(
              "count",
              Effect.sync(() => did(key, "count"))
            ),
            Elicitation.text("Go on?")
          ])
        ),
        (all) => all.join()
      ),
    *generator({ key }) {
      const all: Array<unknown> = []
      for (let turn = 0; turn < 3; turn++) {
        all.push(
          yield* Durable.step(
            "count",
            Effect.sync(() => did(key, "count"))
          )
        )
        all.push(yield* Elicitation.text("Go on?"))
      }
      return all.join()
    },
    async async({ key }, { elicit, step }) {
      const all: Array<unknown> = []
      for (let turn = 0; turn < 3; turn++) {
        all.push(await step("count", () => did(key, "count")))
        all.push(await elicit.text("Go on?"))
      }
      return all.join()
    },
    answers: { "Go on?": [given("a"), given("b"), given("c")] },
    expected: { answer: text("1,a,2,b,3,c"), asked: Array(3).fill("Go on?"), steps: { count: 3 } },
    rounds: 3
  }
]
