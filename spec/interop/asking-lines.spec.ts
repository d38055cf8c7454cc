import { accept, Durable, Effect, Elicitation, middleware, prompt, resource, server, tool } from "mcpipe"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connect, type RoundOptions, type TestClient } from "../kit/clients.ts"
import { combinations, nameOf } from "../kit/eras.ts"
import { gate } from "../kit/wire.ts"

/** Every line that a handler ran, in order; finalizers and cleanups, which may run at a suspension, in parentheses. */
let lines: Array<string> = []
const line = (what: string) => void lines.push(what)
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
let elsewhere = gate()
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

const served = server({ name: "lines", version: "1.0.0" })
  .add(effect, generator, async, together, outside, ...places)
  .mount("watched", watched)

const sessionless = combinations.filter(({ era, transport }) => era === "sessionless" && transport !== "stdio")

/** Long enough for anything that is still running to run on: a request there and back, and some turns of the loop. */
const settle = async (client: TestClient) => {
  await client.list("tools")
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const respondent = {
  capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
  answer: ({ method }: { readonly method: string }) =>
    method === "elicitation/create"
      ? accept({ value: "1", ok: true })
      : { role: "assistant", model: "m", content: { type: "text", text: "3" } }
}

describe.each(sessionless.map((at) => [nameOf(at), at] as const))("a suspended handler (%s)", (_, at) => {
  let client: TestClient
  beforeAll(async () => {
    client = await connect(served, at, respondent)
  })
  afterAll(() => client[Symbol.asyncDispose]())
  beforeEach(() => {
    lines = []
    elsewhere = gate()
  })

  /** The lines of one round, told apart from those that came after its answer. */
  const round = async (name: string, options?: RoundOptions) => {
    lines = []
    const result = await client.round(name, {}, options)
    await settle(client)
    const next = { requestState: result.requestState, inputResponses: answersTo(result.inputRequests) }
    return { lines: [...lines], questions: questionsOf(result), content: result.content, next }
  }

  const answersTo = (requests: Readonly<Record<string, any>> = {}) =>
    Object.fromEntries(Object.entries(requests).map(([id, { method }]) => [id, respondent.answer({ method })]))

  const questionsOf = ({ inputRequests = {} }: any): ReadonlyArray<string> =>
    Object.values<any>(inputRequests).map(({ params }) => params.message ?? params.messages[0].content.text)

  it("runs no line of an Effect, but its finalizers", async () => {
    const first = await round("effect")
    expect(first.lines).toEqual(["start", "(interrupted)", "(ensured)", "(closed)"])
    const second = await round("effect", first.next)
    expect(second.lines).toEqual(["start", "one 1", "(ensured)", "between", "(closed)"])
    const third = await round("effect", second.next)
    expect(third.lines).toEqual(["start", "one 1", "(ensured)", "between", "after two", "(closed)"])
    expect(third.content).toEqual([{ type: "text", text: "done" }])
  })

  it("runs no line of a generator, its catch and finally included", async () => {
    const first = await round("generator")
    expect(first.lines).toEqual(["start", "(closed)"])
    const second = await round("generator", first.next)
    expect(second.lines).toEqual(["start", "one 1", "finally", "between", "(closed)"])
    const third = await round("generator", second.next)
    expect(third.lines).toEqual(["start", "one 1", "finally", "between", "after two", "(closed)"])
  })

  it("runs no line of an async function, its catch and finally included, and tells its signal", async () => {
    const first = await round("async")
    expect(first.lines).toEqual(["start", "(aborted)", "(deferred)"])
    const second = await round("async", first.next)
    expect(second.lines).toEqual(["start", "finally inside", "one 1", "finally", "between", "(aborted)", "(deferred)"])
    const third = await round("async", second.next)
    expect(third.lines).toEqual([
      "start",
      "finally inside",
      "one 1",
      "finally",
      "between",
      "then",
      "after two",
      "(deferred)"
    ])
  })

  it("settles none of the promises that its questions were put into", async () => {
    const first = await round("together")
    expect(first.lines).toEqual(["stepped once", "ran at once"])
    expect(first.questions).toEqual(["One?", "Two?", "Three?"])
    const second = await round("together", first.next)
    expect(new Set(second.lines)).toEqual(
      new Set([
        "stepped once",
        "ran at once",
        "finally of nobody",
        "finally of race",
        "iterated 1",
        "finally of iterator",
        "settled",
        "all"
      ])
    )
    expect(second.content).toEqual([{ type: "text", text: "done" }])
  })

  it("asks, does and tells nothing any more through its context, whatever else it waited for", async () => {
    const first = await round("outside")
    expect([first.lines, first.questions]).toEqual([[], ["One?"]])
    lines = []
    elsewhere.open()
    await settle(client)
    expect(lines).toEqual(["elsewhere, told"])
  })

  it("runs no line of a resource or prompt", async () => {
    // the client itself goes through the rounds of these
    expect((await client.read("lines://resource"))["contents"][0].text).toBe("1")
    await settle(client)
    expect(lines).toEqual(["start", "start", "finally"])
    lines = []
    expect((await client.get("prompt"))["messages"][0].content.text).toBe("1")
    await settle(client)
    expect(lines).toEqual(["start", "start", "finally"])
  })

  it("runs no line of the middleware inside of the request, but its finalizers", async () => {
    const first = await round("watched_tool")
    expect(first.lines).toEqual(["before", "start", "step", "(ensured)", "paused"])
    const second = await round("watched_tool", first.next)
    expect(second.lines).toEqual(["before", "start", "(ensured)", "after", "complete"])
  })
})
