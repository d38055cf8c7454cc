import { accept, Durable, Effect, Elicitation, server, ToolError, tool } from "mcpipe"
import * as Logger from "effect/Logger"
import { beforeEach, describe, expect, it } from "vitest"
import { inThisProcess } from "../kit/eras.ts"
import { failed, text } from "./asking-case.ts"

const ask = Elicitation.text("Here?")

const inSteps = [
  tool({ name: "step_effect" }, () => Durable.step("step", ask)),
  tool({ name: "step_generator" }, function* () {
    return yield* Durable.step(
      "step",
      Effect.gen(function* () {
        return yield* ask
      })
    )
  }),
  tool({ name: "step_async" }, (_, { step, elicit }) => step("step", async () => await elicit.text("Here?")))
]

const inFinalizers = [
  tool({ name: "finalizer_effect" }, () =>
    Effect.as(
      Effect.addFinalizer(() => Effect.ignore(ask)),
      "done"
    )
  ),
  tool({ name: "finalizer_generator" }, function* () {
    yield* Effect.addFinalizer(() => Effect.ignore(ask))
    return "done"
  }),
  tool({ name: "finalizer_async" }, async (_, { defer, elicit }) => {
    defer(async () => void (await elicit.text("Here?")))
    return "done"
  })
]

const firm = tool({ name: "firm" }, () => Effect.uninterruptible(ask))

const sameStep = tool({ name: "same_step" }, async (_, { step }) =>
  Promise.all(["a", "b"].map((name) => step("step", async () => name)))
)

const failing = tool({ name: "failing" }, async (_, { elicit, step }) => {
  await elicit.text("Here?")
  await step("step", () => {
    throw new ToolError("The step failed.")
  })
})

let logged: Array<string> = []
const logger = Logger.make(({ message }) => void logged.push([message].flat().map(String).join(" ")))

const served = server({ name: "misplaced", version: "1.0.0" })
  .add(...inSteps, ...inFinalizers, firm, sameStep, failing)
  .provide(Logger.layer([logger]))

let asked = 0
const respondent = {
  capabilities: { elicitation: { form: {} } },
  answer: () => {
    asked++
    return accept({ value: "yes" })
  }
}

describe("a question put where none can be", () => {
  beforeEach(() => {
    asked = 0
    logged = []
  })

  inThisProcess(
    served,
    (client) => {
      it.each(["effect", "generator", "async"])(
        "ends the call that asks inside of a step (%s)",
        { timeout: 2_000 },
        async (style) => {
          const answer = await client().call(`step_${style}`)
          expect(answer).toEqual(failed(expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/) as never))
          expect(asked).toBe(0)
          expect(logged.join()).toContain('asked inside of Durable.step("step")')
        }
      )

      it.each(["effect", "generator", "async"])(
        "is not put by a finalizer, which has no call to wait in (%s)",
        { timeout: 2_000 },
        async (style) => {
          expect(await client().call(`finalizer_${style}`)).toEqual(text("done"))
          expect(asked).toBe(0)
          expect(logged.length).toBe(1)
        }
      )
    },
    respondent
  )
})
