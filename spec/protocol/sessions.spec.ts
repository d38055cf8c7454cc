import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { assemble, server } from "mcpipe"
import { describe, expect, it, vi } from "vitest"
import type { InFlight, Reply, Sink } from "../../lib/protocol/exchange.ts"
import type { HttpSession } from "../../lib/protocol/http-session.ts"
import type { Refusal } from "../../lib/protocol/reasons.ts"
import { type SessionsOptions, sessionsOf } from "../../lib/protocol/sessions.ts"
import { anonymous, type PrincipalShape } from "../../lib/services/principal.ts"

const client = (name = "c") => ({
  revision: "2025-11-25" as const,
  capabilities: { roots: {} },
  clientInfo: { name, version: "1" }
})
const ada: PrincipalShape = { ...anonymous, id: "ada", anonymous: false }

// no request is served here, so any app will do
const running = await assemble(server({ name: "any", version: "1" }))["~mcpipe/App"].running()

/** Sessions under a clock that a spec moves. */
const sessionsAt = (options: SessionsOptions = {}) => {
  const clock = { now: 0 }
  const sessions = sessionsOf(running, { now: () => clock.now, ...options })
  const begin = (name?: string, principal = anonymous): HttpSession => {
    const session = sessions.begin(client(name), principal)
    if (session === undefined || "reason" in session) throw new Error("no session")
    return session
  }
  const isKnown = ({ sessionId }: HttpSession, principal = anonymous) =>
    !("reason" in sessions.find(sessionId, principal))
  return { sessions, clock, begin, isKnown }
}

/** A request in flight, what it was answered and how it was interrupted. */
const hold = (session: HttpSession, id = 1) => {
  const replies: Array<Reply> = []
  const asked: Array<any> = []
  const interrupts: Array<string> = []
  const sink: Sink = {
    notify: () => undefined,
    ask: (message) => {
      asked.push(message)
      return undefined
    },
    reply: (reply) => void replies.push(reply)
  }
  let own!: Sink
  const started: InFlight = {
    interrupt: (why) => {
      interrupts.push(why)
      return undefined
    }
  }
  session.inFlight.begin({ jsonrpc: "2.0", id, method: "tools/call" }, sink, (_, given) => {
    own = given
    return started
  })
  return {
    replies,
    asked,
    interrupts,
    ask: (message: Parameters<Sink["ask"]>[0]) => own.ask(message),
    finish: () => own.reply({ status: 200 })
  }
}

describe("a session", () => {
  it("remembers what was agreed under an id of 244 random bits, which no other session has", () => {
    const { begin } = sessionsAt()
    const sessions = Array.from({ length: 100 }, () => begin())
    expect(sessions[0]!.agreed()).toStrictEqual(client())
    // basic/transports, "Session Management": visible ASCII characters only
    for (const { sessionId } of sessions) expect(sessionId).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(100)
  })

  it("hands out what it remembers frozen, since many requests share it", () => {
    const { begin } = sessionsAt()
    expect(Object.isFrozen(begin().agreed()!.capabilities["roots"])).toBe(true)
  })

  it("is unknown to every principal but the one that began it", () => {
    const { sessions, begin, isKnown } = sessionsAt()
    const session = begin("c", ada)
    expect(isKnown(session, ada)).toBe(true)
    expect(isKnown(session, { ...ada, claims: { renewed: true } })).toBe(true)
    const unknown = `Mcp-Session-Id "${session.sessionId}" is not known here, or its session has ended; send initialize to begin a new one.`
    for (const other of [anonymous, { ...ada, id: "bob" }, { ...ada, anonymous: true }]) {
      expect(sessions.find(session.sessionId, other)).toStrictEqual({ reason: "unknown-session", message: unknown })
    }
    expect(isKnown(begin(), ada)).toBe(false)
  })

  it("is unknown once it has ended, and ending it again is nothing", () => {
    const { sessions, begin, isKnown } = sessionsAt()
    const session = begin()
    sessions.end(session)
    sessions.end(session)
    expect(isKnown(session)).toBe(false)
    expect(sessions.size()).toBe(0)
  })

  it("that ends refuses what is in flight, and what its client was asked fails", async () => {
    const { sessions, begin } = sessionsAt()
    const session = begin()
    const held = hold(session, 7)
    const asked = Effect.runFork(
      Effect.flip(session.requests.send({ method: "roots/list", params: {} }, held.ask, 60_000))
    )
    sessions.end(session)
    expect(held.interrupts).toStrictEqual(["disconnected"])
    const message = "The session of this request has ended; send initialize to begin a new one."
    expect(held.replies).toStrictEqual([
      { status: 404, message: { jsonrpc: "2.0", id: 7, error: { code: -32600, message } } }
    ])
    expect((await Effect.runPromise(Fiber.join(asked))).message).toBe(
      "The client did not answer roots/list: the request that it was part of has ended"
    )
    expect(held.asked.map(({ method }) => method)).toStrictEqual(["roots/list", "notifications/cancelled"])
    // nobody hears of it twice
    held.finish()
    expect(held.replies).toHaveLength(1)
  })
})

describe("a session that nobody uses", () => {
  it("ends after 30 minutes, and each use begins them anew", () => {
    const { sessions, clock, begin, isKnown } = sessionsAt()
    const used = begin("used")
    const unused = begin("unused")
    clock.now = 1_799_999
    expect(isKnown(used)).toBe(true)
    clock.now = 1_800_000
    expect(sessions.size()).toBe(1)
    expect(isKnown(unused)).toBe(false)
    clock.now = 1_799_999 + 1_799_999
    expect(isKnown(used)).toBe(true)
    clock.now += 1_800_000
    expect(isKnown(used)).toBe(false)
    expect(sessions.size()).toBe(0)
  })

  it("does not end while one of its requests runs, and its time begins when that has ended", () => {
    const { clock, begin, isKnown, sessions } = sessionsAt({ idleTimeout: 1_000 })
    const session = begin()
    const held = hold(session)
    clock.now = 50_000
    expect(sessions.size()).toBe(1)
    clock.now = 100_500
    held.finish()
    clock.now = 101_499
    expect(sessions.size()).toBe(1)
    clock.now = 101_500
    expect(isKnown(session)).toBe(false)
  })

  it("leaves nothing behind, were there a hundred thousand of them", () => {
    const { sessions, clock, begin } = sessionsAt({ idleTimeout: 1_000 })
    for (let n = 0; n < 100_000; n++) {
      clock.now = n
      begin()
    }
    expect(sessions.size()).toBe(1_000)
    clock.now += 1_000
    expect(sessions.size()).toBe(0)
  })
})

describe("when many are due to end at once", () => {
  it("they do so by the thousand, in a turn each, and none is known any more meanwhile", async () => {
    const { sessions, clock, begin, isKnown } = sessionsAt()
    const begun = Array.from({ length: 3_500 }, () => begin())
    const busy = begun[2_000]!
    hold(busy)
    const ended = begun.map((session) => vi.spyOn(session, "release"))
    const count = () => ended.filter(({ mock }) => mock.calls.length > 0).length
    clock.now = 1_800_000
    const young = begin()
    expect(count()).toBe(1_000)
    expect(isKnown(begun.at(-1)!)).toBe(false)
    // the next thousand, and the one that was asked for
    expect(count()).toBe(2_001)
    while (count() < 3_499) await new Promise((resolve) => setTimeout(resolve))
    expect([isKnown(busy), isKnown(young), sessions.size()]).toStrictEqual([true, true, 2])
  })
})

describe("when all places are taken", () => {
  it("the session unused for longest makes room", () => {
    const { sessions, clock, begin, isKnown } = sessionsAt({ max: 3 })
    const [first, second, third] = ["1", "2", "3"].map((name) => begin(name))
    clock.now = 1
    expect(isKnown(first!)).toBe(true)
    const fourth = begin("4")
    expect([first, second, third, fourth].map((session) => isKnown(session!))).toStrictEqual([true, false, true, true])
    expect(sessions.size()).toBe(3)
  })

  it("10,000 of them, unless told otherwise", () => {
    const { sessions, begin } = sessionsAt()
    for (let n = 0; n < 10_001; n++) begin()
    expect(sessions.size()).toBe(10_000)
  })

  it("one with a request in flight keeps its place; where all have, nobody gets a new one", () => {
    const { sessions, begin, isKnown } = sessionsAt({ max: 2 })
    const busy = begin("busy")
    const held = hold(busy)
    const idle = begin("idle")
    const next = begin("next")
    expect([busy, idle, next].map((session) => isKnown(session))).toStrictEqual([true, false, true])
    hold(next)
    expect(sessions.begin(client(), anonymous)).toBe(undefined)
    held.finish()
    begin("after")
    expect([busy, next].map((session) => isKnown(session))).toStrictEqual([false, true])
  })

  it("by what clients say of themselves, those unused for longest make room too", () => {
    const one = JSON.stringify([{ roots: {} }, { name: "c", version: "1" }]).length
    const { sessions, begin, isKnown } = sessionsAt({ mostCharacters: 3 * one })
    const [first] = [begin(), begin(), begin()]
    expect(sessions.size()).toBe(3)
    const wordy = begin("c".repeat(2 * one))
    expect(sessions.size()).toBe(1)
    expect([first!, wordy].map((session) => isKnown(session))).toStrictEqual([false, true])
    // what ends gives back what it took
    sessions.end(wordy)
    for (let n = 0; n < 3; n++) begin()
    expect(sessions.size()).toBe(3)
  })
})

it("a client that says more than 65,536 characters of itself is told so", () => {
  const { sessions } = sessionsAt()
  const base = JSON.stringify([{ roots: {} }, { name: "", version: "1" }]).length
  const refused = sessions.begin(client("n".repeat(65_537 - base)), anonymous) as Refusal
  expect(refused).toStrictEqual({
    reason: "invalid-params",
    message:
      "initialize: params.capabilities and params.clientInfo hold 65537 characters, more than the 65536 this server remembers."
  })
  expect(sessions.size()).toBe(0)
  expect(sessions.begin(client("n".repeat(65_536 - base)), anonymous)).toHaveProperty("sessionId")
})
