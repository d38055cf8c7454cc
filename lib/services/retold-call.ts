import * as Effect from "effect/Effect"
import type { AskOptions, AskRequest, Asks, StepOptions } from "./asks.ts"
import type { Call } from "./current-call.ts"

/** What is said to a client in other words. The same must always give the same, or a call of several rounds takes other paths. */
export interface Wording {
  readonly text: (text: string) => string
  readonly data: (data: unknown) => unknown
  /** May throw where a question cannot be put in other words; the call that asks then fails. */
  readonly question: (request: AskRequest) => AskRequest
}

/**
 * The same call, whose progress, log messages and questions reach the client in other words. Whoever finds its request
 * through `CurrentCall` speaks through it: all constant services, handler shorthands and forwarded log lines.
 */
export const retold = (call: Call, wording: Wording): Call => new RetoldCall(call, wording)

/** What `part` makes of a call, reaching the client in the words in which that call does. */
export const retoldLike = (call: Call, part: (call: Call) => Call): Call =>
  call instanceof RetoldCall ? call.with(retoldLike(call.behind, part)) : part(call)

class RetoldCall implements Call {
  readonly behind: Call
  readonly #wording: Wording
  #asks: Asks | undefined

  constructor(call: Call, wording: Wording) {
    this.behind = call
    this.#wording = wording
  }

  /** Another call in the same words. */
  with(behind: Call): RetoldCall {
    return new RetoldCall(behind, this.#wording)
  }

  get called(): Call["called"] {
    return this.behind.called
  }

  get scope(): Call["scope"] {
    return this.behind.scope
  }

  get uriOf(): Call["uriOf"] {
    return this.behind.uriOf
  }

  get progress(): Call["progress"] {
    const { progress } = this.behind
    if (progress === undefined) return undefined
    return (value, total, message) =>
      progress(value, total, message === undefined ? undefined : this.#wording.text(message))
  }

  get onProgress(): Call["onProgress"] {
    const { behind } = this
    return behind.onProgress === undefined ? undefined : (listener) => behind.onProgress!(listener)
  }

  get log(): Call["log"] {
    const { log } = this.behind
    if (log === undefined) return undefined
    return (level, data, logger) =>
      log(level, this.#wording.data(data), logger === undefined ? undefined : this.#wording.text(logger))
  }

  get logLevel(): Call["logLevel"] {
    return this.behind.logLevel
  }

  get asks(): Asks | undefined {
    const { asks } = this.behind
    if (asks === undefined) return undefined
    this.#asks ??= new RetoldAsks(asks, this.#wording)
    return this.#asks
  }

  suspended(): boolean {
    return this.behind.suspended()
  }

  get errors(): Call["errors"] {
    return this.behind.errors
  }

  get visibility(): Call["visibility"] {
    return this.behind.visibility
  }

  get at(): string | undefined {
    return this.behind.at
  }

  get rehearsal(): boolean | undefined {
    return this.behind.rehearsal
  }

  get usesState(): Call["usesState"] {
    const { behind } = this
    return behind.usesState === undefined ? undefined : () => behind.usesState!()
  }
}

class RetoldAsks implements Asks {
  readonly behind: Asks
  readonly #wording: Wording

  constructor(asks: Asks, wording: Wording) {
    this.behind = asks
    this.#wording = wording
  }

  get capabilities(): Asks["capabilities"] {
    return this.behind.capabilities
  }

  get revision(): string {
    return this.behind.revision
  }

  get replays(): boolean {
    return this.behind.replays
  }

  get seed(): string {
    return this.behind.seed
  }

  ask(request: AskRequest, options: AskOptions): ReturnType<Asks["ask"]> {
    return Effect.suspend(() => this.behind.ask(this.#wording.question(request), options))
  }

  step<A, E, R>(name: string, effect: Effect.Effect<A, E, R>, options?: StepOptions): Effect.Effect<A, E, R> {
    return this.behind.step(name, effect, options)
  }

  occurrence(name: string): number {
    return this.behind.occurrence(name)
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    this.behind.notify(method, params)
  }

  retreading(): boolean {
    return this.behind.retreading()
  }

  suspended(): boolean {
    return this.behind.suspended()
  }
}
