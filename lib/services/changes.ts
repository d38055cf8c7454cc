import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import type { ComponentKind } from "../builder/component.ts"
import { type ResourceRef, resourceRef } from "../builder/resource-ref.ts"
import { callOf } from "./current-call.ts"

/** Something about the server changed. */
export type Change =
  | { readonly type: "resource-updated"; readonly ref: ResourceRef }
  /** `generation` counts the catalogues of this process; `kinds` are those whose lists are not what they were. */
  | {
      readonly type: "catalogue-changed"
      readonly generation: number
      readonly kinds: ReadonlyArray<ComponentKind>
    }

export interface ChangesShape {
  /** Says that a resource's contents changed; takes `Resource.ref(uri)` or the URI, as its own server knows it. */
  readonly resourceUpdated: (ref: ResourceRef | string) => Effect.Effect<void>
  /** Publishes any change. */
  readonly publish: (change: Change) => Effect.Effect<void>
  /** Every change published from now until the scope closes; take them with `PubSub.take`. */
  readonly subscribe: Effect.Effect<PubSub.Subscription<Change>, never, Scope.Scope>
  /**
   * Calls `listener` with every change, as it is published, until the scope closes: none is ever lost. What it throws is
   * logged and reaches nobody else.
   */
  readonly listen: (listener: (change: Change) => void) => Effect.Effect<void, never, Scope.Scope>
}

/** Changes of one running app: handlers and lifespan layers publish them, in-process subscribers see them. */
export class Changes extends Context.Service<Changes, ChangesShape>()("mcpipe/Changes") {
  declare readonly "~mcpipe/supplied": "app"

  /** One hub per app; subscribers that lag more than 1,024 changes behind lose the oldest. */
  static readonly layer: Layer.Layer<Changes> = Layer.effect(
    Changes,
    Effect.gen(function* () {
      const hub = yield* PubSub.sliding<Change>(1024)
      yield* Effect.addFinalizer(() => PubSub.shutdown(hub))
      const listeners = new Set<{ readonly hear: (change: Change) => void }>()
      const publish = (change: Change) =>
        Effect.suspend(() => {
          let failed: Effect.Effect<void> = Effect.void
          for (const { hear } of [...listeners]) {
            try {
              hear(change)
            } catch (error) {
              failed = Effect.andThen(failed, Effect.logError("A listener of Changes failed", error))
            }
          }
          return Effect.andThen(PubSub.publish(hub, change), failed)
        })
      return Changes.of({
        publish,
        resourceUpdated: (ref) => Effect.withFiber((fiber) => publish(updated(ref, callOf(fiber.context)?.uriOf))),
        subscribe: PubSub.subscribe(hub),
        listen: (hear) => {
          const mine = { hear }
          const begin = Effect.sync(() => listeners.add(mine))
          return Effect.asVoid(Effect.acquireRelease(begin, () => Effect.sync(() => listeners.delete(mine))))
        }
      })
    })
  )

  /** Collects changes in `seen`, for testing a handler without a server; subscribers see nothing. */
  static layerTest(seen: Array<Change>): Layer.Layer<Changes> {
    const publish = (change: Change) => Effect.sync(() => void seen.push(change))
    return Layer.succeed(Changes, {
      publish,
      resourceUpdated: (ref) => Effect.suspend(() => publish(updated(ref))),
      subscribe: Effect.flatMap(PubSub.sliding<Change>(1), PubSub.subscribe),
      listen: () => Effect.void
    })
  }
}

/** The same changes for the layers of a mounted server, which know their own URIs only. */
export const mountedChanges = (changes: ChangesShape, uriOf: (uri: string) => string): ChangesShape => ({
  ...changes,
  resourceUpdated: (ref) => Effect.suspend(() => changes.publish(updated(ref, uriOf)))
})

const updated = (given: ResourceRef | string, uriOf?: (uri: string) => string): Change => {
  const ref = typeof given === "string" ? resourceRef(given) : given
  return { type: "resource-updated", ref: uriOf === undefined ? ref : resourceRef(uriOf(ref.uri)) }
}
