import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { type ComponentKind, componentKinds } from "../builder/component.ts"
import { resourceRef } from "../builder/resource-ref.ts"
import { ChangeRelay, type ChangeRelayShape } from "../services/change-relay.ts"
import type { Change, ChangesShape } from "../services/changes.ts"
import { LifespanError, wholeMessage } from "./lifespan.ts"
import type { Reload } from "./sources.ts"

export interface RelayOptions {
  /** The server's name: others may use the same relay. */
  readonly app: string
  readonly relay: ChangeRelayShape
  readonly changes: ChangesShape
  /** Changes that another process is the origin of: they go no further. */
  readonly told: WeakSet<Change>
  readonly reload: Reload
  readonly generation: () => number
  readonly context: Context.Context<never>
}

/** The relays that any server of the tree was given, each once. */
export const relaysOf = (contexts: ReadonlyArray<Context.Context<never>>): ReadonlySet<ChangeRelayShape> =>
  new Set(
    contexts.flatMap((context) => {
      const relay = Context.getOrUndefined(context as Context.Context<any>, ChangeRelay)
      return relay === undefined ? [] : [relay]
    })
  )

/** Changes that wait to be handed over; where there are more, the oldest are given up. */
const most = 1024

/** Milliseconds that what waits may take to be handed over when the app closes. */
const lastMillis = 1_000

/**
 * Hands what this process publishes to the others, and publishes here what they tell, until the scope closes. Equal changes
 * that wait are one. A catalogue that changed elsewhere is a reason to load the sources again, no change by itself.
 */
export const connectRelay = Effect.fnUntraced(function* (
  options: RelayOptions
): Effect.fn.Return<void, LifespanError, Scope.Scope> {
  const { app, relay, changes, told, context } = options
  const from = globalThis.crypto.randomUUID()
  const waiting = new Set<string>()
  const fork = Effect.runForkWith(context)
  let sender: Fiber.Fiber<void> | undefined
  let failing = false

  const once = (message: string, cause?: unknown) => {
    if (failing) return Effect.void
    failing = true
    return Effect.logWarning(`server ${JSON.stringify(app)}: ${message}`, ...(cause === undefined ? [] : [cause]))
  }

  const send = Effect.gen(function* () {
    // equal changes of one turn are one
    yield* Effect.yieldNow
    for (const text of waiting) {
      waiting.delete(text)
      const handed = Effect.map(relay.publish(text), () => {
        failing = false
      })
      yield* Effect.catchCause(handed, (cause) => once("other processes could not be told of a change", cause))
    }
    sender = undefined
  })

  const hand = (change: Change) => {
    if (told.has(change)) return
    const text = JSON.stringify({ v: 1, app, from, change: written(change) })
    waiting.add(text)
    for (const oldest of waiting) {
      if (waiting.size <= most) break
      waiting.delete(oldest)
      fork(once(`more than ${most} changes wait to be told to other processes; the oldest are given up`))
    }
    sender ??= fork(send)
  }

  const receive = (text: string) => {
    const message = read(text)
    if (message === undefined) fork(once("a change that another process told of was not understood"))
    else if (message.app === app && message.from !== from) {
      const change = message.change(options.generation())
      if (change.type === "catalogue-changed" && options.reload()) return
      told.add(change)
      fork(changes.publish(change))
    }
  }

  yield* Effect.mapError(relay.subscribe(receive), (cause) => {
    const message = `server ${JSON.stringify(app)}: the ChangeRelay could not be subscribed to: ${wholeMessage(cause)}`
    return new LifespanError({ reason: "relay-failed", message, cause })
  })
  yield* Effect.addFinalizer(() => {
    if (sender === undefined) return Effect.void
    const given = sender
    return Effect.andThen(Effect.timeoutOption(Fiber.await(given), lastMillis), Fiber.interrupt(given))
  })
  yield* changes.listen(hand)
})

/** A change as JSON; generations count within one process. */
const written = (change: Change): object =>
  change.type === "resource-updated"
    ? { type: change.type, uri: change.ref.uri }
    : { type: change.type, kinds: change.kinds }

interface Told {
  readonly app: string
  readonly from: string
  readonly change: (generation: number) => Change
}

const read = (text: string): Told | undefined => {
  try {
    const { v, app, from, change } = JSON.parse(text)
    if (v !== 1 || typeof app !== "string" || typeof from !== "string") return undefined
    if (change.type === "resource-updated") {
      const ref = resourceRef(change.uri)
      return { app, from, change: () => ({ type: "resource-updated", ref }) }
    }
    const kinds: ReadonlyArray<ComponentKind> = change.kinds
    if (change.type !== "catalogue-changed" || !kinds.every((kind) => componentKinds.includes(kind))) return undefined
    return { app, from, change: (generation) => ({ type: "catalogue-changed", generation, kinds }) }
  } catch {
    return undefined
  }
}
