import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { SessionStore, type SessionStoreShape, type StoredSession } from "../../lib/services/session-store.ts"

/** How the contract makes a store, and lets time pass for it. */
export interface SessionStoreSubject {
  readonly layer: Layer.Layer<SessionStore, unknown>
  /** Whether what it makes has a relay. */
  readonly relays: boolean
  /** Lets so many milliseconds pass on the store's clock. */
  readonly elapse: (millis: number) => Effect.Effect<unknown>
  /** Provides the clock, and whatever else programs need. */
  readonly run: <A>(program: Effect.Effect<A, unknown>) => Promise<A>
}

const session: StoredSession = {
  revision: "2025-11-25",
  capabilities: { roots: { listChanged: true }, experimental: { "__proto__ x": [1, null, "é€😀"] } },
  clientInfo: { name: "by-hand", version: "0", title: "By hand" },
  owner: { id: "ada", anonymous: false },
  logLevel: undefined,
  subscriptions: []
}

/** What every SessionStore promises. `subject` is called once a case, and gives a store with nothing in it. */
export const sessionStoreContract = (name: string, subject: () => SessionStoreSubject): void => {
  type Use = (
    store: SessionStoreShape,
    elapse: SessionStoreSubject["elapse"]
  ) => Generator<Effect.Effect<any, any, Scope.Scope>, void, any>

  const withStore = (use: Use) => async (): Promise<void> => {
    const { layer, elapse, run } = subject()
    const store = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, SessionStore))
    await run(Effect.scoped(Effect.flatMap(store, (store) => Effect.gen(() => use(store, elapse)))))
  }

  const get = (store: SessionStoreShape, id: string) =>
    Effect.map(store.get(id), (found) => found && { ...found, subscriptions: [...found.subscriptions].sort() })

  describe(`${name}, as a SessionStore`, () => {
    it(
      "gives back what was created, and knows nothing under other ids",
      withStore(function* (store) {
        const other: StoredSession = {
          ...session,
          owner: { id: "anonymous", anonymous: true },
          logLevel: "error",
          subscriptions: ["file:///b", "file:///a"]
        }
        yield* store.create("a", session, 1000)
        yield* store.create("b", other, 1000)
        expect(yield* get(store, "a")).toEqual(session)
        expect(yield* get(store, "b")).toEqual({ ...other, subscriptions: ["file:///a", "file:///b"] })
        for (const id of ["c", "", "A", "a*", "__proto__"]) expect(yield* store.get(id)).toBeUndefined()
      })
    )

    it(
      "changes one thing and leaves the others",
      withStore(function* (store) {
        yield* store.create("a", session, 1000)
        expect(yield* store.update("a", { type: "log-level", level: "warning" })).toBe(true)
        for (const uri of ["file:///a", "file:///b", "file:///b", "__proto__", ""]) {
          expect(yield* store.update("a", { type: "subscribed", uri })).toBe(true)
        }
        expect(yield* store.update("a", { type: "unsubscribed", uri: "file:///a" })).toBe(true)
        expect(yield* store.update("a", { type: "unsubscribed", uri: "file:///never" })).toBe(true)
        const subscriptions = ["", "__proto__", "file:///b"]
        expect(yield* get(store, "a")).toEqual({ ...session, logLevel: "warning", subscriptions })
        expect(yield* store.update("a", { type: "log-level", level: "debug" })).toBe(true)
        expect(yield* get(store, "a")).toEqual({ ...session, logLevel: "debug", subscriptions })
      })
    )

    it(
      "loses none of many changes at once",
      withStore(function* (store) {
        yield* store.create("a", session, 1000)
        const uris = Array.from({ length: 50 }, (_, at) => `file:///${String(at).padStart(2, "0")}`)
        const subscribe = (uri: string) => store.update("a", { type: "subscribed", uri })
        yield* Effect.forEach(uris, subscribe, { concurrency: "unbounded" })
        expect((yield* get(store, "a"))?.subscriptions).toEqual(uris)
      })
    )

    it(
      "forgets a session when its lifetime is over, no earlier, which only touching begins anew",
      withStore(function* (store, elapse) {
        yield* store.create("a", session, 1000)
        yield* store.create("b", session, 1000)
        yield* elapse(900)
        expect(yield* store.touch("a", 1000)).toBe(true)
        expect(yield* store.update("b", { type: "log-level", level: "error" })).toBe(true)
        expect(yield* get(store, "b")).toEqual({ ...session, logLevel: "error" })
        yield* elapse(100)
        expect(yield* get(store, "a")).toEqual(session)
        expect(yield* store.get("b")).toBeUndefined()
        yield* elapse(900)
        expect(yield* store.get("a")).toBeUndefined()
      })
    )

    it(
      "brings nothing back by changing or touching what is not there",
      withStore(function* (store, elapse) {
        yield* store.create("over", session, 1000)
        yield* store.create("removed", session, 1000)
        yield* elapse(1000)
        expect(yield* store.remove("removed")).toBe(false)
        for (const id of ["over", "removed", "never"]) {
          expect(yield* store.touch(id, 1000)).toBe(false)
          expect(yield* store.update(id, { type: "log-level", level: "error" })).toBe(false)
          expect(yield* store.update(id, { type: "subscribed", uri: "file:///a" })).toBe(false)
          expect(yield* store.get(id)).toBeUndefined()
        }
      })
    )

    it(
      "forgets what is removed, at once, with all that changed about it",
      withStore(function* (store) {
        yield* store.create("a", session, 1000)
        yield* store.create("b", session, 1000)
        yield* store.update("a", { type: "subscribed", uri: "file:///a" })
        expect(yield* store.remove("a")).toBe(true)
        expect(yield* store.remove("a")).toBe(false)
        expect(yield* store.get("a")).toBeUndefined()
        expect(yield* get(store, "b")).toEqual(session)
        yield* store.create("a", session, 1000)
        expect(yield* get(store, "a")).toEqual(session)
      })
    )

    it(
      "does nothing before it is run",
      withStore(function* (store) {
        store.create("a", session, 1000)
        expect(yield* store.get("a")).toBeUndefined()
        yield* store.create("a", session, 1000)
        store.update("a", { type: "log-level", level: "error" })
        store.remove("a")
        expect(yield* get(store, "a")).toEqual(session)
      })
    )

    it("says whether it has a relay", () =>
      withStore(function* (store) {
        expect(store.relay !== undefined).toBe(subject().relays)
      })())

    if (!subject().relays) return

    /** Subscribes, and gives what was heard so far and a wait for the next `count` texts. */
    const listening = (store: SessionStoreShape, id: string) => {
      const heard: Array<string> = []
      const waiting = new Set<() => void>()
      const subscribed = store.relay!.subscribe(id, (text) => {
        heard.push(text)
        for (const look of [...waiting]) look()
      })
      const until = (text: string) =>
        Effect.callback<void>((resume) => {
          const look = () => {
            if (!heard.includes(text)) return
            waiting.delete(look)
            resume(Effect.void)
          }
          waiting.add(look)
          look()
        })
      return { heard, subscribed, until }
    }

    it(
      "carries texts to all that listen for a session, in order, and to nobody else",
      withStore(function* (store) {
        const [one, two, other] = [listening(store, "a"), listening(store, "a"), listening(store, "a:b")]
        for (const { subscribed } of [one, two, other]) yield* subscribed
        const texts = Array.from({ length: 100 }, (_, at) => `{"n":${at},"x":"é€😀"}`)
        for (const text of texts) yield* store.relay!.publish("a", text)
        yield* store.relay!.publish("nobody", "unheard")
        yield* store.relay!.publish("a:b", "end")
        yield* store.relay!.publish("a", "end")
        yield* Effect.all([one.until("end"), two.until("end"), other.until("end")])
        expect(one.heard).toEqual([...texts, "end"])
        expect(two.heard).toEqual([...texts, "end"])
        expect(other.heard).toEqual(["end"])
      })
    )

    it(
      "stops calling a listener whose scope has closed, and goes on with the others",
      withStore(function* (store) {
        const [gone, still] = [listening(store, "a"), listening(store, "a")]
        const scope = yield* Scope.make()
        yield* Scope.provide(gone.subscribed, scope)
        yield* still.subscribed
        yield* store.relay!.publish("a", "1")
        yield* Effect.all([gone.until("1"), still.until("1")])
        yield* Scope.close(scope, (yield* Effect.exit(Effect.void)) as any)
        yield* store.relay!.publish("a", "2")
        yield* still.until("2")
        expect(gone.heard).toEqual(["1"])
      })
    )
  })
}
