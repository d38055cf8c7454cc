import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ChangeRelay, type ChangeRelayShape } from "../../lib/services/change-relay.ts"

/** How the contract makes a relay. */
export interface ChangeRelaySubject {
  /** Each build is one more process on the same relay. */
  readonly layer: Layer.Layer<ChangeRelay, unknown>
  /** Another relay, whose texts are none of the first one's. */
  readonly other: Layer.Layer<ChangeRelay, unknown>
}

/** What every ChangeRelay promises. `subject` is called once a case, and gives relays that nobody uses yet. */
export const changeRelayContract = (name: string, subject: () => ChangeRelaySubject): void => {
  type Process = Effect.Effect<ChangeRelayShape, unknown, Scope.Scope>

  const withRelay =
    (use: (another: Process, elsewhere: Process) => Effect.Effect<void, unknown, Scope.Scope>) =>
    async (): Promise<void> => {
      const { layer, other } = subject()
      const processOf = (layer: Layer.Layer<ChangeRelay, unknown>): Process =>
        Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, ChangeRelay))
      await Effect.runPromise(Effect.scoped(use(processOf(layer), processOf(other))))
    }

  /** What one process receives, and how to wait until it has. */
  const listening = (relay: ChangeRelayShape) =>
    Effect.gen(function* () {
      const received: Array<string> = []
      let look = () => {}
      yield* relay.subscribe((text) => {
        received.push(text)
        look()
      })
      const until = (last: string) =>
        Effect.promise(
          () =>
            new Promise<ReadonlyArray<string>>((resolve) => {
              look = () => {
                if (received.includes(last)) resolve(received)
              }
              look()
            })
        )
      return { received, until }
    })

  describe(`${name}, as a ChangeRelay`, () => {
    it(
      "gives each process what others publish, character by character, in the order of one publisher",
      withRelay((another) =>
        Effect.gen(function* () {
          const [one, two, three] = [yield* another, yield* another, yield* another]
          const [second, third] = [yield* listening(two), yield* listening(three)]
          const texts = [...new Set([...fc.sample(fc.json(), 50), "\u0000", "é€😀".repeat(1_000), '{"last":true}'])]
          for (const text of texts) yield* one.publish(text)
          expect(yield* second.until(texts.at(-1)!)).toEqual(texts)
          expect(yield* third.until(texts.at(-1)!)).toEqual(texts)
        })
      )
    )

    it(
      "gives what was published once a subscription has begun, whoever published it",
      withRelay((another) =>
        Effect.gen(function* () {
          const [one, two] = [yield* another, yield* another]
          yield* one.publish("before")
          const [first, second] = [yield* listening(one), yield* listening(two)]
          yield* one.publish("by one")
          yield* second.until("by one")
          yield* two.publish("by two")
          yield* first.until("by two")
          yield* one.publish("last")
          expect(yield* second.until("last")).not.toContain("before")
        })
      )
    )

    it(
      "gives nothing to a subscription that has ended, and goes on for the others",
      withRelay((another) =>
        Effect.gen(function* () {
          const [one, two] = [yield* another, yield* another]
          const scope = yield* Scope.make()
          const [ended, staying] = [yield* Scope.provide(listening(two), scope), yield* listening(two)]
          yield* one.publish("first")
          yield* ended.until("first")
          yield* staying.until("first")
          yield* Scope.close(scope, Exit.void)
          yield* one.publish("second")
          expect(yield* staying.until("second")).toEqual(["first", "second"])
          expect(ended.received).toEqual(["first"])
        })
      )
    )

    it(
      "may be subscribed to many times by one process",
      withRelay((another) =>
        Effect.gen(function* () {
          const [one, two] = [yield* another, yield* another]
          const all = yield* Effect.forEach(Array.from({ length: 5 }), () => listening(two))
          yield* one.publish("text")
          for (const each of all) expect(yield* each.until("text")).toEqual(["text"])
        })
      )
    )

    it(
      "is apart from another relay",
      withRelay((another, elsewhere) =>
        Effect.gen(function* () {
          const [one, two, far] = [yield* another, yield* another, yield* elsewhere]
          const [near, away] = [yield* listening(two), yield* listening(far)]
          yield* one.publish("here")
          yield* near.until("here")
          yield* far.publish("there")
          expect(yield* away.until("there")).toEqual(["there"])
          yield* one.publish("last")
          expect(yield* near.until("last")).toEqual(["here", "last"])
        })
      )
    )
  })
}
