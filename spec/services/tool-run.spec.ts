import * as Effect from "effect/Effect"
import * as v from "valibot"
import { expect, it } from "vitest"
import { middleware, provides } from "../../lib/builder/middleware.ts"
import { tool } from "../../lib/builder/tool.ts"
import { use } from "../../lib/builder/use.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { invoke } from "../../lib/testing/invoke.ts"
import { transformTool } from "../../lib/transforms/transform-tool.ts"
import { fakeAsks, succeeded } from "../kit/fake-asks.ts"
import * as Context from "effect/Context"

class User extends Context.Service<User, { readonly id: string }>()("spec/User") {}

const search = tool(
  { name: "search", input: { q: v.pipe(v.string(), v.minLength(2)), key: v.string() } },
  function* ({ q, key }) {
    const { id } = yield* User
    return { q, key, id }
  }
)

const seen: Array<string> = []
const find = search.pipe(
  use(provides(User, Effect.succeed({ id: "u" }))),
  transformTool({
    name: "find",
    arguments: { q: { name: "query" }, key: { hide: true, compute: () => Promise.resolve("k") } },
    omit: ["key"]
  }),
  use(
    middleware({
      callTool: (next, call) => {
        seen.push(`${call.name} ${JSON.stringify(call.args)}`)
        return next(call)
      }
    })
  )
)

const use_ = (input: object) => ({ type: "tool_use", id: "1", name: "find", input }) as const
const answer = (content: unknown, more: object = {}) => ({ role: "assistant", model: "m", content, ...more })

/** What the model is told of its use of the tool. */
const told = async (input: object) => {
  const fake = fakeAsks({
    client: (_, nth) =>
      nth === 1 ? answer([use_(input)], { stopReason: "toolUse" }) : answer({ type: "text", text: "Done." })
  })
  const run = succeeded(await fake.run(Sampling.run({ prompt: "Go", tools: [find] }) as never)) as any
  return run.messages[2].content[0]
}

it("a model uses a transformed tool as it was told of it, through its own middleware", async () => {
  expect(await told({ query: "ada" })).toMatchObject({ structuredContent: { q: "ada", id: "u" } })
  expect(seen).toEqual(['find {"query":"ada"}'])
  expect(await told({ q: "ada" })).toMatchObject({
    isError: true,
    content: [
      {
        text: 'Invalid arguments for tool "find":\n- q: expected no property of this name, received "ada"; allowed: "query"'
      }
    ]
  })
  expect((await told({ query: "a" })).content[0].text).toBe(
    'Invalid arguments for tool "find":\n- query: expected length >=2, received "a"'
  )
})

it("a test invokes a transformed tool with all that stands around it", async () => {
  expect(await Effect.runPromise(invoke(find, { query: "ada" }) as Effect.Effect<unknown>)).toEqual({
    q: "ada",
    id: "u"
  })
  await expect(Effect.runPromise(invoke(find, { query: "a" }) as Effect.Effect<unknown>)).rejects.toThrow(
    "query: expected length"
  )
  const worded = tool({ name: "w" }, () => 5).pipe(transformTool({ mapOutput: (n) => n + 1 }))
  expect(await Effect.runPromise(invoke(worded))).toBe(6)
})
