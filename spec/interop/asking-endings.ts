import {
  accept,
  cancel,
  ClientUnsupported,
  decline,
  Effect,
  Elicitation,
  ElicitationCancelled,
  ElicitationDeclined
} from "mcpipe"
import * as v from "valibot"
import { type AskingCase, failed, text } from "./asking-case.ts"

const email = { email: v.pipe(v.string(), v.email("An address, please.")) }
const address = () => Elicitation.form("E-mail?", email)

const visit = Elicitation.url("Sign in", "https://example.com/sign-in")

const uncaught = {
  effect: () => Effect.map(address(), ({ email }) => email),
  *generator() {
    return (yield* address()).email
  },
  async async(_, { elicit }) {
    return (await elicit("E-mail?", email)).email
  }
} satisfies Partial<AskingCase>

const invalid = accept({ email: "nobody" })

const objection = (received: string) =>
  `E-mail?\n\nThe last answer was not accepted:\n- email: An address, please. (received ${received})`

/** Questions that are not answered, or not well. */
export const endings: ReadonlyArray<AskingCase> = [
  {
    title: "a form declined, which nobody catches",
    name: "declined",
    ...uncaught,
    answers: { "E-mail?": [decline()] },
    expected: { answer: failed("The user declined to answer: E-mail?"), asked: ["E-mail?"] },
    rounds: 1
  },
  {
    title: "a form declined, caught, and another question then",
    name: "declined_caught",
    effect: () =>
      address().pipe(
        Effect.map(({ email }) => email),
        Effect.catchTag("ElicitationDeclined", ({ question }) =>
          Effect.map(Elicitation.text("A phone then?"), (phone) => `${question} no, but ${phone}`)
        )
      ),
    *generator() {
      const declined = Effect.catchTag(address(), "ElicitationDeclined", (error) => Effect.succeed(error))
      const given = yield* declined
      if (!(given instanceof ElicitationDeclined)) return given.email
      return `${given.question} no, but ${yield* Elicitation.text("A phone then?")}`
    },
    async async(_, { elicit }) {
      try {
        return (await elicit("E-mail?", email)).email
      } catch (error) {
        if (!(error instanceof ElicitationDeclined)) throw error
        return `${error.question} no, but ${await elicit.text("A phone then?")}`
      }
    },
    answers: { "E-mail?": [decline()], "A phone then?": [accept({ value: "112" })] },
    expected: { answer: text("E-mail? no, but 112"), asked: ["E-mail?", "A phone then?"] },
    rounds: 2
  },
  {
    title: "a yes or no declined, which is a no",
    name: "confirm_declined",
    effect: () => Effect.map(Elicitation.confirm("Sure?"), String),
    *generator() {
      return String(yield* Elicitation.confirm("Sure?"))
    },
    async async(_, { elicit }) {
      return String(await elicit.confirm("Sure?"))
    },
    answers: { "Sure?": [decline()] },
    expected: { answer: text("false"), asked: ["Sure?"] },
    rounds: 1
  },
  {
    title: "a form dismissed, which nobody catches",
    name: "dismissed",
    ...uncaught,
    answers: { "E-mail?": [cancel()] },
    expected: { answer: failed("The user dismissed the question: E-mail?"), asked: ["E-mail?"] },
    rounds: 1
  },
  {
    title: "a form dismissed, caught",
    name: "dismissed_caught",
    effect: () => Effect.catchTag(address(), "ElicitationCancelled", () => Effect.succeed("another time")),
    *generator() {
      return yield* Effect.catchTag(address(), "ElicitationCancelled", () => Effect.succeed("another time"))
    },
    async async(_, { elicit }) {
      try {
        return (await elicit("E-mail?", email)).email
      } catch (error) {
        if (error instanceof ElicitationCancelled) return "another time"
        throw error
      }
    },
    answers: { "E-mail?": [cancel()] },
    expected: { answer: text("another time"), asked: ["E-mail?"] },
    rounds: 1
  },
  {
    title: "an invalid answer, asked again with what was wrong, and a valid one",
    name: "invalid_once",
    ...uncaught,
    answers: { "E-mail?": [invalid, accept({ email: "ada@example.com" })] },
    expected: { answer: text("ada@example.com"), asked: ["E-mail?", objection('"nobody"')] },
    rounds: 2
  },
  {
    title: "three invalid answers, after which nobody is asked any more",
    name: "invalid_thrice",
    ...uncaught,
    answers: { "E-mail?": [invalid, accept({ email: "no one" }), accept({ email: "none" })] },
    expected: {
      answer: failed('3 answers in a row to "E-mail?" were invalid:\n- email: An address, please. (received "none")'),
      asked: ["E-mail?", objection('"nobody"'), objection('"no one"')]
    },
    rounds: 3
  },
  {
    title: "a question that can be done without, to a client that can be asked",
    name: "degrading",
    effect: () => Effect.catchTag(Elicitation.text("Size?"), "ClientUnsupported", () => Effect.succeed("medium")),
    *generator() {
      return yield* Effect.catchTag(Elicitation.text("Size?"), "ClientUnsupported", () => Effect.succeed("medium"))
    },
    async async(_, { elicit }) {
      try {
        return await elicit.text("Size?")
      } catch (error) {
        if (error instanceof ClientUnsupported) return "medium"
        throw error
      }
    },
    answers: { "Size?": [accept({ value: "large" })] },
    expected: { answer: text("large"), asked: ["Size?"] },
    rounds: 1
  },
  {
    title: "a question in a mode that the client does not have, caught",
    name: "urls",
    effect: () =>
      visit.pipe(
        Effect.as("gone there"),
        Effect.catchTag("ClientUnsupported", ({ message }) => Effect.succeed(message))
      ),
    *generator() {
      const visited = yield* Effect.result(visit)
      return visited._tag === "Success" ? "gone there" : visited.failure.message
    },
    async async(_, { elicit }) {
      try {
        await elicit.url("Sign in", "https://example.com/sign-in")
        return "gone there"
      } catch (error) {
        return (error as Error).message
      }
    },
    expected: {
      answer: text('The question "Sign in" needs elicitation by URL; this client does not support that here.')
    },
    rounds: 0
  },
  {
    title: "two questions at once, of which the one declined is made good and the other stands",
    name: "settled",
    effect: () =>
      Effect.map(
        Effect.all([Effect.result(address()), Elicitation.text("Name?")], { concurrency: "unbounded" }),
        ([given, name]) => `${name}: ${given._tag === "Failure" ? given.failure._tag : given.success.email}`
      ),
    *generator() {
      const both = [Effect.result(address()), Elicitation.text("Name?")] as const
      const [given, name] = yield* Effect.all(both, { concurrency: "unbounded" })
      return `${name}: ${given._tag === "Failure" ? given.failure._tag : given.success.email}`
    },
    async async(_, { elicit }) {
      const [given, name] = await Promise.allSettled([elicit("E-mail?", email), elicit.text("Name?")])
      const why = given.status === "rejected" ? given.reason._tag : given.value.email
      return `${name.status === "fulfilled" ? name.value : "nobody"}: ${why}`
    },
    answers: { "E-mail?": [decline()], "Name?": [accept({ value: "Ada" })] },
    expected: { answer: text("Ada: ElicitationDeclined"), asked: ["E-mail?", "Name?"] },
    rounds: 1
  },
  {
    title: "two questions at once, of which the one declined fails both",
    name: "failed_together",
    effect: () => Effect.all([address(), Elicitation.text("Name?")], { concurrency: "unbounded" }),
    *generator() {
      return yield* Effect.all([address(), Elicitation.text("Name?")], { concurrency: "unbounded" })
    },
    async async(_, { elicit }) {
      return await Promise.all([elicit("E-mail?", email), elicit.text("Name?")])
    },
    answers: { "E-mail?": [decline()], "Name?": [accept({ value: "Ada" })] },
    expected: { answer: failed("The user declined to answer: E-mail?"), asked: ["E-mail?", "Name?"] },
    rounds: 1
  }
]
