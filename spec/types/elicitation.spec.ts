import * as Effect from "effect/Effect"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import type { ClientUnsupported } from "../../lib/services/ask-errors.ts"
import { type ConfirmFailure, Elicitation } from "../../lib/services/elicitation.ts"
import type { FormFailure } from "../../lib/services/elicitation-ask.ts"
import type { UrlElicitationRequired, UrlFailure, UrlVisit } from "../../lib/services/elicitation-url.ts"

type Asked<A, E = FormFailure> = Effect.Effect<A, E, Elicitation>

describe("a form", () => {
  it("gives what its entries decode to", () => {
    expectTypeOf(
      Elicitation.form("?", {
        name: v.string(),
        age: v.optional(v.number()),
        limit: v.optional(v.number(), 10),
        length: v.pipe(
          v.string(),
          v.transform((text) => text.length)
        ),
        size: v.picklist(["s", "m"]),
        color: v.union([v.pipe(v.literal("r"), v.title("Red")), v.literal("g")]),
        tags: v.array(v.picklist(["a", "b"])),
        terms: v.literal(true)
      })
    ).toEqualTypeOf<
      Asked<{
        name: string
        age?: number | undefined
        limit: number
        length: number
        size: "s" | "m"
        color: "r" | "g"
        tags: Array<"a" | "b">
        terms: true
      }>
    >()
  })

  it("gives what its object decodes to", () => {
    const range = v.object({ from: v.number(), to: v.optional(v.number(), 1) })
    expectTypeOf(Elicitation.form("?", range)).toEqualTypeOf<Asked<{ from: number; to: number }>>()
    const length = v.pipe(
      range,
      v.transform(({ from, to }) => to - from)
    )
    expectTypeOf(Elicitation.form("?", length)).toEqualTypeOf<Asked<number>>()
    expectTypeOf(Elicitation.form("?", {})).toEqualTypeOf<Asked<{}>>()
  })

  it("takes entries that are made elsewhere", () => {
    const entries = { name: v.string(), size: v.picklist(["s", "m"]) }
    expectTypeOf(Elicitation.form("?", entries, { key: "k", attempts: 2 })).toEqualTypeOf<
      Asked<{ name: string; size: "s" | "m" }>
    >()
  })

  it("is flat", () => {
    // @ts-expect-error
    Elicitation.form("?", { at: v.date() })
    // @ts-expect-error
    Elicitation.form("?", { inner: v.object({ name: v.string() }) })
    // @ts-expect-error
    Elicitation.form("?", { name: v.nullable(v.string()) })
    // @ts-expect-error
    Elicitation.form("?", { name: "string" })
    // @ts-expect-error
    Elicitation.form("?", v.string())
    // @ts-expect-error
    Elicitation.form("?", v.object({ inner: v.object({ name: v.string() }) }))
  })
})

describe("shorthands", () => {
  it("give one value", () => {
    expectTypeOf(Elicitation.confirm("?")).toEqualTypeOf<Asked<boolean, ConfirmFailure>>()
    expectTypeOf(Elicitation.text("?", { format: "email", default: "a@b.c" })).toEqualTypeOf<Asked<string>>()
    expectTypeOf(Elicitation.number("?", { integer: true })).toEqualTypeOf<Asked<number>>()
  })

  it("give the value of the option that was chosen, or of each", () => {
    expectTypeOf(Elicitation.choose("?", ["a", "b"])).toEqualTypeOf<Asked<"a" | "b">>()
    expectTypeOf(Elicitation.choose("?", ["a", { value: "b", title: "B" }], { key: "k" })).toEqualTypeOf<
      Asked<"a" | "b">
    >()
    expectTypeOf(Elicitation.choose("?", ["a", "b"], { multiple: true })).toEqualTypeOf<Asked<Array<"a" | "b">>>()
    expectTypeOf(Elicitation.choose("?", ["a", "b"], { multiple: false })).toEqualTypeOf<Asked<"a" | "b">>()
    const options: ReadonlyArray<string> = []
    expectTypeOf(Elicitation.choose("?", options)).toEqualTypeOf<Asked<string>>()
    const named = [{ value: "a", title: "A" }]
    expectTypeOf(Elicitation.choose("?", named, { multiple: true })).toEqualTypeOf<Asked<Array<string>>>()
    // @ts-expect-error
    Elicitation.choose("?", [1, 2])
    // @ts-expect-error
    Elicitation.choose("?", ["a"], { many: true })
  })

  it("that lead elsewhere fail in fewer ways, and say when the user is done", () => {
    expectTypeOf(Elicitation.url("?", "https://example.com")).toEqualTypeOf<Asked<UrlVisit, UrlFailure>>()
    expectTypeOf(Elicitation.urlRequired([{ message: "?", url: "https://example.com" }])).toEqualTypeOf<
      Asked<void, UrlElicitationRequired | UrlFailure>
    >()
  })
})

it("a client that cannot be asked is a failure to catch and do without", () => {
  const confirmed = Elicitation.confirm("?").pipe(Effect.catchTag("ClientUnsupported", () => Effect.succeed("unasked")))
  expectTypeOf(confirmed).toEqualTypeOf<Asked<boolean | string, Exclude<ConfirmFailure, ClientUnsupported>>>()
})

it("the service gives the same without a need", () => {
  expectTypeOf<Elicitation["Service"]["text"]>().returns.toEqualTypeOf<Effect.Effect<string, FormFailure>>()
})
