import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { type ResourceRef, resourceRef } from "../builder/resource-ref.ts"

/** Something about the server changed. */
export type Change =
  | { readonly type: "resource-updated"; readonly ref: ResourceRef }
  | { readonly type: "catalogue-changed"; readonly generation: number }

export interface ChangesShape {
  /** Says that a resource's contents changed; takes `Resource.ref(uri)` or the URI itself. */
  readonly resourceUpdated: (ref: ResourceRef | string) => Effect.Effect<void>
  /** Publishes any change. */
  readonly publish: (change: Change) => Effect.Effect<void>
  /** Every change published while the stream is consumed. */
  readonly stream: Stream.Stream<Change>
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
        resourceUpdated: (ref) =>
          Effect.suspend(() =>
            publish({ type: "resource-updated", ref: typeof ref === "string" ? resourceRef(ref) : ref })
          ),
        stream: Stream.fromPubSub(hub)
      })
    })
  )

  /** Collects changes in `seen`, for testing a handler without a server. */
  static layerTest(seen: Array<Change>): Layer.Layer<Changes> {
    const publish = (change: Change) => Effect.sync(() => void seen.push(change))
    return Layer.succeed(Changes, {
      publish,
      resourceUpdated: (ref) =>
        Effect.suspend(() =>
          publish({ type: "resource-updated", ref: typeof ref === "string" ? resourceRef(ref) : ref })
        ),
      stream: Stream.empty
    })
  }
}
