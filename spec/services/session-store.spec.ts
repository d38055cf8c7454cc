import { DefinitionError, Effect } from "mcpipe"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { SessionStore, type StoredSession } from "../../lib/services/session-store.ts"
import { sessionStoreContract } from "../contract/session-store.ts"

const run = <A>(program: Effect.Effect<A, unknown>) => Effect.runPromise(Effect.provide(program, TestClock.layer()))

sessionStoreContract("SessionStore.layerMemory", () => ({
  layer: SessionStore.layerMemory(),
  relays: false,
  elapse: TestClock.adjust,
  run
}))

describe("SessionStore.layerMemory", () => {
  const session: StoredSession = {
    revision: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "by-hand", version: "0" },
    owner: { id: "ada", anonymous: false },
    logLevel: undefined,
    subscriptions: []
  }

  it("forgets the session not touched for longest once there are too many", () =>
    run(
      Effect.provide(
        Effect.gen(function* () {
          const store = yield* SessionStore
          for (const id of "abc") yield* store.create(id, session, 1000)
          yield* store.touch("a", 1000)
          yield* store.create("d", session, 1000)
          const found = yield* Effect.forEach([..."abcd"], (id) => store.get(id))
          expect(found.map((one) => one !== undefined)).toEqual([true, false, true, true])
        }),
        SessionStore.layerMemory({ maxSessions: 3 })
      )
    ))

  it("refuses a limit that is none", () => {
    expect(() => SessionStore.layerMemory({ maxSessions: 0 })).toThrow(
      new DefinitionError("SessionStore.layerMemory: maxSessions is 0; use an integer of 1 or more.")
    )
  })
})
