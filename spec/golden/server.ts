import { Content, Effect, Progress, ClientLog, Prompt, prompt, Resource, resource, server, tool } from "mcpipe"
import * as v from "valibot"

export const icon = { src: "https://example.com/icon.png", mimeType: "image/png", sizes: ["48x48"] }

/** What calls of `hold` record, and how a spec waits for it. */
export const held = {
  events: [] as Array<string>,
  waiting: new Set<() => void>(),
  record: (event: string): void => {
    held.events.push(event)
    for (const look of [...held.waiting]) look()
  },
  /** Settles with all events so far once `event` is among them, and forgets them. */
  until: (event: string): Promise<ReadonlyArray<string>> =>
    new Promise((resolve) => {
      const look = () => {
        if (!held.events.includes(event)) return
        held.waiting.delete(look)
        resolve(held.events.splice(0))
      }
      held.waiting.add(look)
      look()
    })
}

const sum = tool(
  {
    name: "sum",
    title: "Sum",
    description: "Adds two numbers",
    input: { a: v.number(), b: v.number() },
    output: v.object({ sum: v.number() }),
    annotations: { readOnlyHint: true },
    icons: [icon],
    meta: { "example.com/team": "math" }
  },
  ({ a, b }) => ({ sum: a + b })
)

const letters = tool({ name: "letters", output: v.array(v.string()) }, () => ["a", "b"])

/** One block of each kind that not every revision knows. */
const mixed = tool({ name: "mixed" }, () => [
  Content.text("hello"),
  Content.audio("AQID", "audio/wav"),
  Content.link({ uri: "doc://readme", name: "readme", title: "Read me", description: "Start here" })
])

const talk = tool({ name: "talk" }, function* () {
  yield* Progress.report(1, 2, "half way")
  yield* ClientLog.log("debug", "unheard")
  yield* ClientLog.log("warning", { disk: "full" }, "storage")
  return "said"
})

const hold = tool({ name: "hold" }, () =>
  Effect.sync(() => held.record("started")).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Effect.sync(() => held.record("interrupted"))),
    Effect.ensuring(Effect.sync(() => held.record("finalized")))
  )
)

const deploy = tool(
  {
    name: "deploy",
    input: {
      region: v.optional(v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" }))),
      replicas: v.optional(v.pipe(v.number(), v.integer(), v.metadata({ "x-mcp-header": "Replicas" })))
    }
  },
  ({ region, replicas }) => `${region} × ${replicas}`
)

const readme = resource(
  {
    uri: "doc://readme",
    name: "readme",
    title: "Read me",
    description: "Start here",
    mimeType: "text/markdown",
    size: 7,
    lastModified: "2026-01-02T03:04:05Z",
    annotations: { audience: ["user"], priority: 0.5 },
    icons: [icon],
    meta: { "example.com/x": 1 }
  },
  () => "# Hello"
)

const user = resource(
  {
    uri: "user://{id}",
    name: "user",
    title: "User",
    cache: { ttlMs: 60_000, scope: "public" },
    complete: { id: (prefix) => ["ada", "alan"].filter((id) => id.startsWith(prefix)) }
  },
  ({ id }) => Resource.json({ id }, { meta: { "example.com/id": id } })
)

const greet = prompt(
  {
    name: "grüße",
    title: "Greet",
    description: "Greets somebody",
    args: { name: v.pipe(v.string(), v.title("Name"), v.description("Whom to greet")) },
    icons: [icon],
    complete: { name: (prefix) => ["Ada", "Alan"].filter((name) => name.startsWith(prefix)) }
  },
  ({ name }) => [Prompt.user(`Greet ${name}.`), Prompt.assistant(Content.audio("AQID", "audio/wav"))]
)

/** The server whose every byte the golden specs know. */
export const golden = server({
  name: "golden",
  version: "1.0.0",
  title: "Golden",
  description: "A server known by heart",
  websiteUrl: "https://example.com",
  icons: [icon],
  instructions: "Ask away."
}).add(sum, letters, mixed, talk, hold, deploy, readme, user, greet)
