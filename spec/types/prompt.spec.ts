import { Content, Effect, Prompt, prompt } from "mcpipe"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import { Cache, Db, NotFound } from "./services.ts"

describe("arguments", () => {
  it("are strings on the wire and what the entries make of them in the handler", () => {
    const made = prompt(
      {
        name: "review",
        args: {
          code: v.string(),
          language: v.optional(v.string(), "ts"),
          lines: v.pipe(v.string(), v.transform(Number))
        }
      },
      (args) => {
        expectTypeOf(args).toEqualTypeOf<{ code: string; language: string; lines: number }>()
        return args.code
      }
    )
    expectTypeOf(made).toEqualTypeOf<
      Prompt<{ code: string; language?: string | undefined; lines: string }, never, never>
    >()
  })

  it("are none where none are named", () => {
    prompt({ name: "hello" }, (args) => {
      expectTypeOf(args).toEqualTypeOf<{}>()
      return "Hello"
    })
  })
})

it("takes every form of message from every form of handler", () => {
  expectTypeOf(prompt({ name: "a" }, () => "a")).toEqualTypeOf<Prompt<{}, never, never>>()
  expectTypeOf(prompt({ name: "a" }, async () => Prompt.user("a"))).toEqualTypeOf<Prompt<{}, never, never>>()
  expectTypeOf(prompt({ name: "a" }, () => Effect.as(Db, ["a", Prompt.assistant(Content.text("b"))]))).toEqualTypeOf<
    Prompt<{}, never, Db>
  >()
  const failing = prompt({ name: "a" }, function* () {
    if (yield* Effect.succeed(true)) return yield* new NotFound({ id: "a" })
    return Prompt.result({ messages: "a" })
  })
  expectTypeOf(failing).toEqualTypeOf<Prompt<{}, NotFound, never>>()
})

it("counts what completions need", () => {
  const made = prompt(
    {
      name: "review",
      args: { code: v.string(), language: v.string() },
      complete: {
        code: (prefix) => {
          expectTypeOf(prefix).toEqualTypeOf<string>()
          return [prefix]
        },
        *language(prefix, others) {
          expectTypeOf(others["code"]).toEqualTypeOf<string | undefined>()
          yield* Cache
          return { values: [prefix], hasMore: true }
        }
      }
    },
    () => Effect.as(Db, "a")
  )
  expectTypeOf(made).toEqualTypeOf<Prompt<{ code: string; language: string }, never, Db | Cache>>()
})
