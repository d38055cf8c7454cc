import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import { callOf } from "./current-call.ts"
import { type ResourceRef, resourceRef } from "../builder/resource-ref.ts"

/** Something about the server changed. */
export type Change =
  | { readonly type: "resource-updated"; readonly ref: ResourceRef }
  | { readonly type: "catalogue-changed"; readonly generation: number }

export interface ChangesShape {
  /** Says that a resource's contents changed; takes `Resource.ref(uri)` or the URI, as its own server knows it. */
  readonly resourceUpdated: (ref: ResourceRef | string) => Effect.Effect<void>
  /** Publishes any change. */
  readonly publish: (change: Change) => Effect.Effect<void>
  /** Every change published from now until the scope closes; take them with `PubSub.take`. */
  readonly subscribe: Effect.Effect<PubSub.Subscription<Change>, never, Scope.Scope>
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
      const publish = (change: Change) => Effect.asVoid(PubSub.publish(hub, change))
      return Changes.of({
        publish,
        resourceUpdated: (ref) => Effect.withFiber((fiber) => publish(updated(ref, callOf(fiber.context)?.uriOf))),
        subscribe: PubSub.subscribe(hub)
      })
    })
  )

  /** Collects changes in `seen`, for testing a handler without a server; subscribers see nothing. */
  static layerTest(seen: Array<Change>): Layer.Layer<Changes> {
    const publish = (change: Change) => Effect.sync(() => void seen.push(change))
    return Layer.succeed(Changes, {
      publish,
      resourceUpdated: (ref) => Effect.suspend(() => publish(updated(ref))),
      subscribe: Effect.flatMap(PubSub.sliding<Change>(1), PubSub.subscribe)
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
