import { accept, Durable, Effect, Elicitation, server, tool } from "mcpipe"
import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import { beforeEach, describe, expect, it } from "vitest"
import { inBothEras } from "../kit/eras.ts"
import { failed, styles, text } from "./asking-case.ts"

const ask = Elicitation.text("Here?")

const served = server({ name: "misplaced", version: "1.0.0" }).add(
  tool({ name: "step_effect" }, () => Durable.step("step", ask)),
  tool({ name: "step_generator" }, function* () {
    return yield* Durable.step(
      "step",
      Effect.gen(function* () {
        return yield* ask
      })
    )
  }),
  tool({ name: "step_async" }, (_, { step, elicit }) => step("step", async () => await elicit.text("Here?"))),
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
)

let asked = 0
let logged: Array<string> = []
const logger = Logger.make(({ message, cause }) => void logged.push(`${message} ${Cause.pretty(cause)}`))

const respondent = {
  capabilities: { elicitation: { form: {} } },
  answer: () => {
    asked++
    return accept({ value: "yes" })
  }
}

/** A call that is held for ever shall not hold up all others too. */
const options = { timeout: 2_000 }

describe("a question where none can wait for its answer", () => {
  beforeEach(() => {
    asked = 0
    logged = []
  })

  inBothEras(
    served.provide(Logger.layer([logger])),
    (client) => {
      it.each(styles)(
        "is not put from inside of a step, which fails its call and says why (%s)",
        options,
        async (style) => {
          const answer = await client().call(`step_${style}`)
          expect(answer).toEqual(failed(expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/) as never))
          expect(asked).toBe(0)
          expect(logged.join()).toContain('was asked inside of Durable.step("step")')
        }
      )

      it.each(styles)(
        "is not put by a finalizer, whose failure is told to the operator alone (%s)",
        options,
        async (style) => {
          expect(await client().call(`finalizer_${style}`)).toEqual(text("done"))
          expect(asked).toBe(0)
          expect(logged).toHaveLength(1)
        }
      )
    },
    respondent
  )
})
