import { assemble, Effect, Layer, server } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { HttpSession } from "../../lib/protocol/http-session.ts"
import type { Refusal } from "../../lib/protocol/reasons.ts"
import { type Sessions, sessionsOf } from "../../lib/protocol/sessions.ts"
import { anonymous, type PrincipalShape } from "../../lib/services/principal.ts"
import { SessionStore } from "../../lib/services/session-store.ts"
import { type ReplicaOptions, type Replicas, replicas } from "../kit/replicas.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const ada: PrincipalShape = { ...anonymous, id: "ada", anonymous: false }

/** Two processes that share their stores, each with a clock of its own. */
const pair = async (options: ReplicaOptions = {}, limits: { max?: number } = {}) => {
  const accesses: Array<string> = []
  const stores = replicas(options)
  const counted: Replicas["sessions"] = new Proxy(stores.sessions, {
    get: (target, name: keyof Replicas["sessions"]) => {
      const member = target[name]
      if (typeof member !== "function") return member
      return (...args: ReadonlyArray<never>) => {
        accesses.push(name)
        return (member as (...args: ReadonlyArray<never>) => unknown)(...args)
      }
    }
  })
  const layer = Layer.merge(stores.layer, Layer.succeed(SessionStore, counted))
  const process = async () => {
    const running = await assemble(server({ name: "twin", version: "1" }).provide(layer))["~mcpipe/App"].running()
    const clock = { now: 0 }
    return { clock, sessions: sessionsOf(running, { idleTimeout: 1_000, now: () => clock.now, ...limits }) }
  }
  return { a: await process(), b: await process(), stores, accesses }
}

const begin = async ({ sessions }: { sessions: Sessions }, principal = anonymous): Promise<HttpSession> => {
  const agreed = {
    revision: "2025-11-25" as const,
    capabilities: { roots: {} },
    clientInfo: { name: "c", version: "1" }
  }
  const session = sessions.begin(agreed, principal) as HttpSession
  await sessions.stored(session)
  return session
}

const find = async ({ sessions }: { sessions: Sessions }, { sessionId }: HttpSession, principal = anonymous) => {
  const found: HttpSession | Refusal = await sessions.find(sessionId, principal)
  return "reason" in found ? found.reason : found
}

describe("a session that other processes know too", () => {
  it("is found at each of them by its owner alone, and looked up once", async () => {
    const { a, b, accesses } = await pair()
    const session = await begin(a, ada)
    const [one, two] = await Promise.all([find(b, session, ada), find(b, session, ada)])
    expect(one).toBe(two)
    expect((one as HttpSession).agreed()).toStrictEqual(session.agreed())
    expect(await find(b, session)).toBe("unknown-session")
    expect(await find(b, session, ada)).toBe(one)
    expect(accesses).toStrictEqual(["create", "get"])
  })

  it("is known here without asking the store, which hears of its use now and then", async () => {
    const { a, accesses } = await pair()
    const session = await begin(a)
    for (let at = 0; at < 1_000; at++) {
      a.clock.now = at
      expect(a.sessions.find(session.sessionId, anonymous)).toBe(session)
    }
    expect(accesses.filter((one) => one === "touch")).toHaveLength(7)
    expect(accesses.filter((one) => one !== "touch")).toStrictEqual(["create"])
  })

  it("that nobody asked for here is looked up by ids of ours only", async () => {
    const { a, accesses } = await pair()
    for (const id of ["guessed", "", "*", "x".repeat(64), "0".repeat(63)]) {
      expect(a.sessions.find(id, anonymous)).toMatchObject({ reason: "unknown-session" })
    }
    expect(accesses).toStrictEqual([])
  })

  it("is forgotten here when it is unused, and still known elsewhere and in the store", async () => {
    const { a, b } = await pair()
    const session = await begin(a)
    await find(b, session)
    a.clock.now = 5_000
    expect([a.sessions.size(), b.sessions.size()]).toStrictEqual([0, 1])
    expect(await find(a, session)).toMatchObject({ sessionId: session.sessionId })
  })

  it("makes room here for others without ending elsewhere", async () => {
    const { a, b } = await pair({}, { max: 1 })
    const first = await begin(a)
    const second = await begin(a)
    expect(a.sessions.size()).toBe(1)
    expect(await find(b, first)).toMatchObject({ sessionId: first.sessionId })
    expect(await find(a, second)).toBe(second)
  })

  it("ends everywhere where it is ended anywhere", async () => {
    const { a, b, stores } = await pair()
    const session = await begin(a)
    const other = (await find(b, session)) as HttpSession
    b.sessions.end(other)
    await new Promise((resolve) => setImmediate(resolve))
    expect([a.sessions.size(), b.sessions.size()]).toStrictEqual([0, 0])
    expect(await Effect.runPromise(stores.sessions.get(session.sessionId))).toBe(undefined)
    expect(await find(a, session)).toBe("unknown-session")
  })

  it("that the store no longer has ends here with its next use, where there is no relay to tell of it", async () => {
    const { a, b } = await pair({ relays: false })
    const session = await begin(a)
    b.sessions.end((await find(b, session)) as HttpSession)
    expect(await find(a, session)).toBe(session)
    a.clock.now = 500
    await find(a, session)
    expect(a.sessions.size()).toBe(0)
  })

  it("lives on in the store while its client only listens", async () => {
    const { a, accesses } = await pair()
    const session = await begin(a)
    const never = () => undefined
    const sink = { events: true, begin: never, event: never, close: never, notify: never, ask: never, reply: never }
    session.streams.listen(sink, undefined)
    for (let turn = 1; turn <= 20; turn++) {
      a.clock.now = turn * 250
      vi.advanceTimersByTime(250)
    }
    expect(a.sessions.size()).toBe(1)
    expect(accesses.filter((one) => one === "touch").length).toBeGreaterThanOrEqual(19)
  })

  it("keeps no timer once there is none", async () => {
    const { a } = await pair()
    await begin(a)
    expect(vi.getTimerCount()).toBe(1)
    a.clock.now = 2_000
    vi.advanceTimersByTime(250)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("survives what others write to its channel", async () => {
    const { a, stores } = await pair()
    const session = await begin(a)
    const junk = [
      "",
      "{",
      "null",
      '{"word":1}',
      '{"word":{"type":"response"}}',
      '{"word":{"type":"changed"}}',
      '{"word":{}}'
    ]
    for (const text of junk) await Effect.runPromise(stores.sessions.relay!.publish(session.sessionId, text))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await find(a, session)).toBe(session)
  })
})
