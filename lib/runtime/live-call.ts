import type * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { ErrorClass } from "../builder/component.ts"
import type { Asks } from "../services/asks.ts"
import { type Call, type Called, callOf } from "../services/current-call.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { Asking } from "./asking.ts"
import type { AskPlan } from "./asks-for.ts"
import type { Entry } from "./entry.ts"
import { pathOf } from "./node.ts"
import type { Facts } from "./request.ts"
import { Stop } from "./stop.ts"

/** The call that one run of an operation is part of. What it asks through is made when it first asks: most calls never do. */
export class LiveCall implements Call {
  readonly scope: Scope.Closeable
  readonly #facts: Facts
  readonly #entry: Entry | undefined
  readonly #plan: AskPlan | undefined
  /** The call that it is a part of. */
  readonly #around: LiveCall | undefined
  /** The call that asks and is stopped: itself, or the one of the component that called this one. */
  readonly #whole: LiveCall
  readonly called: Called | undefined
  #asks: Asking | undefined
  #listeners: Array<() => void> | undefined
  #cut = false
  #stateUses = 0
  /** What is to be stopped before the run is, where there is such a thing. */
  #stop: Stop | undefined
  /** The fiber of the run, which asking may have to stop. */
  fiber: Fiber.Fiber<unknown, unknown> | undefined

  constructor(
    facts: Facts,
    entry: Entry | undefined,
    scope: Scope.Closeable,
    plan: AskPlan | undefined,
    around?: LiveCall,
    whole?: LiveCall,
    called?: Called
  ) {
    this.scope = scope
    this.#facts = facts
    this.#entry = entry
    this.#plan = plan
    this.#around = around
    this.#whole = whole ?? this
    this.called = called
  }

  /** The same call in the fiber of its own that what surrounds it is no part of. */
  within(plan: AskPlan): LiveCall {
    return new LiveCall(this.#facts, this.#entry, this.scope, plan, this)
  }

  /** The same call as a component sees it that the one being called calls in turn. */
  calling(entry: Entry, called: Called): LiveCall {
    return new LiveCall(this.#facts, entry, this.scope, undefined, this, this.#whole, called)
  }

  get uriOf(): Call["uriOf"] {
    return this.#entry?.uriOf
  }

  get visibility(): Call["visibility"] {
    return this.#facts.visibility
  }

  get at(): string {
    return this.#entry === undefined ? "" : pathOf(this.#entry.node).join("/")
  }

  get errors(): ReadonlyArray<ErrorClass> {
    return this.#entry === undefined ? none : this.#entry.component["~mcpipe/Component"].errors
  }

  get logLevel(): LogLevel {
    return this.#facts.logLevel()
  }

  get progress(): Call["progress"] {
    const { progress } = this.#facts
    if (progress === undefined && !this.#isHeard) return undefined
    return (...report) => {
      this.#heard()
      return this.#mayTell("progress", report) ? progress?.(...report) : undefined
    }
  }

  get onProgress(): Call["onProgress"] {
    return (listener) => {
      this.#listeners ??= []
      this.#listeners.push(listener)
    }
  }

  get #isHeard(): boolean {
    if (this.#listeners !== undefined) return true
    return this.#around === undefined ? false : this.#around.#isHeard
  }

  #heard(): void {
    for (const listener of this.#listeners ?? []) listener()
    if (this.#around === undefined) return
    this.#around.#heard()
  }

  get log(): Call["log"] {
    const { log } = this.#facts
    return log && ((...message) => (this.#mayTell("log", message) ? log(...message) : undefined))
  }

  suspended(): boolean {
    return this.#whole.#asks?.suspended() === true
  }

  get asks(): Asks | undefined {
    return this.#asking
  }

  /** What was asked through, if anything was, in this round or an earlier one. */
  get asked(): Asking | undefined {
    const { channel } = this.#facts
    return channel.type === "replay" && channel.journal !== undefined ? this.#asking : this.#whole.#asks
  }

  /**
   * Grows whenever the run asks, begins a step, takes a number of its own or looks at the state of its session: what it comes
   * to then is good for this call alone.
   */
  get uses(): number {
    return this.#whole.#stateUses + (this.#whole.#asks?.uses ?? 0)
  }

  usesState(): void {
    this.#whole.#stateUses++
  }

  /** The URI that was asked for where a resource is read, as clients know it. */
  get uri(): string | undefined {
    if (this.called !== undefined) return this.called.uri
    const { uri } = this.#facts.params
    return typeof uri === "string" ? uri : undefined
  }

  /** The request ends early, and so do its steps. */
  cut(): void {
    this.#cut = true
    this.#asks?.cut()
  }

  /** To be called with the fiber of the run, which may have to be stopped already. */
  runs(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.fiber = fiber
    if (this.#asks?.suspended() === true) this.#stopRun()
  }

  /** This call, which another one makes, is to be stopped before that is. */
  stopsFirst(stop: Stop): void {
    this.#outer.enter(stop)
    this.#stop = stop
  }

  /** What was to be stopped first has ended. */
  hasStopped(stop: Stop): void {
    this.#outer.leave(stop)
  }

  get #outer(): Stop {
    let call = this.#around
    while (call !== undefined && call !== this.#whole && call.#stop === undefined) call = call.#around
    call ??= this.#whole
    call.#stop ??= new Stop(() => this.#whole.fiber?.interruptUnsafe())
    return call.#stop
  }

  #stopRun(): void {
    if (this.#stop === undefined) this.fiber?.interruptUnsafe()
    else this.#stop.stop()
  }

  get #asking(): Asking | undefined {
    if (this.#whole !== this) return this.#whole.#asking
    if (this.#asks === undefined && this.#plan !== undefined) {
      this.#asks = this.#plan.make(() => this.#stopRun())
      if (this.#cut) this.#asks.cut()
    }
    return this.#asks
  }

  /** False for what was told in an earlier round, or is told by what should have ended. */
  #mayTell(type: string, message: ReadonlyArray<unknown>): boolean {
    const asks = this.asked
    return asks === undefined || asks.mayTell([type, ...message])
  }
}

const none: ReadonlyArray<ErrorClass> = []

/** The call of a fiber as the runtime made it, whatever tells its client in other words. */
export const liveCallOf = (context: Context.Context<never>): LiveCall | undefined => {
  let call = callOf(context)
  while (call?.behind !== undefined) call = call.behind
  return call instanceof LiveCall ? call : undefined
}
