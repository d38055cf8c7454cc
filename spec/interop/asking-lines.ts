import { Durable, Effect, Elicitation, middleware, prompt, resource, server, tool } from "mcpipe"
import { gate } from "../kit/wire.ts"

/** Every line that a handler ran, in order; finalizers and cleanups, which may run at a suspension, in parentheses. */
export let lines: Array<string> = []
const line = (what: string) => void lines.push(what)

/** Forgets the lines so far. */
export const startOver = () => {
  lines = []
}

const mark = (what: string) => Effect.sync(() => line(what))

const ask = (question: string) => Elicitation.text(question)

const effect = tool({ name: "effect" }, () =>
  mark("start").pipe(
    Effect.andThen(Effect.addFinalizer(() => mark("(closed)"))),
    Effect.andThen(
      ask("One?").pipe(
        Effect.tap((one) => mark(`one ${one}`)),
        Effect.catch(() => mark("caught")),
        Effect.catchCause(() => mark("caught cause")),
        Effect.catchDefect(() => mark("caught defect")),
        Effect.onInterrupt(() => mark("(interrupted)")),
        Effect.ensuring(mark("(ensured)"))
      )
    ),
    Effect.andThen(mark("between")),
    Effect.andThen(Effect.exit(ask("Two?"))),
    Effect.andThen(mark("after two")),
    Effect.as("done")
  )
)

const generator = tool({ name: "generator" }, function* () {
  yield* Effect.addFinalizer(() => mark("(closed)"))
  try {
    line("start")
    const one = yield* ask("One?")
    line(`one ${one}`)
  } catch {
    line("caught")
  } finally {
    line("finally")
  }
  line("between")
  yield* Effect.exit(ask("Two?"))
  line("after two")
  return "done"
})

const async = tool({ name: "async" }, async (_, { elicit, signal, defer }) => {
  defer(() => line("(deferred)"))
  signal.addEventListener("abort", () => line("(aborted)"))
  const inner = async () => {
    try {
      line("start")
      return await elicit.text("One?")
    } catch (error) {
      line("caught inside")
      throw error
    } finally {
      line("finally inside")
    }
  }
  try {
    const one = await inner()
    line(`one ${one}`)
  } catch {
    line("caught")
  } finally {
    line("finally")
  }
  line("between")
  await elicit.text("Two?").then(
    () => line("then"),
    () => line("rejected")
  )
  line("after two")
  return "done"
})

/** Promises put together in every way there is, none of which may settle. */
const together = tool({ name: "together" }, async (_, { elicit, step, sample, run }) => {
  const one = elicit.text("One?")
  void one.finally(() => line("finally of nobody"))
  const racing = Promise.race([one, elicit.confirm("Two?")]).finally(() => line("finally of race"))
  const settled = Promise.allSettled([one, racing]).then(() => line("settled"))
  async function* answers() {
    try {
      yield await one
    } finally {
      line("finally of iterator")
    }
  }
  const iterated = (async () => {
    for await (const answer of answers()) line(`iterated ${answer}`)
  })()
  line(`stepped ${await step("step", async () => "once")}`)
  line(`ran ${await run(Effect.succeed("at once"))}`)
  await Promise.all([settled, iterated, sample("Three?").catch(() => line("not sampled"))])
  line("all")
  return "done"
})

/** What the handler waits for without its context cannot be held back; what it then wants of its context can. */
export let elsewhere = gate()

/** Makes later calls of `outside` wait anew. */
export const closeElsewhere = () => {
  elsewhere = gate()
}

const outside = tool({ name: "outside" }, async (_, { elicit, step, log, run, signal }) => {
  const meanwhile = async () => {
    await elsewhere.opened
    line(`elsewhere, ${signal.aborted ? "told" : "not told"}`)
    try {
      await Promise.race([
        elicit.text("Late?"),
        step("late", () => line("late step")),
        log.info("late"),
        run(mark("late run"))
      ])
      line("late")
    } catch {
      line("caught late")
    } finally {
      line("finally late")
    }
  }
  const late = meanwhile()
  line(`one ${await elicit.text("One?")}`)
  await late
  return "done"
})

const places = [
  resource({ uri: "lines://resource", name: "resource" }, async (_, { elicit }) => {
    try {
      line("start")
      return await elicit.text("One?")
    } finally {
      line("finally")
    }
  }),
  prompt({ name: "prompt" }, async (_, { elicit }) => {
    try {
      line("start")
      return await elicit.text("One?")
    } finally {
      line("finally")
    }
  })
]

const watched = server({ name: "watched", version: "1.0.0" })
  .tool(
    tool({ name: "tool" }, function* () {
      line("start")
      return yield* Durable.step("step", Effect.as(mark("step"), "once")).pipe(Effect.andThen(ask("One?")))
    })
  )
  .use(
    middleware({
      callTool: function* (next, call) {
        line("before")
        const result = yield* Effect.ensuring(next(call), mark("(ensured)"))
        line("after")
        return result
      }
    })
  )
  .use(
    middleware({
      *request(next) {
        // around each request, and so outside of what is suspended
        const outcome = yield* next
        line(outcome.outcome)
        return outcome
      }
    })
  )

/** Handlers that write down each of their lines. */
export const served = server({ name: "lines", version: "1.0.0" })
  .add(effect, generator, async, together, outside, ...places)
  .mount("watched", watched)
