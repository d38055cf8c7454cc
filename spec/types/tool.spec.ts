import { Content, type ContextFor, Effect, jsonSchema, Progress, RequestContext, result, type Tool, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import { Cache, Db, NotFound, User } from "./services.ts"

describe("arguments", () => {
  it("are those of bare entries: optional, defaulted and transformed ones included", () => {
    const made = tool(
      {
        name: "a",
        input: {
          id: v.string(),
          note: v.optional(v.string()),
          limit: v.optional(v.number(), 10),
          at: v.pipe(v.string(), v.transform(Number))
        }
      },
      (args) => {
        expectTypeOf(args).toEqualTypeOf<{ id: string; note?: string | undefined; limit: number; at: number }>()
        return 1
      }
    )
    expectTypeOf(made).toEqualTypeOf<
      Tool<"a", { id: string; note?: string | undefined; limit?: number | undefined; at: string }, number, never, never>
    >()
  })

  it("are those of a valibot object, however deep", () => {
    const input = v.object({ rows: v.array(v.object({ key: v.string(), value: v.nullable(v.number()) })) })
    const made = tool({ name: "a", input }, ({ rows }) => {
      expectTypeOf(rows).toEqualTypeOf<Array<{ key: string; value: number | null }>>()
      return rows.length
    })
    expectTypeOf(made.input["~mcpipe/Schema"].In).toEqualTypeOf<{
      rows: Array<{ key: string; value: number | null }>
    }>()
  })

  it("are those that a JSON Schema document is said to describe", () => {
    tool({ name: "a", input: jsonSchema<{ q: string }>({ type: "object" }) }, (args) => {
      expectTypeOf(args).toEqualTypeOf<{ q: string }>()
      return 1
    })
    tool({ name: "a", input: jsonSchema({ type: "object" }) }, (args) => {
      expectTypeOf(args).toEqualTypeOf<Record<string, unknown>>()
      return 1
    })
  })

  it("are an empty object where there is no input", () => {
    tool({ name: "a" }, (args) => {
      expectTypeOf(args).toEqualTypeOf<{}>()
      return 1
    })
  })
})

describe("a handler", () => {
  const input = { a: v.number(), b: v.number() }
  type Add<R = never> = Tool<"add", { a: number; b: number }, number, never, R>

  it("gives the same tool as a value, a promise, an Effect, a generator or Effect.fn", () => {
    expectTypeOf(tool({ name: "add", input }, ({ a, b }) => a + b)).toEqualTypeOf<Add>()
    expectTypeOf(tool({ name: "add", input }, async ({ a, b }) => a + b)).toEqualTypeOf<Add>()
    expectTypeOf(tool({ name: "add", input }, ({ a, b }) => Effect.succeed(a + b))).toEqualTypeOf<Add>()
    expectTypeOf(
      tool({ name: "add", input }, function* ({ a, b }) {
        return a + b
      })
    ).toEqualTypeOf<Add>()
    const traced = tool(
      { name: "add", input },
      Effect.fn("add")(function* ({ a, b }) {
        expectTypeOf(a).toEqualTypeOf<number>()
        yield* Db
        return a + b
      })
    )
    expectTypeOf(traced).toEqualTypeOf<Add<Db>>()
  })

  it("says in the tool's type how it fails and which services it needs", () => {
    const made = tool({ name: "a", input: { id: v.string() } }, function* ({ id }) {
      const db = yield* Db
      const user = yield* User
      yield* Progress.report(1)
      if (id === "") return yield* new NotFound({ id })
      return { rows: yield* db.rows(id), by: user.id }
    })
    expectTypeOf(made).toEqualTypeOf<
      Tool<"a", { id: string }, { rows: ReadonlyArray<string>; by: string }, NotFound, Db | User | Progress>
    >()
  })

  it("that returns any needs nothing and promises nothing", () => {
    const made = tool({ name: "a" }, () => JSON.parse("{}"))
    expectTypeOf(made).toEqualTypeOf<Tool<"a", {}, unknown, never, never>>()
  })

  it("may return one thing or another", () => {
    const made = tool({ name: "a", input: { late: v.boolean() } }, ({ late }) =>
      late ? Effect.as(Db, { at: 1 }) : Promise.resolve("now")
    )
    expectTypeOf(made).toEqualTypeOf<Tool<"a", { late: boolean }, { at: number } | string, never, Db>>()
  })
})

describe("output", () => {
  const output = v.object({ sum: v.number(), at: v.pipe(v.string(), v.transform(Number), v.number()) })

  it("is what clients get, after its transforms; the handler returns what goes in", () => {
    const made = tool({ name: "a", output }, () => ({ sum: 1, at: "1" }))
    expectTypeOf(made).toEqualTypeOf<Tool<"a", {}, { sum: number; at: number }, never, never>>()
  })

  it("leaves room for a finished result", () => {
    const made = tool({ name: "a", output }, async () => result({ structured: { sum: 1, at: "1" } }))
    expectTypeOf(made).toEqualTypeOf<Tool<"a", {}, { sum: number; at: number }, never, never>>()
  })

  it("left out, allows content, finished results and nothing at all", () => {
    expectTypeOf(tool({ name: "a" }, () => Content.text("a"))).toEqualTypeOf<Tool<"a", {}, Content, never, never>>()
    expectTypeOf(tool({ name: "a" }, async () => [Content.text("a")])).toEqualTypeOf<
      Tool<"a", {}, Array<Content>, never, never>
    >()
    expectTypeOf(tool({ name: "a" }, () => result({ content: "a" }))).toEqualTypeOf<
      Tool<"a", {}, unknown, never, never>
    >()
    expectTypeOf(tool({ name: "a" }, () => {})).toEqualTypeOf<Tool<"a", {}, void, never, never>>()
  })
})

describe("uses", () => {
  it("gives the services under their names, and the needs to the tool", () => {
    const made = tool({ name: "a", uses: { db: Db, me: User } }, (_, context) => {
      expectTypeOf(context).toEqualTypeOf<ContextFor<{ db: typeof Db; me: typeof User }>>()
      expectTypeOf(context.db).toEqualTypeOf<Db["Service"]>()
      expectTypeOf(context.me.id).toEqualTypeOf<string>()
      return context.me.id
    })
    expectTypeOf(made).toEqualTypeOf<Tool<"a", {}, string, never, Db | User>>()
  })

  it("lets run take Effects that need these services, the request's own or a scope", () => {
    tool({ name: "a", uses: { db: Db } }, async (_, { run }) => {
      expectTypeOf(run(Effect.flatMap(Db, (db) => db.rows("1")))).resolves.toEqualTypeOf<ReadonlyArray<string>>()
      expectTypeOf(run(Effect.map(RequestContext, ({ callId }) => callId))).resolves.toEqualTypeOf<string>()
      await run(Effect.andThen(Progress.report(1), Db))
      await run(Effect.addFinalizer(() => Effect.void))
      await run(Effect.succeed(1))
    })
  })

  it("adds to the needs of the handler itself", () => {
    const made = tool({ name: "a", uses: { db: Db } }, () => Effect.as(Cache, 1))
    expectTypeOf(made).toEqualTypeOf<Tool<"a", {}, number, never, Db | Cache>>()
  })
})
