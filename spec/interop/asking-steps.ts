import { accept, Data, Durable, Effect, Elicitation, ClientLog, Progress, Sampling } from "mcpipe"
import { type AskingCase, said, text } from "./asking-case.ts"
import { did, isAsRemembered } from "./asking-ledger.ts"

class CardRefused extends Data.TaggedError("CardRefused")<{ readonly limit: number; readonly message: string }> {}

const charge = (key: string) => ({ receipt: `r-${did(key, "charge")}` })

const pay = (key: string) => {
  did(key, "pay")
  return new CardRefused({ limit: 100, message: "over the limit" })
}

const ask = (n: number) => Elicitation.text(`Question ${n}?`)

const ids = Effect.all([Durable.uuid, Durable.now, Durable.random, Durable.idempotencyKey("charge")])

const verdict = (same: boolean) => (same ? "the same" : "different")

/** What is done once, whatever it is done between. */
export const steps: ReadonlyArray<AskingCase> = [
  {
    title: "a question, a step and a line of the model",
    name: "charged",
    effect: ({ key }) =>
      Effect.flatMap(Elicitation.confirm("Pay 20 €?"), (yes) =>
        !yes
          ? Effect.succeed("not paid")
          : Effect.flatMap(
              Durable.step(
                "charge",
                Effect.sync(() => charge(key))
              ),
              ({ receipt }) => Effect.map(Sampling.text(`Thank for ${receipt}`), (thanks) => `${receipt}: ${thanks}`)
            )
      ),
    *generator({ key }) {
      if (!(yield* Elicitation.confirm("Pay 20 €?"))) return "not paid"
      const { receipt } = yield* Durable.step(
        "charge",
        Effect.sync(() => charge(key))
      )
      return `${receipt}: ${yield* Sampling.text(`Thank for ${receipt}`)}`
    },
    async async({ key }, { elicit, step, sample }) {
      if (!(await elicit.confirm("Pay 20 €?"))) return "not paid"
      const { receipt } = await step("charge", () => charge(key))
      return `${receipt}: ${await sample(`Thank for ${receipt}`)}`
    },
    answers: { "Pay 20 €?": [accept({ ok: true })], "Thank for r-1": [said("Grazie!")] },
    expected: { answer: text("r-1: Grazie!"), asked: ["Pay 20 €?", "Thank for r-1"], steps: { charge: 1 } },
    rounds: 2
  },
  {
    title: "a step that fails, is caught, and a question then",
    name: "caught",
    errors: [CardRefused],
    effect: ({ key }) =>
      Effect.catchTag(
        Durable.step(
          "pay",
          Effect.suspend(() => Effect.fail(pay(key)))
        ),
        "CardRefused",
        (error) => Effect.map(Elicitation.text(`${error.message}: how?`), (how) => `${how}, up to ${error.limit}`)
      ),
    *generator({ key }) {
      const step = Durable.step(
        "pay",
        Effect.suspend(() => Effect.fail(pay(key)))
      )
      const error: unknown = yield* Effect.flip(step)
      if (!(error instanceof CardRefused)) return "of another class"
      return `${yield* Elicitation.text(`${error.message}: how?`)}, up to ${error.limit}`
    },
    async async({ key }, { elicit, step }) {
      try {
        return await step("pay", () => {
          throw pay(key)
        })
      } catch (error) {
        if (!(error instanceof CardRefused)) throw error
        return `${await elicit.text(`${error.message}: how?`)}, up to ${error.limit}`
      }
    },
    answers: { "over the limit: how?": [accept({ value: "cash" })] },
    expected: { answer: text("cash, up to 100"), asked: ["over the limit: how?"], steps: { pay: 1 } },
    rounds: 1
  },
  {
    title: "steps at the same time as a question, before it and after it",
    name: "around",
    effect: ({ key }) => {
      const step = (name: string) =>
        Durable.step(
          name,
          Effect.promise(async () => did(key, name))
        )
      return Effect.all([step("before"), Effect.all([step("beside"), ask(1)], { concurrency: 2 }), step("after")]).pipe(
        Effect.map(([before, [beside, answer], after]) => [before, beside, answer, after].join())
      )
    },
    *generator({ key }) {
      const step = (name: string) =>
        Durable.step(
          name,
          Effect.promise(async () => did(key, name))
        )
      const before = yield* step("before")
      const [beside, answer] = yield* Effect.all([step("beside"), ask(1)], { concurrency: 2 })
      return [before, beside, answer, yield* step("after")].join()
    },
    async async({ key }, { elicit, step }) {
      const before = await step("before", () => did(key, "before"))
      const [beside, answer] = await Promise.all([
        step("beside", async () => did(key, "beside")),
        elicit.text("Question 1?")
      ])
      return [before, beside, answer, await step("after", () => did(key, "after"))].join()
    },
    answers: { "Question 1?": [accept({ value: "yes" })] },
    expected: {
      answer: text("1,1,yes,1"),
      asked: ["Question 1?"],
      steps: { before: 1, beside: 1, after: 1 }
    },
    rounds: 1
  },
  {
    title: "ids, time, chance and idempotency keys that stay what they were",
    name: "ids",
    effect: ({ key }) =>
      Effect.flatMap(ids, (before) => {
        const same = isAsRemembered(key, before)
        return Effect.flatMap(Effect.andThen(ask(1), ids), (after) => {
          const stillSame = isAsRemembered(`${key} later`, after)
          return Effect.as(ask(2), verdict(same && stillSame && before[0] !== after[0] && before[3] === after[3]))
        })
      }),
    *generator({ key }) {
      const before = yield* ids
      const same = isAsRemembered(key, before)
      yield* ask(1)
      const after = yield* ids
      const stillSame = isAsRemembered(`${key} later`, after)
      yield* ask(2)
      return verdict(same && stillSame && before[0] !== after[0] && before[3] === after[3])
    },
    async async({ key }, { elicit, step }) {
      const all = async () => [
        await step.uuid(),
        await step.now(),
        await step.random(),
        await step.idempotencyKey("charge")
      ]
      const before = await all()
      const same = isAsRemembered(key, before)
      await elicit.text("Question 1?")
      const after = await all()
      const stillSame = isAsRemembered(`${key} later`, after)
      await elicit.text("Question 2?")
      return verdict(same && stillSame && before[0] !== after[0] && before[3] === after[3])
    },
    answers: { "Question 1?": [accept({ value: "1" })], "Question 2?": [accept({ value: "2" })] },
    expected: { answer: text("the same"), asked: ["Question 1?", "Question 2?"] },
    rounds: 2
  },
  {
    title: "log messages and progress, each told once",
    name: "told",
    effect: () => {
      const tell = (n: number) => Effect.andThen(ClientLog.info(`at ${n}`), Progress.report(n))
      return tell(1).pipe(
        Effect.andThen(ask(1)),
        Effect.andThen(tell(2)),
        Effect.andThen(ask(2)),
        Effect.andThen(tell(3)),
        Effect.as("told")
      )
    },
    *generator() {
      for (const n of [1, 2, 3]) {
        yield* ClientLog.info(`at ${n}`)
        yield* Progress.report(n)
        if (n < 3) yield* ask(n)
      }
      return "told"
    },
    async async(_, { log, progress, elicit }) {
      for (const n of [1, 2, 3]) {
        await log.info(`at ${n}`)
        await progress(n)
        if (n < 3) await elicit.text(`Question ${n}?`)
      }
      return "told"
    },
    answers: { "Question 1?": [accept({ value: "1" })], "Question 2?": [accept({ value: "2" })] },
    expected: {
      answer: text("told"),
      asked: ["Question 1?", "Question 2?"],
      logs: ["at 1", "at 2", "at 3"],
      progress: [1, 2, 3]
    },
    rounds: 2
  }
]
