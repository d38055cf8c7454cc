import {
  Content,
  Data,
  Effect,
  Prompt,
  Progress,
  prompt,
  PublicError,
  Resource,
  resource,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as Logger from "effect/Logger"
import * as v from "valibot"
import { journal } from "./journal.ts"

/** Stands in failures that nobody outside may read. */
export const secret = "postgres://admin:hunter2@db.internal"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly message: string }> {}

const returns = [
  tool({ name: "string" }, () => "plain text"),
  tool({ name: "number" }, () => 42.5),
  tool({ name: "boolean" }, () => true),
  tool({ name: "null" }, () => null),
  tool({ name: "undefined" }, () => undefined),
  tool({ name: "object" }, () => ({ name: "Ada", tags: ["x"], nested: { deep: null } })),
  tool({ name: "array" }, () => [1, "two", { three: 3 }]),
  tool({ name: "empty_array" }, () => []),
  tool({ name: "text" }, () => Content.text("to the user", { annotations: { audience: ["user"], priority: 1 } })),
  tool({ name: "image" }, () =>
    Content.image(new Uint8Array([1, 2, 3]), "image/png", { meta: { "example.com/x": 1 } })
  ),
  tool({ name: "audio" }, () => Content.audio("AQID", "audio/wav")),
  tool({ name: "file" }, () => Content.file({ name: "notes.md", data: "# Notes" })),
  tool({ name: "embedded" }, () => Content.embedded({ uri: "note://1", mimeType: "text/plain", text: "kept" })),
  tool({ name: "link" }, () => Content.link({ uri: "https://example.com/a", name: "a", mimeType: "text/html" })),
  tool({ name: "mixed" }, () => [Content.text("one"), Content.audio("AQID", "audio/wav"), Content.text("two")]),
  tool({ name: "result" }, () =>
    result({ content: "3 rows", structured: { rows: 3 }, meta: { "example.com/took": 12 } })
  ),
  tool({ name: "result_error" }, () => result({ content: "no such row", isError: true })),
  tool({ name: "output_object", output: v.object({ sum: v.number() }) }, () => ({ sum: 3 })),
  tool({ name: "output_array", output: v.array(v.string()) }, () => ["a", "b"]),
  tool({ name: "output_mismatch", output: v.object({ sum: v.number() }) }, () => ({ sum: secret }) as any)
]

const add = { a: v.number(), b: v.pipe(v.number(), v.integer()) }

const handlers = [
  tool({ name: "add", description: "Adds", input: add }, ({ a, b }) => a + b),
  tool({ name: "add_async", input: add }, async ({ a, b }) => a + b),
  tool({ name: "add_effect", input: add }, ({ a, b }) => Effect.succeed(a + b)),
  tool({ name: "add_generator", input: add }, function* ({ a, b }) {
    return (yield* Effect.succeed(a)) + b
  })
]

const failures = [
  tool({ name: "tool_error_thrown" }, () => {
    throw new ToolError("thrown: try again later")
  }),
  tool({ name: "tool_error_rejected" }, async () => {
    throw new ToolError("rejected: try again later")
  }),
  tool({ name: "tool_error_failed" }, () => Effect.fail(new ToolError("failed: try again later"))),
  tool({ name: "declared_error", errors: [OutOfStock] }, () => Effect.fail(new OutOfStock({ message: "none left" }))),
  tool({ name: "undeclared_error" }, () => Effect.fail(new OutOfStock({ message: secret }))),
  tool({ name: "defect" }, () => {
    throw new Error(secret)
  }),
  tool({ name: "interrupts_itself" }, () => Effect.interrupt),
  tool({ name: "slow", timeout: 20 }, () => Effect.never)
]

const reporting = [
  // official clients forget a call's progress handler when its answer arrives, so the answer waits until they have heard
  tool({ name: "progress", input: { key: v.string() } }, function* ({ key }) {
    yield* Progress.report(1, 3, "one")
    yield* Progress.report(2, 3)
    yield* Progress.report(2, 3, "not more than before")
    yield* Progress.report(3)
    yield* Effect.promise(() => journal(key).released)
    return "done"
  }),
  tool({ name: "hasty" }, function* () {
    yield* Progress.report(1)
    yield* Progress.report(2)
    return "done"
  }),
  tool({ name: "log" }, async (_, { log }) => {
    await log.debug("for developers")
    await log.info({ rows: 3 }, "db")
    await log.warning("slow query", "db")
    await log.emergency("on fire")
    return "logged"
  })
]

const held = { key: v.string() }

/** A call that waits, and what became of it; `events` and `release` reach it from another request. */
const holding = [
  tool({ name: "hold_effect", input: held }, function* ({ key }) {
    const { record, released } = journal(key)
    yield* Effect.addFinalizer(() => Effect.sync(() => record("finalized")))
    record("started")
    yield* Effect.onInterrupt(
      Effect.promise(() => released),
      () => Effect.sync(() => record("interrupted"))
    )
    record("finished")
    return "held"
  }),
  tool({ name: "hold_async", input: held }, async ({ key }, { signal, defer }) => {
    const { record, released } = journal(key)
    defer(() => record("finalized"))
    signal.addEventListener("abort", () => record("interrupted"))
    record("started")
    await released
    if (!signal.aborted) record("finished")
    return "held"
  }),
  tool({ name: "events", input: { ...held, until: v.string() } }, ({ key, until }) => journal(key).until(until)),
  tool({ name: "release", input: held }, ({ key }) => journal(key).release())
]

const logged: Array<string> = []
const logger = Logger.make(({ message }) => void logged.push(String(message)))

/** What the server's operator reads, and only they. */
const operating = tool({ name: "server_log", input: { reference: v.string() } }, ({ reference }) =>
  logged.filter((line) => line.includes(reference))
)

const resources = [
  resource(
    { uri: "doc://readme", name: "readme", title: "Read me", mimeType: "text/markdown", size: 7 },
    () => "# Hello"
  ),
  resource({ uri: "doc://logo", name: "logo", mimeType: "image/png" }, () => new Uint8Array([137, 80, 78, 71])),
  resource({ uri: "doc://config", name: "config" }, () => ({ debug: false, level: 3 })),
  resource({ uri: "doc://bundle", name: "bundle" }, () => [
    Resource.text("first", { uri: "doc://bundle/1" }),
    Resource.json({ second: true }, { uri: "doc://bundle/2" }),
    Resource.blob(new Uint8Array([3]), { uri: "doc://bundle/3", meta: { "example.com/third": true } })
  ]),
  resource({ uri: "doc://broken", name: "broken" }, () => {
    throw new Error(secret)
  }),
  resource({ uri: "doc://locked", name: "locked" }, () => {
    throw new PublicError("The vault is locked.", { code: 423, data: { until: "noon" } })
  }),
  resource(
    {
      uri: "user://{id}/profile",
      name: "profile",
      params: { id: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)) },
      complete: { id: (prefix) => ["1", "12", "2"].filter((id) => id.startsWith(prefix)) }
    },
    ({ id }) => ({ id, next: id + 1 })
  ),
  resource({ uri: "files://{path*}{?encoding}", name: "files", mimeType: "text/plain" }, ({ path, encoding }) => {
    return `${path} as ${encoding ?? "utf-8"}`
  })
]

const cities: Readonly<Record<string, ReadonlyArray<string>>> = { fr: ["paris", "pau"], it: ["parma", "pisa"] }

const prompts = [
  prompt({ name: "greeting", description: "A greeting" }, () => "Say hello."),
  prompt({ name: "dialogue" }, () => [
    Prompt.user("Is it up?"),
    Prompt.assistant(Content.image("AQID", "image/png")),
    Prompt.user(Content.embedded({ uri: "doc://readme", text: "# Hello" }))
  ]),
  prompt({ name: "described", description: "in the list" }, () =>
    Prompt.result({ messages: "Go.", description: "in the answer", meta: { "example.com/v": 2 } })
  ),
  prompt(
    {
      name: "trip",
      args: { country: v.string(), city: v.string(), days: v.optional(v.pipe(v.string(), v.transform(Number)), "3") },
      complete: {
        city: (prefix, { country }) => (cities[country ?? ""] ?? []).filter((city) => city.startsWith(prefix)),
        country: () => Array.from({ length: 150 }, (_, index) => `c${index}`)
      }
    },
    ({ country, city, days }) => `${days + 1} days in ${city}, ${country}`
  ),
  prompt({ name: "broken" }, () => {
    throw new Error(secret)
  })
]

const invoice = resource({ uri: "invoice://{number}", name: "invoice" }, ({ number }) => `Invoice ${number}`)

const billing = server({ name: "billing", version: "1.0.0" })
  .tool(
    tool({ name: "latest" }, () => [
      Content.link(invoice, { variables: { number: "7" }, name: "Invoice 7" }),
      Content.link(Resource.ref("invoice://8")),
      Content.link({ uri: "invoice://elsewhere", name: "not ours" })
    ])
  )
  .resource(invoice)
  .prompt(
    prompt({ name: "remind" }, () => Prompt.user(Content.embedded({ uri: Resource.ref("invoice://7"), text: "due" })))
  )

const crm = server({ name: "crm", version: "1.0.0" })
  .tool(tool({ name: "whoami" }, () => "crm"))
  .mount("billing", billing)

/** The server that every interop case asks. */
export default server({
  name: "interop",
  version: "1.2.3",
  title: "Interop",
  instructions: "Ask for anything.",
  pageSize: 30
})
  .add(...returns, ...handlers, ...failures, ...reporting, ...holding, operating, ...resources, ...prompts)
  .mount("crm", crm)
  .provide(Logger.layer([logger]))
