import { Effect, type Resource, resource } from "mcpipe"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import { Cache, Db, NotFound, User } from "./services.ts"

describe("variables", () => {
  it("are those of the URI: paths are there, queries may be", () => {
    resource({ uri: "file://{owner}/{path*}{?q,limit}" }, (variables) => {
      expectTypeOf(variables).toEqualTypeOf<{
        owner: string
        path: string
        q?: string | undefined
        limit?: string | undefined
      }>()
      return ""
    })
  })

  it("are none for a static URI", () => {
    resource({ uri: "user://all" }, (variables) => {
      expectTypeOf(variables).toEqualTypeOf<{}>()
      return ""
    })
  })

  it("may be any where the URI is not known before it runs", () => {
    resource({ uri: "user://{id}" as string }, (variables) => {
      expectTypeOf(variables).toEqualTypeOf<{ [x: string]: string | undefined }>()
      return ""
    })
  })

  it("become what params make of them", () => {
    const params = { limit: v.optional(v.pipe(v.string(), v.transform(Number)), "10"), id: v.picklist(["a", "b"]) }
    resource({ uri: "user://{id}/{rest}{?limit}", params }, (variables) => {
      expectTypeOf(variables).toEqualTypeOf<{ id: "a" | "b"; rest: string; limit: number }>()
      return ""
    })
  })

  it("reach a handler made by Effect.fn, with params and without", () => {
    resource(
      { uri: "user://{id}{?q}" },
      Effect.fn(function* (variables) {
        expectTypeOf(variables).toEqualTypeOf<{ id: string; q?: string | undefined }>()
        return yield* Effect.succeed("")
      })
    )
    resource(
      { uri: "user://{id}{?q}", params: { q: v.pipe(v.string(), v.transform(Number)) } },
      Effect.fn(function* (variables) {
        expectTypeOf(variables).toEqualTypeOf<{ id: string; q: number }>()
        return yield* Effect.succeed("")
      })
    )
  })
})

it("needs what its handler, its uses and its completions need, and fails as its handler does", () => {
  const made = resource(
    {
      uri: "user://{id}",
      uses: { me: User },
      complete: {
        id: (prefix, others) => {
          expectTypeOf(prefix).toEqualTypeOf<string>()
          expectTypeOf(others).toEqualTypeOf<Readonly<Record<string, string>>>()
          return Effect.as(Cache, [prefix])
        }
      }
    },
    function* ({ id }, { me }) {
      if (id !== me.id) return yield* new NotFound({ id })
      return yield* (yield* Db).rows(id)
    }
  )
  expectTypeOf(made).toEqualTypeOf<Resource<"user://{id}", NotFound, Db | User | Cache>>()
})
