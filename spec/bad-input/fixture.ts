import { Effect, prompt, resource, server, tool } from "mcpipe"
import * as v from "valibot"

/** Calls of `hold` that run now. */
export const held = new Set<string>()

/** A server with one of everything that input can be bad for; `pageSize` 1, so that lists have cursors. */
export const fixture = server({ name: "fixture", version: "1.0.0", pageSize: 1 })
  .tool(tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b))
  .tool(
    tool(
      {
        name: "profile",
        input: {
          user: v.strictObject({ name: v.string(), tags: v.optional(v.array(v.picklist(["a", "b"]))) }),
          age: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))
        }
      },
      ({ user }) => user.name
    )
  )
  .tool(
    tool(
      {
        name: "query",
        input: {
          region: v.optional(v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" }))),
          limit: v.optional(v.pipe(v.number(), v.integer(), v.metadata({ "x-mcp-header": "Limit" })))
        }
      },
      ({ region = "nowhere" }) => region
    )
  )
  .tool(tool({ name: "free", input: v.record(v.string(), v.unknown()) }, (args) => Object.keys(args)))
  .tool(
    tool({ name: "hold", input: { id: v.string() } }, ({ id }) => {
      held.add(id)
      return Effect.onInterrupt(Effect.never, () => Effect.sync(() => held.delete(id)))
    })
  )
  .tool(
    tool({ name: "broken" }, () => {
      throw new Error(`secret at ${import.meta.filename}`)
    })
  )
  .resource(resource({ uri: "config://app" }, () => "config"))
  .resource(resource({ uri: "config://other" }, () => "other"))
  .resource(
    resource(
      { uri: "user://{id}", params: { id: v.pipe(v.string(), v.digits(), v.transform(Number)) } },
      ({ id }) => `user ${id}`
    )
  )
  .resource(
    resource(
      { uri: "file:///{path*}", complete: { path: (prefix) => [`${prefix}.txt`] } },
      ({ path }) => `file ${path}`
    )
  )
  .prompt(
    prompt(
      {
        name: "review",
        args: { code: v.string(), style: v.optional(v.picklist(["short", "long"])) },
        complete: { style: (prefix) => ["short", "long"].filter((style) => style.startsWith(prefix)) }
      },
      ({ code }) => `Review ${code}`
    )
  )
  .prompt(prompt({ name: "plain" }, () => "Plain"))
