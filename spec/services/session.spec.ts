import { DefinitionError, Effect, jsonSchema, Layer, Principal, RequestContext } from "mcpipe"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import type { Asks } from "../../lib/services/asks.ts"
import { CurrentCall } from "../../lib/services/current-call.ts"
import { Session } from "../../lib/services/session.ts"
import { NoSession, StateTooLarge, UnknownSession } from "../../lib/services/session-errors.ts"
import { memoryStore, StateStore, type StateStoreShape } from "../../lib/services/state-store.ts"

interface Caller {
  readonly principal?: string | undefined
  readonly sessionId?: string | undefined
  readonly asks?: Asks | undefined
}

const app = (store: StateStoreShape = memoryStore()) => {
  /** What a call of somebody runs in, as a server puts it together. */
  const context = ({ principal, sessionId, asks }: Caller) =>
    Layer.mergeAll(
      Layer.succeed(StateStore, store),
      Layer.succeed(Session, Session.live),
      Principal.layerTest(principal === undefined ? {} : { id: principal }),
      RequestContext.layerTest({ sessionId }),
      asks === undefined ? Layer.empty : Layer.succeed(CurrentCall, { asks } as never)
    )
  const as =
    (caller: Caller) =>
    <A, E>(effect: Effect.Effect<A, E, Session>): Effect.Effect<A, E> =>
      Effect.provide(effect, context(caller))
  return { store, as }
}

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, TestClock.layer()))

/** What an effect failed with, or died of. */
const failed = async (effect: Effect.Effect<unknown, unknown>): Promise<any> => {
  const exit = await Effect.runPromiseExit(Effect.provide(effect, TestClock.layer()))
  if (Exit.isSuccess(exit)) throw new Error(`it gave ${JSON.stringify(exit.value)}`)
  const [reason] = exit.cause.reasons
  return reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : reason
}

const cart = Session.state("cart", v.array(v.string()), { initial: () => [] })
const add = (item: string) => cart.update((items) => [...items, item])

describe("a state", () => {
  const ada = { principal: "ada" }

  it("is its initial value until it is written, and again once it is cleared", async () => {
    const { as } = app()
    const program = Effect.gen(function* () {
      const first = yield* cart.get
      yield* cart.set(["a"])
      const second = yield* cart.get
      const third = yield* add("b")
      yield* cart.clear
      return [first, second, third, yield* cart.get, yield* add("c")]
    })
    expect(await run(as(ada)(program))).toEqual([[], ["a"], ["a", "b"], [], ["c"]])
  })

  it("gives everybody a copy: changing what was read or written changes nothing", async () => {
    const { as } = app()
    const initial = ["always"]
    const list = Session.state("list", v.array(v.string()), { initial: () => initial })
    const program = Effect.gen(function* () {
      ;(yield* list.get).push("x")
      const mine = ["a"]
      yield* list.set(mine)
      mine.push("x")
      const read = yield* list.get
      read.push("x")
      return [initial, yield* list.get]
    })
    expect(await run(as(ada)(program))).toEqual([["always"], ["a"]])
  })

  it("is another one under each name, and the same one under the same name", async () => {
    const { as } = app()
    const other = Session.state("cart.2", v.array(v.string()), { initial: () => [] })
    const same = Session.state("cart", v.array(v.string()), { initial: () => ["unused"] })
    await run(as(ada)(add("a")))
    expect(await run(as(ada)(Effect.all([other.get, same.get])))).toEqual([[], ["a"]])
  })

  it("is decoded by its schema: defaults come in, unknown keys of a v.object go", async () => {
    const { as, store } = app()
    const person = v.object({ name: v.string(), visits: v.optional(v.number(), 0) })
    const state = Session.state("person", person, { initial: () => ({ name: "?", visits: 0 }) })
    await run(store.put('["state","caller","ada",null,"person"]', '{"name":"ada","old":1}', undefined, 1000))
    expect(await run(as(ada)(state.get))).toEqual({ name: "ada", visits: 0 })
    const given = jsonSchema<{ n: number }>({ type: "object", properties: { n: { type: "integer" } } })
    const plain = Session.state("plain", given, { initial: () => ({ n: 1 }) })
    expect(await run(as(ada)(plain.update(({ n }) => ({ n: n + 1 }))))).toEqual({ n: 2 })
  })

  it("dies of a kept value that no longer fits, names the state, and takes a new one all the same", async () => {
    const { as } = app()
    await run(as(ada)(add("a")))
    const changed = Session.state("cart", v.record(v.string(), v.number()), { initial: () => ({}) })
    const message =
      /^Session state "cart": what is kept no longer fits the schema; let the schema accept the old form, or rename/
    expect(await failed(as(ada)(changed.get))).toMatchObject({
      name: "StateMismatch",
      message: expect.stringMatching(message)
    })
    expect(await failed(as(ada)(changed.update((all) => all)))).toMatchObject({
      message: expect.stringMatching(message)
    })
    await run(as(ada)(changed.set({ a: 1 })))
    expect(await run(as(ada)(changed.get))).toEqual({ a: 1 })
  })

  it.each<[string, Effect.Effect<unknown, unknown, Session>, RegExp]>([
    [
      "set to what the schema refuses",
      cart.set([1] as never),
      /^Session state "cart": the value does not fit the schema/
    ],
    [
      "updated to what it refuses",
      cart.update(() => 1 as never),
      /^Session state "cart": the updated value does not fit/
    ],
    [
      "set to what is not JSON",
      cart.set([1n] as never),
      /^Session state "cart": the value is not JSON: \$\[0\] is a BigInt; return String\(value\)\.$/
    ],
    [
      "updated by an async function",
      cart.update((async () => []) as never),
      /^Session state "cart": the updated value is not JSON: \$ is a Promise; await it\.$/
    ],
    [
      "begun with what the schema refuses",
      Session.state("s", v.pipe(v.string(), v.minLength(1)), { initial: () => "" }).get,
      /^Session state "s": the initial value does not fit the schema/
    ]
  ])("dies where it is %s, and keeps what it had", async (_, effect, message) => {
    const { as } = app()
    await run(as(ada)(add("before")))
    expect(await failed(as(ada)(effect))).toMatchObject({ message: expect.stringMatching(message) })
    expect(await run(as(ada)(cart.get))).toEqual(["before"])
  })

  it("passes on what an update throws", async () => {
    const boom = new Error("boom")
    const update = cart.update(() => {
      throw boom
    })
    expect(await failed(app().as(ada)(update))).toBe(boom)
  })

  it("holds 256 KiB of JSON in UTF-8 and no byte more", async () => {
    const { as } = app()
    const text = Session.state("text", v.string(), { initial: () => "" })
    const most = 256 * 1024 - 2
    for (const fits of ["x".repeat(most), "é".repeat(most / 2)]) {
      await run(as(ada)(text.set(fits)))
      expect(await run(as(ada)(text.get))).toBe(fits)
      for (const write of [text.set(`${fits}x`), text.update((value) => `${value}x`)]) {
        const error = await failed(as(ada)(write))
        expect(error).toBeInstanceOf(StateTooLarge)
        expect(error).toMatchObject({
          _tag: "StateTooLarge",
          state: "text",
          bytes: 256 * 1024 + 1,
          message: 'The session cannot keep this much in "text": it takes 262145 bytes, and 262144 is the most.'
        })
      }
      expect(await run(as(ada)(text.get))).toBe(fits)
    }
  })

  it("is kept for its ttl after it was last written, a day by default", async () => {
    const { as } = app()
    const short = Session.state("short", v.number(), { initial: () => 0, ttl: 1000 })
    const program = Effect.gen(function* () {
      yield* short.set(1)
      yield* TestClock.adjust(900)
      yield* short.set(2)
      yield* TestClock.adjust(999)
      const kept = yield* short.get
      yield* TestClock.adjust(1)
      const gone = yield* short.get
      yield* add("a")
      yield* TestClock.adjust(86_399_999)
      const day = yield* cart.get
      yield* TestClock.adjust(1)
      return [kept, gone, day, yield* cart.get]
    })
    expect(await run(as(ada)(program))).toEqual([2, 0, ["a"], []])
  })

  it.each<[string, () => unknown, string]>([
    [
      "no name",
      () => Session.state("", v.string(), { initial: () => "" }),
      'Session.state(""): a name is 1 to 64 letters, digits, "_", "." or "-".'
    ],
    [
      "a name with a space",
      () => Session.state("a b", v.string(), { initial: () => "" }),
      'Session.state("a b"): a name is 1 to 64 letters, digits, "_", "." or "-".'
    ],
    [
      "a value for initial",
      () => Session.state("a", v.string(), { initial: "" as never }),
      'Session.state("a"): initial must be a function, such as { initial: () => [] }.'
    ],
    [
      "no time to live",
      () => Session.state("a", v.string(), { initial: () => "", ttl: 0 }),
      'Session.state("a"): ttl is 0; use whole milliseconds from 1 to 31536000000, which are 365 days.'
    ],
    [
      "entries for a schema",
      () => Session.state("a", { b: v.string() } as never as v.GenericSchema<string>, { initial: () => "" }),
      'Session.state("a"): not a schema. Use a valibot schema such as v.strictObject({ … }), or jsonSchema(document).'
    ]
  ])("refuses %s when it is defined", (_, define, message) => {
    expect(define).toThrow(new DefinitionError(message))
  })

  it("refuses what JSON cannot hold when it is defined", () => {
    expect(() => Session.state("a", v.date(), { initial: () => new Date() })).toThrow(DefinitionError)
  })
})

describe("the session of a call", () => {
  it("is that of the principal, and of the connection's session within it", async () => {
    const { as } = app()
    const callers: ReadonlyArray<Caller> = [
      { principal: "ada" },
      { principal: "ada", sessionId: "1" },
      { principal: "ada", sessionId: "2" },
      { principal: "grace" },
      { principal: "grace", sessionId: "1" },
      { sessionId: "1" },
      { sessionId: "2" }
    ]
    for (const [at, caller] of callers.entries()) await run(as(caller)(add(String(at))))
    for (const [at, caller] of callers.entries()) expect(await run(as(caller)(cart.get))).toEqual([String(at)])
  })

  it("is never one of somebody else, whatever characters ids hold", async () => {
    const id = fc.option(
      fc.oneof(fc.string(), fc.constantFrom("null", "a", '","', "anonymous", '"', "\\", '["caller"]'))
    )
    const caller = fc
      .record({ principal: id, sessionId: id })
      .filter(({ principal, sessionId }) => principal !== null || sessionId !== null)
    await fc.assert(
      fc.asyncProperty(caller, caller, async (one, two) => {
        const { as } = app()
        const clean = ({ principal, sessionId }: typeof one): Caller => ({
          principal: principal ?? undefined,
          sessionId: sessionId ?? undefined
        })
        await run(as(clean(one))(add("one's")))
        const same = one.principal === two.principal && one.sessionId === two.sessionId
        expect(await run(as(clean(two))(cart.get))).toEqual(same ? ["one's"] : [])
      })
    )
  })

  it("is missing for anonymous callers without one: a failure says what to do, and can be caught", async () => {
    const { as } = app()
    for (const effect of [cart.get, cart.set([]), add("a"), cart.clear, Session.current]) {
      const error = await failed(as({})(effect))
      expect(error).toBeInstanceOf(NoSession)
      expect(error.message).toBe(
        "This call belongs to no session: its caller is anonymous, and its connection has no session id. Authenticate " +
          "callers, or let a tool return the handle of Session.create, and the others take it and open it with Session.open."
      )
    }
    const either = Effect.catchTag(Session.current, "NoSession", () => Session.create())
    const program = Effect.flatMap(either, (session) => cart.in(session).update((items) => [...items, "a"]))
    expect(await run(as({})(program))).toEqual(["a"])
  })

  it("needs a store: without one the defect says where there is one", async () => {
    const bare = Layer.mergeAll(Layer.succeed(Session, Session.live), Principal.layerTest({ id: "ada" }))
    for (const effect of [cart.get, Session.create(), Session.open("x".repeat(32))]) {
      expect(await failed(Effect.provide(effect as Effect.Effect<unknown, unknown, Session>, bare))).toMatchObject({
        message:
          "Session: there is no StateStore here; use it in a handler or middleware, or test with Session.layerTest."
      })
    }
  })
})

describe("a handle", () => {
  it("opens its session in a later call, for anonymous callers without a session too", async () => {
    const { as } = app()
    for (const caller of [{}, { sessionId: "1" }, { principal: "ada" }]) {
      const { handle } = await run(as(caller)(Effect.tap(Session.create(), (session) => cart.in(session).set(["a"]))))
      const later = Effect.flatMap(Session.open(handle), (session) =>
        Effect.andThen(
          cart.in(session).update((items) => [...items, session.handle === handle ? "b" : "?"]),
          cart.in(session).get
        )
      )
      expect(await run(as({ ...caller, sessionId: "2" })(later))).toEqual(["a", "b"])
    }
  })

  it("is apart from other handles and from the caller's own session", async () => {
    const { as } = app()
    const program = Effect.gen(function* () {
      const one = yield* Session.create()
      const two = yield* Session.create()
      yield* cart.in(one).set(["one"])
      yield* cart.set(["own"])
      yield* cart.in(two).set(["two"])
      yield* cart.in(two).clear
      return [yield* cart.in(one).get, yield* cart.in(two).get, yield* cart.get]
    })
    expect(await run(as({ principal: "ada" })(program))).toEqual([["one"], [], ["own"]])
  })

  it("is 32 characters of 192 random bits, and stands nowhere in the store", async () => {
    const kept: Array<string> = []
    const inner = memoryStore()
    const { as } = app({
      ...inner,
      put: (key, text, expected, ttl) => {
        kept.push(key, text)
        return inner.put(key, text, expected, ttl)
      }
    })
    const make = Effect.tap(Session.create(), (session) => cart.in(session).set(["a"]))
    const handles = new Set<string>()
    for (let at = 0; at < 100; at++) handles.add((await run(as({})(make))).handle)
    expect(handles.size).toBe(100)
    for (const handle of handles) {
      expect(handle).toMatch(/^[A-Za-z0-9_-]{32}$/)
      expect(kept.some((text) => text.includes(handle))).toBe(false)
    }
  })

  it("that is foreign, unknown, expired or no handle at all fails alike", async () => {
    const { as } = app()
    const errors: Array<UnknownSession> = []
    const opened = async (caller: Caller, handle: unknown) => {
      const error = await failed(as(caller)(Session.open(handle as string)))
      expect(error).toBeInstanceOf(UnknownSession)
      errors.push(error)
    }
    const { handle: adas } = await run(as({ principal: "ada" })(Session.create()))
    const { handle: nobodys } = await run(as({})(Session.create()))
    await opened({ principal: "grace" }, adas)
    await opened({}, adas)
    // a stranger could have handed it over, to read what its new holder puts there
    await opened({ principal: "ada" }, nobodys)
    await opened({ principal: "anonymous" }, nobodys)
    await opened({}, "x".repeat(32))
    for (const handle of ["", "x", "x".repeat(31), `${nobodys}\n`, "x".repeat(10_000), undefined, 5, {}])
      await opened({}, handle)
    const expired = Effect.gen(function* () {
      const { handle } = yield* Session.create({ ttl: 1000 })
      yield* TestClock.adjust(1000)
      return yield* Session.open(handle)
    })
    errors.push(await failed(as({})(expired)))
    expect(new Set(errors.map(({ message }) => message))).toEqual(
      new Set([
        "This handle opens no session for this caller: it may have expired or belong to somebody else. Create a new session."
      ])
    )
    expect(new Set(errors.map(({ _tag }) => _tag))).toEqual(new Set(["UnknownSession"]))
  })

  it("is good for its ttl after it was last opened, a day by default", async () => {
    const { as } = app()
    const program = Effect.gen(function* () {
      const short = yield* Session.create({ ttl: 1000 })
      const long = yield* Session.create()
      for (let at = 0; at < 5; at++) {
        yield* TestClock.adjust(999)
        yield* Session.open(short.handle)
      }
      yield* TestClock.adjust(1000)
      const gone = yield* Effect.flip(Session.open(short.handle))
      yield* TestClock.adjust(86_400_000 - 5 * 999 - 1001)
      yield* Session.open(long.handle)
      yield* TestClock.adjust(86_400_000)
      return [gone._tag, (yield* Effect.flip(Session.open(long.handle)))._tag]
    })
    expect(await run(as({})(program))).toEqual(["UnknownSession", "UnknownSession"])
  })

  it("is refused a ttl out of range", async () => {
    for (const ttl of [0, 1.5, Number.NaN, 31_536_000_001]) {
      expect(await failed(app().as({})(Session.create({ ttl })))).toMatchObject({
        name: "RangeError",
        message: `Session.create: ttl is ${ttl}; use whole milliseconds from 1 to 31536000000, which are 365 days.`
      })
    }
  })

  it("is the same in every round of a call, one for each creation, however many run at once", async () => {
    const { as } = app()
    const journal = new Map<string, string>()
    /** The asks of one round: steps recorded before are not run again, and refuse to overlap under one name. */
    const round = (): Asks => {
      const counts = new Map<string, number>()
      const running = new Set<string>()
      const asks: Pick<Asks, "step" | "occurrence"> = {
        step: (name, effect) =>
          Effect.suspend(() => {
            const recorded = journal.get(name)
            if (recorded !== undefined) return Effect.succeed(JSON.parse(recorded))
            if (running.has(name)) return Effect.die(new Error(`two steps called ${name} overlap`))
            running.add(name)
            return Effect.tap(effect, (value) => Effect.sync(() => journal.set(name, JSON.stringify(value))))
          }),
        occurrence: (name) => {
          const n = counts.get(name) ?? 0
          counts.set(name, n + 1)
          return n
        }
      }
      return asks as Asks
    }
    const program = Effect.gen(function* () {
      const both = yield* Effect.all([Session.create(), Session.create()], { concurrency: 2 })
      const third = yield* Session.create()
      const counter = cart.in(third)
      yield* counter.update((items) => [...items, "round"])
      return [...both, third].map(({ handle }) => handle)
    })
    const first = await run(as({ asks: round() })(program))
    expect(await run(as({ asks: round() })(program))).toEqual(first)
    expect(new Set(first).size).toBe(3)
    const third = Effect.flatMap(Session.open(first[2]!), (session) => cart.in(session).get)
    expect(await run(as({})(third))).toEqual(["round", "round"])
  })
})

describe("updates at the same time", () => {
  /** A store that takes turns at random between what it is asked and what it does. */
  const slow = (turns: ReadonlyArray<number>): StateStoreShape => {
    const inner = memoryStore()
    let at = 0
    const later = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
      Effect.suspend(() => {
        const before = turns[at++ % turns.length]!
        const after = turns[at++ % turns.length]!
        const wait = (count: number) => Effect.forEach(Array(count), () => Effect.yieldNow, { discard: true })
        return Effect.tap(Effect.andThen(wait(before), effect), () => wait(after))
      })
    return {
      get: (key) => later(inner.get(key)),
      put: (key, text, expected, ttl) => later(inner.put(key, text, expected, ttl)),
      remove: (key) => later(inner.remove(key))
    }
  }

  it("lose nothing, and none of them sees a value that another has seen", async () => {
    let retries = 0
    const programs = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 8
    })
    const turns = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(programs, turns, async (programs, turns) => {
        const { as } = app(slow(turns))
        const total = Session.state("total", v.array(v.number()), { initial: () => [] })
        let runs = 0
        const calls = programs.map((numbers) =>
          Effect.forEach(numbers, (n) =>
            total.update((before) => {
              runs++
              return [...before, n]
            })
          )
        )
        const program = Effect.flatMap(Effect.all(calls, { concurrency: "unbounded" }), (seen) =>
          Effect.map(total.get, (kept) => ({ seen, kept }))
        )
        const { seen, kept } = await run(as({ principal: "ada" })(program))
        const numbers = programs.flat()
        expect([...kept].sort()).toEqual([...numbers].sort())
        // each update gave the list as it was right after it, so their lengths are 1, 2, 3 …
        const lengths = seen.flat().map((list) => list.length)
        expect(lengths.sort((a, b) => a - b)).toEqual(numbers.map((_, at) => at + 1))
        for (const list of seen.flat()) expect(list).toEqual(kept.slice(0, list.length))
        retries += runs - numbers.length
      })
    )
    expect(retries).toBeGreaterThan(0)
  })

  it("and a set among them leave the value of one after the other", async () => {
    const { as } = app(slow([1, 2, 0, 3]))
    const program = Effect.all([add("a"), cart.set(["set"]), add("b")], { concurrency: "unbounded" })
    const [a, , b] = await run(as({ principal: "ada" })(program))
    const kept = await run(as({ principal: "ada" })(cart.get))
    expect(kept).toContain("set")
    expect([a, b, ["set"]]).toContainEqual(kept)
  })
})

describe("Session.layerTest", () => {
  it("is one session in memory, with the values a test begins with", async () => {
    const program = Effect.gen(function* () {
      const items = yield* add("b")
      const { handle } = yield* Session.create()
      const session = yield* Session.open(handle)
      return [items, yield* cart.in(session).get, yield* cart.in(yield* Session.current).get]
    })
    expect(await run(Effect.provide(program, Session.layerTest({ cart: ["a"] })))).toEqual([["a", "b"], [], ["a", "b"]])
    expect(await run(Effect.provide(cart.get, Session.layerTest()))).toEqual([])
  })

  it("keeps handles to their principal, as a server does", async () => {
    const program = Effect.gen(function* () {
      const { handle } = yield* Effect.provide(Session.create(), Principal.layerTest({ id: "ada" }))
      return (yield* Effect.flip(Session.open(handle)))._tag
    })
    expect(await run(Effect.provide(program, Session.layerTest()))).toBe("UnknownSession")
  })
})
