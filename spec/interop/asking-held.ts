import { Durable, Effect, Elicitation, type HandlerContext, tool } from "mcpipe"
import * as v from "valibot"
import type { Style } from "./asking-case.ts"
import { journal } from "./journal.ts"

type Handler = (args: { readonly key: string }, context: HandlerContext) => any

const tell = (key: string, event: string) => Effect.sync(() => journal(key).record(event))

const asking = (key: string) => Effect.onInterrupt(Elicitation.text("Hold?"), () => tell(key, "interrupted"))

/** Calls that wait for an answer which their client never gives. */
const held: Readonly<Record<Style, Handler>> = {
  effect: ({ key }) =>
    Effect.addFinalizer(() => tell(key, "finalized")).pipe(
      Effect.andThen(asking(key)),
      Effect.andThen(tell(key, "answered"))
    ),
  *generator({ key }) {
    yield* Effect.addFinalizer(() => tell(key, "finalized"))
    yield* asking(key)
    journal(key).record("answered")
  },
  async async({ key }, { elicit, signal, defer }) {
    const { record } = journal(key)
    defer(() => record("finalized"))
    signal.addEventListener("abort", () => record("interrupted"))
    await elicit.text("Hold?")
    record("answered")
  }
}

const work = (key: string) => {
  const { record, released } = journal(key)
  const working = Effect.onInterrupt(
    Effect.promise(() => released),
    () => tell(key, "interrupted")
  )
  return Effect.sync(() => record("began")).pipe(Effect.andThen(working), Effect.andThen(tell(key, "ended")))
}

/** Calls that are in the middle of a step until they are released. */
const working: Readonly<Record<Style, Handler>> = {
  effect: ({ key }) =>
    Effect.addFinalizer(() => tell(key, "finalized")).pipe(
      Effect.andThen(Elicitation.text("Go?")),
      Effect.tap(() => Durable.step("work", work(key)))
    ),
  *generator({ key }) {
    yield* Effect.addFinalizer(() => tell(key, "finalized"))
    const answer = yield* Elicitation.text("Go?")
    yield* Durable.step("work", work(key))
    return answer
  },
  async async({ key }, { elicit, step, signal, defer }) {
    const { record, released } = journal(key)
    defer(() => record("finalized"))
    const answer = await elicit.text("Go?")
    signal.addEventListener("abort", () => record("interrupted"))
    await step("work", async () => {
      record("began")
      await released
      if (!signal.aborted) record("ended")
    })
    return answer
  }
}

const input = { key: v.string() }

const toolsOf = (name: string, handlers: Readonly<Record<Style, Handler>>) =>
  Object.entries(handlers).map(([style, handler]) => tool({ name: `${name}_${style}`, input }, handler))

/** What a cancelled call leaves behind; `events` and `release` reach it from another request. */
export const holding = [
  ...toolsOf("held", held),
  ...toolsOf("working", working),
  tool({ name: "events", input: { ...input, until: v.string(), times: v.number() } }, async ({ key, until, times }) =>
    JSON.stringify(await journal(key).until(until, times))
  ),
  tool({ name: "release", input }, ({ key }) => journal(key).release())
]
