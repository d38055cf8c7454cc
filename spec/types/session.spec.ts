import { Effect, jsonSchema, type Layer, server, type Tool, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expectTypeOf, it } from "vitest"
import type { OpenSession, SessionRef } from "../../lib/services/session-ref.ts"
import { Session } from "../../lib/services/session.ts"
import type { NoSession, StateTooLarge, UnknownSession } from "../../lib/services/session-errors.ts"
import type { BoundState, NotRepeatable, Repeatable, State } from "../../lib/services/session-state.ts"
import type { StateStore } from "../../lib/services/state-store.ts"

const cart = Session.state("cart", v.array(v.string()), { initial: () => [], ttl: 3_600_000 })

describe("a state", () => {
  it("has the type that comes out of its schema", () => {
    expectTypeOf(cart).toEqualTypeOf<State<string[]>>()
    const initial = () => ({ n: 0 })
    expectTypeOf(Session.state("a", v.object({ n: v.number(), s: v.optional(v.string()) }), { initial })).toEqualTypeOf<
      State<{ n: number; s?: string | undefined }>
    >()
    expectTypeOf(Session.state("a", v.object({ n: v.optional(v.number(), 1) }), { initial })).toEqualTypeOf<
      State<{ n: number }>
    >()
    expectTypeOf(Session.state("a", v.nullable(v.number()), { initial: () => null })).toEqualTypeOf<
      State<number | null>
    >()
    expectTypeOf(Session.state("a", v.picklist(["on", "off"]), { initial: () => "on" })).toEqualTypeOf<
      State<"on" | "off">
    >()
    const tagged = v.variant("type", [v.object({ type: v.literal("a") }), v.object({ type: v.literal("b") })])
    expectTypeOf(Session.state("a", v.array(tagged), { initial: () => [{ type: "a" }] })).toEqualTypeOf<
      State<({ type: "a" } | { type: "b" })[]>
    >()
    expectTypeOf(Session.state("a", jsonSchema<{ n: number }>({ type: "object" }), { initial })).toEqualTypeOf<
      State<{ n: number }>
    >()
  })

  it("gives Effects that need the session alone, and say how they fail", () => {
    expectTypeOf(cart.get).toEqualTypeOf<Effect.Effect<string[], NoSession, Session>>()
    expectTypeOf(cart.set(["a"])).toEqualTypeOf<Effect.Effect<void, NoSession | StateTooLarge, Session>>()
    expectTypeOf(cart.update((items) => [...items, "x"])).toEqualTypeOf<
      Effect.Effect<string[], NoSession | StateTooLarge, Session>
    >()
    expectTypeOf(cart.clear).toEqualTypeOf<Effect.Effect<void, NoSession, Session>>()
  })

  it("in a session that is known needs and misses nothing", () => {
    const session = null as unknown as OpenSession
    const bound = () => cart.in(session)
    expectTypeOf(bound).returns.toEqualTypeOf<BoundState<string[]>>()
    expectTypeOf<BoundState<string[]>["get"]>().toEqualTypeOf<Effect.Effect<string[]>>()
    expectTypeOf<ReturnType<BoundState<string[]>["update"]>>().toEqualTypeOf<Effect.Effect<string[], StateTooLarge>>()
  })

  it("takes no value of another type", () => {
    // @ts-expect-error: not an array of strings
    cart.set([1])
    // @ts-expect-error: not an array at all
    cart.set("a")
    // @ts-expect-error: gives numbers
    cart.update(() => [1])
    // @ts-expect-error: gives a promise
    cart.update(async (items) => items)
    // @ts-expect-error: gives nothing
    cart.update((items) => void items.push("x"))
    // @ts-expect-error: no session
    const noSession = () => cart.in("handle")
    // @ts-expect-error: a handle is not open yet
    const notOpen = () => cart.in({ handle: "handle" })
    expectTypeOf(noSession).toBeFunction()
    expectTypeOf(notOpen).toBeFunction()
  })

  it("is not defined with a wrong initial value, without one, or with options that do not exist", () => {
    const wrong = () => [
      // @ts-expect-error: not strings
      Session.state("a", v.array(v.string()), { initial: () => [1] }),
      // @ts-expect-error: not a function
      Session.state("a", v.array(v.string()), { initial: [] }),
      // @ts-expect-error: no initial value
      Session.state("a", v.array(v.string()), {}),
      // @ts-expect-error: no such option
      Session.state("a", v.array(v.string()), { initial: () => [], maxAge: 1 }),
      // @ts-expect-error: entries are for arguments
      Session.state("a", { n: v.number() }, { initial: () => ({ n: 1 }) })
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("is not defined with a schema whose output does not go in again, and a sentence says so", () => {
    const counted = v.pipe(v.string(), v.transform(Number))
    // @ts-expect-error: a number comes out, and only a string goes in
    const wrong = () => Session.state("a", counted, { initial: () => 1 })
    expectTypeOf(wrong).toBeFunction()
    expectTypeOf<Repeatable<typeof counted>>().toEqualTypeOf<NotRepeatable<string>>()
    const trimmed = v.pipe(v.string(), v.trim())
    expectTypeOf(Session.state("a", trimmed, { initial: () => "" })).toEqualTypeOf<State<string>>()
  })
})

describe("Session", () => {
  it("creates and opens sessions by their handles, and its failures can be caught by tag", () => {
    expectTypeOf(Session.create()).toEqualTypeOf<Effect.Effect<OpenSession, never, Session>>()
    expectTypeOf(Session.open("handle")).toEqualTypeOf<Effect.Effect<OpenSession, UnknownSession, Session>>()
    const either = Effect.catchTag(Session.current, "NoSession", () => Session.create({ ttl: 1 }))
    expectTypeOf(either).toEqualTypeOf<Effect.Effect<OpenSession | SessionRef, never, Session>>()
  })

  it("never counts as missing, nor does its store, in any form of handler", () => {
    const info = { name: "a", version: "1" }
    const all = server(info).add(
      tool({ name: "effect" }, () => cart.get),
      tool({ name: "generator" }, function* () {
        return yield* cart.update((items) => items)
      }),
      tool({ name: "async" }, async (_, { run }) => run(cart.get)),
      tool({ name: "uses", uses: { session: Session } }, async (_, { session, run }) => {
        const { handle } = await run(session.create())
        return handle
      })
    )
    expectTypeOf(all).toEqualTypeOf(server(info))
    expectTypeOf(tool({ name: "a" }, () => cart.get)).toEqualTypeOf<Tool<"a", {}, string[], NoSession, Session>>()
    expectTypeOf<StateStore["~mcpipe/supplied"]>().toEqualTypeOf<"app">()
  })

  it("has a layer for tests that needs nothing", () => {
    expectTypeOf(Session.layerTest({ cart: [] })).toEqualTypeOf<Layer.Layer<Session>>()
    expectTypeOf(Effect.provide(cart.get, Session.layerTest())).toEqualTypeOf<Effect.Effect<string[], NoSession>>()
  })
})
