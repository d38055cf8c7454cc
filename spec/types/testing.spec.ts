import { type Content, Data, Effect, jsonSchema, prompt, resource, result, server, type ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import type { ContentBlock } from "../../lib/builder/content.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import type { FormFailure } from "../../lib/services/elicitation-ask.ts"
import { type Attempt, type Called, type connect, invoke, type TestClient } from "../../lib/testing/index.ts"
import { Db, NotFound } from "./services.ts"

declare const client: TestClient
declare const connecting: typeof connect

const add = tool({ name: "add", input: { a: v.number(), b: v.optional(v.number()) } }, ({ a, b = 0 }) => a + b)
const hello = tool({ name: "hello" }, async () => "hello" as const)
const find = tool({ name: "find", input: { id: v.string() }, errors: [NotFound] }, function* ({ id }) {
  const db = yield* Db
  if (id === "") return yield* new NotFound({ id })
  return { rows: yield* db.rows(id), at: new Date() }
})
const note = resource({ uri: "note://{id}/{path*}{?tag}" }, ({ id }) => id)
const about = resource({ uri: "about://us" }, () => "us")
const greet = prompt({ name: "greet", args: { who: v.string(), how: v.optional(v.string()) } }, ({ who }) => who)
const plain = prompt({ name: "plain" }, () => "plain")

/** Types alone: nothing of it runs. */
const types = (_: () => void) => {}

describe("a call", () => {
  it("takes the tool's arguments", () => {
    types(() => {
      client.call(add, { a: 1 })
      client.call(add, { a: 1, b: 2 }, { meta: { x: 1 }, signal: new AbortController().signal })
      client.call(hello)
      client.call(hello, {}, { onProgress: ({ progress }) => progress })
      client.at("a").at("b").call(add, { a: 1 })
      // @ts-expect-error
      client.call(add)
      // @ts-expect-error
      client.call(add, {})
      // @ts-expect-error
      client.call(add, { a: "1" })
      // @ts-expect-error
      client.call(add, { a: 1, c: 2 })
      // @ts-expect-error
      client.call(hello, { a: 1 })
      // @ts-expect-error
      client.call(about)
      // @ts-expect-error
      client.callEffect(add, { b: 1 })
      // @ts-expect-error
      client.attempt(add, { a: 1 }, { signal: 1 })
    })
  })

  it("takes a name with any arguments, and promises nothing", () => {
    types(() => {
      expectTypeOf(client.call("add", { a: 1 })).toEqualTypeOf<Promise<unknown>>()
      expectTypeOf(client.call("add")).toEqualTypeOf<Promise<unknown>>()
      expectTypeOf(client.attempt("add")).toEqualTypeOf<Promise<Attempt<unknown, ToolError>>>()
      expectTypeOf(client.callEffect("add")).toEqualTypeOf<Effect.Effect<unknown, ToolError>>()
      // @ts-expect-error
      client.call("add", 1)
    })
  })

  it("gives what the tool gives, as JSON", () => {
    types(() => {
      expectTypeOf(client.call(add, { a: 1 })).toEqualTypeOf<Promise<number>>()
      expectTypeOf(client.call(hello)).toEqualTypeOf<Promise<"hello">>()
      expectTypeOf(client.call(find, { id: "1" })).toEqualTypeOf<Promise<{ rows: ReadonlyArray<string>; at: string }>>()
    })
  })

  it("says how it fails", () => {
    types(() => {
      type Found = { rows: ReadonlyArray<string>; at: string }
      expectTypeOf(client.callEffect(find, { id: "1" })).toEqualTypeOf<Effect.Effect<Found, NotFound | ToolError>>()
      expectTypeOf(client.attempt(find, { id: "1" })).toEqualTypeOf<Promise<Attempt<Found, NotFound | ToolError>>>()
      expectTypeOf(client.attempt(hello)).toEqualTypeOf<Promise<Attempt<"hello", ToolError>>>()
      client.attempt(find, { id: "1" }).then((came) => {
        if (came.ok) expectTypeOf(came.value).toEqualTypeOf<Found>()
        else expectTypeOf(came.error).toEqualTypeOf<NotFound | ToolError>()
      })
    })
  })
})

it("what a call gives is what crosses the wire", () => {
  expectTypeOf<Called<string>>().toEqualTypeOf<string>()
  expectTypeOf<Called<boolean>>().toEqualTypeOf<boolean>()
  expectTypeOf<Called<null>>().toEqualTypeOf<null>()
  expectTypeOf<Called<void>>().toEqualTypeOf<undefined>()
  expectTypeOf<Called<undefined>>().toEqualTypeOf<undefined>()
  expectTypeOf<Called<unknown>>().toEqualTypeOf<unknown>()
  expectTypeOf<Called<any>>().toEqualTypeOf<any>()
  expectTypeOf<Called<Content>>().toEqualTypeOf<ReadonlyArray<ContentBlock>>()
  expectTypeOf<Called<Array<Content>>>().toEqualTypeOf<ReadonlyArray<ContentBlock>>()
  expectTypeOf<Called<string | { n: number }>>().toEqualTypeOf<string | { n: number }>()
  expectTypeOf<Called<number | void>>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Called<[number, Date?]>>().toEqualTypeOf<[number, string?]>()
  expectTypeOf<Called<Date>>().toEqualTypeOf<string>()
  expectTypeOf<Called<{ at: Date; rows: ReadonlyArray<{ x?: Date }>; any: unknown }>>().toEqualTypeOf<{
    at: string
    rows: ReadonlyArray<{ x?: string }>
    any: unknown
  }>()
  const output = v.object({ sum: v.number(), at: v.pipe(v.string(), v.transform(Number), v.number()) })
  const summed = tool({ name: "summed", output }, () => result({ structured: { sum: 1, at: "1" } }))
  const free = tool({ name: "free", input: jsonSchema({ type: "object" }) }, () => JSON.parse("1"))
  types(() => {
    expectTypeOf(client.call(summed)).toEqualTypeOf<Promise<{ sum: number; at: number }>>()
    expectTypeOf(client.call(free, { any: 1 })).toEqualTypeOf<Promise<unknown>>()
  })
})

describe("other requests", () => {
  it("read with the variables of the template", () => {
    types(() => {
      client.read(about)
      client.read(note, { id: "1", path: "a/b" })
      client.read(note, { id: "1", path: "a/b", tag: "t" }, { meta: {} })
      client.read("about://us")
      client.read("note://{id}", { id: "1" })
      client.read(String(1), { id: "1" })
      // @ts-expect-error
      client.read(note)
      // @ts-expect-error
      client.read(note, { id: "1" })
      // @ts-expect-error
      client.read(note, { id: 1, path: "a" })
      // @ts-expect-error
      client.read(about, { id: "1" })
      // @ts-expect-error
      client.read("note://{id}")
      // @ts-expect-error
      client.read(add)
    })
  })

  it("get and complete with the arguments of the prompt", () => {
    types(() => {
      client.get(plain)
      client.get(greet, { who: "Al" })
      client.get("greet", { who: "Al" })
      client.complete(greet, "who", "A", { how: "well" })
      client.complete(note, "path", "a")
      client.complete("note://{id}", "id", "a")
      // @ts-expect-error
      client.get(greet)
      // @ts-expect-error
      client.get(greet, { who: 1 })
      // @ts-expect-error
      client.get("greet", { who: 1 })
      // @ts-expect-error
      client.complete(greet, "whom", "A")
      // @ts-expect-error
      client.complete(note, "name", "a")
      // @ts-expect-error
      client.complete(about, "id", "a")
    })
  })
})

it("only servers with nothing missing are connected to", () => {
  const needy = server({ name: "a", version: "1" }).tool(find)
  types(() => {
    // @ts-expect-error
    connecting(needy)
    connecting(server({ name: "a", version: "1" }).tool(add), { era: "handshake", principal: "ann", dev: true })
    // @ts-expect-error
    connecting(server({ name: "a", version: "1" }), { era: "stateless" })
    // @ts-expect-error
    connecting(server({ name: "a", version: "1" }), { eras: "handshake" })
  })
})

describe("invoke", () => {
  class Late extends Data.TaggedError("Late")<{}> {}
  const book = tool({ name: "book", input: { nights: v.number() } }, function* ({ nights }) {
    yield* Db
    if (nights > 3) return yield* new Late()
    return { ok: yield* Elicitation.confirm("Sure?"), at: new Date() }
  })

  it("needs what the handler needs, without what belongs to a call", () => {
    expectTypeOf(invoke(book, { nights: 2 })).toEqualTypeOf<
      Effect.Effect<
        { ok: boolean; at: Date },
        Late | Exclude<FormFailure, { _tag: "ElicitationDeclined" }> | ToolError,
        Db | Elicitation
      >
    >()
    expectTypeOf(invoke(hello)).toEqualTypeOf<Effect.Effect<"hello", ToolError>>()
    const scoped = tool({ name: "scoped" }, () =>
      Effect.as(
        Effect.addFinalizer(() => Effect.void),
        1
      )
    )
    expectTypeOf(invoke(scoped)).toEqualTypeOf<Effect.Effect<number, ToolError>>()
  })

  it("takes the tool's arguments", () => {
    types(() => {
      // @ts-expect-error
      invoke(book)
      // @ts-expect-error
      invoke(book, { nights: "2" })
      // @ts-expect-error
      invoke(book, { nights: 2, days: 1 })
      // @ts-expect-error
      invoke(hello, { a: 1 })
    })
  })
})
