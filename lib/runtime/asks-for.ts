import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Component } from "../builder/component.ts"
import type { Running } from "./app.ts"
import type { Asking, Facing } from "./asking.ts"
import { DirectAsks } from "./direct-asks.ts"
import type { Entry } from "./entry.ts"
import type { Operation } from "./operation.ts"
import { rehearse } from "./rehearsal.ts"
import { Replay, type Suspension } from "./replay.ts"
import type { Facts, LiveRequest } from "./request.ts"

/** How the runs of a call ask. */
export class AskPlan {
  readonly #running: Running
  readonly #entry: Entry
  readonly #facts: Facts
  readonly #request: LiveRequest
  #made: Array<Asking> | undefined
  #looks: Set<() => void> | undefined

  constructor(running: Running, entry: Entry, facts: Facts, request: LiveRequest) {
    this.#running = running
    this.#entry = entry
    this.#facts = facts
    this.#request = request
  }

  /** Makes what one run asks through; `stop` interrupts that run. */
  make(stop: () => void): Asking {
    const { channel } = this.#facts
    const made =
      channel.type === "direct" ? new DirectAsks(this.#facing(), channel) : new Replay(this.#facing(), channel, stop)
    this.#made ??= []
    this.#made.push(made)
    return made
  }

  /** Whether any run waits for an answer. */
  waiting(): boolean {
    return this.#made?.some((asks) => asks.waiting()) === true
  }

  /** Calls a listener whenever `waiting` may have changed; gives how to stop. */
  watch(look: () => void): () => void {
    this.#looks ??= new Set()
    const looks = this.#looks
    looks.add(look)
    return () => void looks.delete(look)
  }

  /** Looks, after a run that asked has ended, whether another one would come to the same; only where that is wanted. */
  rehearse(
    inner: Effect.Effect<unknown, unknown, any>,
    context: Context.Context<any>,
    asks: Asking | undefined,
    exit: Exit.Exit<unknown, unknown>
  ): void {
    if (!(asks instanceof Replay) || !this.#running.assembly.asking.checkDeterminism) return
    const { type, name } = this.#entry
    const subject = `The handler of ${type} ${JSON.stringify(name)}`
    rehearse(this.#running, subject, this.#facing(), inner, context, asks, exit)
  }

  #facing(): Facing {
    const { assembly, follow, context } = this.#running
    return {
      capabilities: this.#facts.client.capabilities,
      revision: this.#facts.revision,
      errors: (this.#entry.component as Component)["~mcpipe/Component"].errors,
      callId: () => this.#request.callId,
      track: follow,
      changed: () => {
        for (const look of [...(this.#looks ?? [])]) look()
      },
      maxRounds: assembly.asking.maxRounds,
      warn: (message: string) => {
        const subject = `${this.#entry.type} ${JSON.stringify(this.#entry.name)}`
        Effect.runForkWith(context(assembly.root))(Effect.logWarning(`${subject}: ${message}`))
      }
    }
  }
}

/** How an operation asks its client; undefined where it cannot: in lists, completions and methods of extensions. */
export const askPlan = (
  running: Running,
  operation: Operation,
  facts: Facts,
  request: LiveRequest
): AskPlan | undefined =>
  operation.type === "tool" || operation.type === "resource" || operation.type === "prompt"
    ? new AskPlan(running, operation.entry, facts, request)
    : undefined

/** How a run was cut short, if it was: suspended, or a defect that says why it cannot be trusted. */
export const cutShort = (asks: Asking | undefined): Suspension | Error | undefined =>
  asks instanceof Replay ? (asks.defect ?? asks.suspension) : undefined

/** A run has ended: what it has left open is not asked any more. */
export const endAsks = (asks: Asking | undefined, succeeded: boolean): void => {
  if (asks instanceof Replay) asks.end(succeeded)
}
