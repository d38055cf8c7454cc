import { accept, ClientLog, Durable, Effect, Elicitation, server, tool } from "mcpipe"
import { beforeEach, describe, expect, it } from "vitest"
import { inBothEras } from "../kit/eras.ts"
import { text } from "./asking-case.ts"

let lines: Array<string> = []
const line = (what: string) => void lines.push(what)

/** Gives back what a handler has opened, which takes a turn of the loop. */
const release = Effect.andThen(
  Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
  Effect.sync(() => line("released"))
)

const ask = Elicitation.text("Go on?")

const served = server({ name: "cleaning", version: "1.0.0" }).add(
  tool({ name: "run_effect" }, () =>
    Effect.andThen(
      Effect.addFinalizer(() => release),
      ask
    )
  ),
  tool({ name: "run_async" }, async (_, { defer, run, elicit }) => {
    defer(() => run(release))
    return await elicit.text("Go on?")
  }),
  tool({ name: "log_effect" }, () =>
    Effect.andThen(
      Effect.addFinalizer(() => Effect.andThen(ClientLog.info("bye"), release)),
      ask
    )
  ),
  tool({ name: "log_async" }, async (_, { defer, log, elicit }) => {
    defer(async () => {
      await log.info("bye")
      line("released")
    })
    return await elicit.text("Go on?")
  }),
  tool({ name: "step_effect" }, () =>
    Effect.andThen(
      Effect.addFinalizer(() => Durable.step("release", release)),
      ask
    )
  ),
  tool({ name: "step_async" }, async (_, { defer, step, elicit }) => {
    defer(() => step("release", async () => line("released")))
    return await elicit.text("Go on?")
  })
)

const respondent = { capabilities: { elicitation: { form: {} } }, answer: () => accept({ value: "on" }) }

const names = ["run_effect", "run_async", "log_effect", "log_async", "step_effect", "step_async"]

describe("a cleanup of a call that asks", () => {
  beforeEach(() => {
    lines = []
  })

  inBothEras(
    served,
    (client, { era }) => {
      // a call that is held for ever shall not hold up all others too
      it.each(names)(
        "runs to its end in each round, what it does through its context included (%s)",
        { timeout: 2_000 },
        async (name) => {
          expect(await client().call(name)).toEqual(text("on"))
          expect(lines).toEqual(era === "sessionless" ? ["released", "released"] : ["released"])
        }
      )
    },
    respondent
  )
})
