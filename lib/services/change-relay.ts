import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** Carries texts between the processes of one deployment. It may lose texts and give them twice, and need not know what they say. */
export interface ChangeRelayShape {
  /**
   * Hands a text, of at most some kilobytes, to every process that subscribes, this one included or not; those of one
   * process arrive in the order they were published. It fails where the text is surely lost.
   */
  readonly publish: (text: string) => Effect.Effect<void, unknown>
  /** Calls `receive`, which never throws, with each text published from now on, until the scope closes. It ends once it hears them. */
  readonly subscribe: (receive: (text: string) => void) => Effect.Effect<void, unknown, Scope.Scope>
}

/**
 * Where one server runs as several processes, tells each of the changes that `Changes` publishes in the others. Provide a
 * layer of it on the root server; without one, a process knows its own changes only.
 */
export class ChangeRelay extends Context.Service<ChangeRelay, ChangeRelayShape>()("mcpipe/ChangeRelay") {
  /**
   * Connects all apps of this process that are given this one layer value, which is enough for specs: each call makes a
   * layer of its own.
   * @example const relay = ChangeRelay.layerMemory(); assemble(main.provide(relay)); assemble(main.provide(relay))
   */
  static layerMemory(): Layer.Layer<ChangeRelay> {
    const receivers = new Set<{ readonly receive: (text: string) => void }>()
    return Layer.succeed(ChangeRelay, {
      publish: (text) =>
        Effect.sync(() => {
          for (const { receive } of [...receivers]) receive(text)
        }),
      subscribe: (receive) => {
        const mine = { receive }
        const begin = Effect.sync(() => receivers.add(mine))
        return Effect.asVoid(Effect.acquireRelease(begin, () => Effect.sync(() => receivers.delete(mine))))
      }
    })
  }
}
