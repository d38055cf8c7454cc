import { Effect, server, type Tool, type Transform, tool } from "mcpipe"
import * as v from "valibot"
import { expect, expectTypeOf, it } from "vitest"
import { describe, transformTool, transformTools } from "../../lib/transforms/index.ts"
import { Db, NotFound, User } from "./services.ts"

const find = tool(
  { name: "find", input: { q: v.string(), limit: v.optional(v.number()), key: v.string() } },
  function* ({ q }) {
    const db = yield* Db
    return { rows: yield* db.rows(q), total: 1, user: { id: "1", ssn: "2" } }
  }
)

type Found = { rows: ReadonlyArray<string>; total: number; user: { id: string; ssn: string } }

it("nothing changed is nothing changed", () => {
  expectTypeOf(transformTool(find, { title: "Find" })).toEqualTypeOf<typeof find>()
  expectTypeOf(find.pipe(transformTool({ title: "Find" }))).toEqualTypeOf<typeof find>()
})

it("names and arguments are those that clients see", () => {
  const changed = transformTool(find, {
    name: "search",
    arguments: { q: { name: "query" }, limit: { required: true }, key: { hide: true, value: "k" } }
  })
  expectTypeOf(changed).toEqualTypeOf<Tool<"search", { query: string; limit: number }, Found, never, Db>>()
  const piped = find.pipe(
    transformTool({
      arguments: { q: { default: "x" }, limit: { schema: v.picklist(["few", "many"]) }, key: { description: "Key" } }
    })
  )
  expectTypeOf<typeof piped extends Tool<infer _N, infer In, any, any, any> ? In : never>().toEqualTypeOf<{
    q?: string
    limit: "few" | "many"
    key: string
  }>()
})

it("mapOutput changes what clients get, and an output schema says so", () => {
  const counted = transformTool(find, { mapOutput: ({ total }) => total })
  expectTypeOf(counted).toEqualTypeOf<
    Tool<"find", { q: string; limit?: number | undefined; key: string }, number, never, Db>
  >()
  const asked = transformTool(find, {
    mapOutput: (output) => {
      expectTypeOf(output).toEqualTypeOf<Found>()
      return Promise.resolve({ n: output.total })
    },
    output: v.object({ n: v.number() })
  })
  // for the compiler alone: the phantom is no function
  void (() => expectTypeOf(asked["~mcpipe/Component"]._Out(undefined as never)).toEqualTypeOf<{ n: number }>())
})

it("fields that are left out are gone from the type", () => {
  type OutOf<T> = T extends Tool<infer _N, infer _I, infer Out, infer _E, infer _R> ? Out : never
  const omitted = transformTool(find, { omit: ["total", "user.ssn"] })
  expectTypeOf<OutOf<typeof omitted>>().toEqualTypeOf<{ rows: ReadonlyArray<string>; user: { id: string } }>()
  const picked = transformTool(find, { pick: ["user.id"] })
  expectTypeOf<OutOf<typeof picked>>().toEqualTypeOf<{ user: { id: string } }>()
  const items = tool({ name: "items" }, () => ({ items: [{ a: 1, b: 2 }] }))
  const some = transformTool(items, { omit: ["items[].b"] })
  expectTypeOf<OutOf<typeof some>>().toEqualTypeOf<{ items: Array<{ a: number }> }>()
  const vague = transformTool(items, { omit: ["**.b"] })
  expectTypeOf<OutOf<typeof vague>>().toEqualTypeOf<unknown>()
})

it("what functions need and fail with is the tool's", () => {
  const changed = transformTool(find, {
    description: () => Effect.map(User, ({ id }) => `For ${id}`),
    arguments: { key: { hide: true, compute: () => Effect.fail(new NotFound({ id: "1" })) } },
    mapInput: function* (args) {
      expectTypeOf(args).toEqualTypeOf<{ q: string; limit?: number | undefined; key: string }>()
      yield* Effect.void
      return args
    }
  })
  expectTypeOf(changed).toEqualTypeOf<
    Tool<"find", { q: string; limit?: number | undefined }, Found, NotFound, Db | User>
  >()
  const main = server({ name: "s", version: "1" }).tool(changed)
  expectTypeOf<typeof main extends import("mcpipe").Server<infer R, infer _P, infer _L> ? R : never>().toEqualTypeOf<
    Db | User
  >()
})

it("transforms need what functions in them need", () => {
  expectTypeOf(transformTools({ find: { mapOutput: () => Effect.as(User, 1) } })).toEqualTypeOf<Transform<User>>()
  expectTypeOf(transformTools({ find: { name: "x" } })).toEqualTypeOf<Transform>()
  expectTypeOf(describe({ find: "x", other: () => Effect.as(User, "x") })).toEqualTypeOf<Transform<User>>()
})

it("a tool of any type takes any arguments", () => {
  const any: Tool.Any = find
  // the compiler cannot know; the definition does
  const made = () => transformTool(any, { arguments: { whatever: { name: "x" } } })
  expectTypeOf<ReturnType<typeof made>>().toExtend<Tool.Any>()
  expect(made).toThrow("arguments.whatever names an argument that does not exist; it has q, limit, key.")
})
