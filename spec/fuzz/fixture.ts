import {
  ClientLog,
  Content,
  Effect,
  Elicitation,
  extension,
  method,
  Progress,
  PublicError,
  Prompt,
  prompt,
  Resource,
  resource,
  ResourceNotFound,
  Roots,
  Sampling,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"

const waiting = new Set<() => void>()

/** Calls of `hold` that run now: the only ones that may keep a client waiting. */
export const held = {
  count: (): number => waiting.size,
  release: (): void => {
    for (const resume of [...waiting]) resume()
  }
}

/** The code of the one resource that chooses its own. */
export const ownCode = 4_242

/** The id of the extension whose method `find/things` is. */
export const extensionId = "com.example/find"

const tools = [
  tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b),
  tool(
    {
      name: "profile",
      input: {
        user: v.strictObject({ name: v.string(), tags: v.optional(v.array(v.picklist(["a", "b"]))) }),
        age: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))
      },
      output: v.object({ age: v.number(), tags: v.array(v.string()) })
    },
    ({ user, age = 0 }) => ({ age, tags: user.tags ?? [] })
  ),
  tool(
    {
      name: "query",
      input: {
        region: v.optional(v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" }))),
        limit: v.optional(v.pipe(v.number(), v.integer(), v.metadata({ "x-mcp-header": "Limit" })))
      }
    },
    ({ region = "" }) => region.length
  ),
  tool({ name: "free", input: v.record(v.string(), v.unknown()) }, (args) => Object.keys(args).length),
  tool({ name: "later", input: { text: v.optional(v.string()) } }, async ({ text = "" }) => {
    await new Promise((resolve) => setImmediate(resolve))
    return text.length
  }),
  tool(
    { name: "steps", input: { count: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(5))) } },
    function* ({ count = 2 }) {
      for (let step = 1; step <= count; step++) yield* Progress.report(step, count, "step")
      yield* ClientLog.log("warning", { count }, "steps")
      return "done"
    }
  ),
  tool({ name: "media" }, () => [
    Content.text("words"),
    Content.image("AQID", "image/png"),
    Content.link({ uri: "doc://readme", name: "readme" })
  ]),
  tool({ name: "hold" }, () =>
    Effect.callback<string>((resume) => {
      const release = () => {
        waiting.delete(release)
        resume(Effect.succeed("released"))
      }
      waiting.add(release)
      return Effect.sync(() => waiting.delete(release))
    })
  ),
  tool({ name: "told" }, () => {
    throw new ToolError("the tool says no")
  }),
  tool({ name: "broken" }, () => {
    throw new TypeError(`secret at ${import.meta.filename}`)
  })
]

/** They ask whoever calls them: the user, the model and the file system behind it, at once and one after the other. */
const asking = [
  tool({ name: "ask_name" }, function* () {
    const { name } = yield* Elicitation.form("Who are you?", { name: v.string() }, { key: "name" })
    return name.length
  }),
  tool({ name: "ask_all" }, function* () {
    const [sure, said, roots] = yield* Effect.all(
      [Elicitation.confirm("Sure?", { key: "sure" }), Sampling.text("Say something.", { key: "said" }), Roots.list],
      { concurrency: "unbounded" }
    )
    return [sure, said.length, roots.length]
  }),
  tool({ name: "ask_twice" }, async (_, { elicit }) => {
    const { age } = await elicit("How old?", { age: v.pipe(v.number(), v.integer()) }, { key: "age" })
    const { tags } = await elicit("What else?", { tags: v.array(v.picklist(["a", "b"])) }, { key: "tags" })
    return age + tags.length
  })
]

const resources = [
  resource({ uri: "doc://readme", mimeType: "text/markdown" }, () => "# Read me"),
  resource({ uri: "doc://bytes" }, () => Uint8Array.of(0, 255, 128)),
  resource({ uri: "doc://several" }, () => [Resource.text("one"), Resource.json({ two: 2 })]),
  resource({ uri: "doc://refused" }, () => {
    throw new PublicError("refused in public", { code: ownCode })
  }),
  resource({ uri: "doc://broken" }, () => {
    throw new RangeError(`secret at ${import.meta.filename}`)
  }),
  resource(
    { uri: "user://{id}", params: { id: v.pipe(v.string(), v.digits(), v.transform(Number)) } },
    ({ id }) => `user ${id}`
  ),
  resource(
    { uri: "tree:///{path*}", complete: { path: (prefix) => [`${prefix.length}.txt`] } },
    ({ path }) => `${path.length} characters`
  ),
  resource({ uri: "search://all{?q,limit}" }, ({ q = "", limit = "" }) => {
    if (q === "nothing") throw new ResourceNotFound("nothing of this name")
    return { q: q.length, limit: limit.length }
  })
]

const prompts = [
  prompt({ name: "ask_prompt" }, async (_, { elicit }) => {
    const { topic } = await elicit("About what?", { topic: v.string() }, { key: "topic" })
    return `${topic.length} characters`
  }),
  prompt(
    {
      name: "review",
      args: { code: v.string(), style: v.optional(v.picklist(["short", "long"])) },
      complete: { style: (prefix) => ["short", "long"].filter((style) => style.startsWith(prefix)) }
    },
    ({ code }) => [Prompt.user(`${code.length} characters`), Prompt.assistant("Thanks")]
  ),
  prompt({ name: "plain" }, () => "Plain"),
  prompt({ name: "broken_prompt" }, () => {
    throw new SyntaxError(`secret at ${import.meta.filename}`)
  })
]

/** Something of every kind, in pages of two; no handler repeats what it was given, so whatever comes back is the library's. */
export const fixture = server({ name: "fuzzed", version: "1.0.0", pageSize: 2, instructions: "Break me." })
  .add(...tools, ...asking)
  .add(...resources)
  .add(...prompts)
  .add(
    extension({
      id: extensionId,
      methods: { "find/things": method({ params: { query: v.string() } }, ({ query }) => ({ hits: query.length })) }
    })
  )
