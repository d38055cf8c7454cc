import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type { Outcome, RequestInfo } from "../builder/middleware.ts"
import { originOf } from "../builder/tool-result.ts"
import type { Entry, RequestHook } from "./entry.ts"
import type { Failure } from "./failure.ts"
import type { Node } from "./node.ts"
import { Placed } from "./placed.ts"
import type { Suspension } from "./replay.ts"
import type { Facts } from "./request.ts"
import { RequestContext } from "../services/request-context.ts"

/** How a wire request ended, neutral of any revision. */
export type Answer =
  | { readonly type: "value"; readonly value: unknown }
  | { readonly type: "failure"; readonly failure: Failure }
  /** The client has to answer before the call goes on. */
  | { readonly type: "paused"; readonly suspension: Suspension }

/** What an inner run gives that was suspended. */
export class Paused {
  readonly suspension: Suspension
  constructor(suspension: Suspension) {
    this.suspension = suspension
  }
}

/** An outcome and the answer behind it, which hooks cannot make or change. */
class Ended implements Outcome {
  readonly "~mcpipe/Outcome" = true
  readonly answer: Answer
  constructor(answer: Answer) {
    this.answer = answer
  }
  get outcome(): Outcome["outcome"] {
    if (this.answer.type === "paused") return "paused"
    return this.answer.type === "failure" || isErrorResult(this.answer.value) ? "error" : "complete"
  }
  get result(): unknown {
    return this.answer.type === "value" ? this.answer.value : undefined
  }
  get message(): string | undefined {
    if (this.answer.type === "value") {
      return isErrorResult(this.answer.value) ? this.answer.value.content.map(({ text }) => text).join("\n") : undefined
    }
    if (this.answer.type === "paused") return undefined
    const { failure } = this.answer
    return failure.type === "interrupted" ? "interrupted" : failure.message
  }
}

/** What was raised where a wire request ended in an error; undefined where a result only says that it is one. */
export const failureOf = (outcome: Outcome): Failure | undefined => {
  if (!(outcome instanceof Ended)) return undefined
  const { answer } = outcome
  if (answer.type === "failure") return answer.failure
  if (answer.type !== "value" || !isErrorResult(answer.value)) return undefined
  const origin = originOf(answer.value.content)
  return origin?.type === "failed" ? (origin.behind as Failure | undefined) : undefined
}

/** What hooks are told of a wire request. */
type Told = Pick<Facts, "method" | "params">

const isErrorResult = (u: unknown): u is { readonly content: ReadonlyArray<{ readonly text?: string }> } =>
  typeof u === "object" && u !== null && (u as { isError?: unknown }).isError === true

/** What is surrounded by hooks. It is told how each of its runs ended: a hook may have tried again. */
export interface Surrounded {
  readonly innerSucceeded: () => void
  /** Gives what hooks are shown of a failure. */
  readonly innerFailed: (cause: Cause.Cause<unknown>) => Answer
  /** Whether the request is being interrupted, so that an interruption is no failure. */
  readonly wasInterrupted: () => boolean
}

/**
 * Wraps an operation in `request` hooks, outermost first. Hooks see how it ended as an outcome; an interruption passes
 * through them as an interruption, so that finalizers run and nobody takes it for an answer.
 */
export const aroundRequest = (
  inner: Effect.Effect<unknown, unknown, any>,
  hooks: ReadonlyArray<RequestHook>,
  facts: Told,
  entry: Entry | undefined,
  start: Node,
  contextOf: (node: Node) => Context.Context<never>,
  surrounded: Surrounded
): Effect.Effect<Answer, unknown, any> => {
  const ended: Effect.Effect<Outcome, unknown, any> = Effect.matchCauseEffect(inner, {
    onSuccess: (value) => {
      if (value instanceof Paused) return Effect.succeed(new Ended({ type: "paused", suspension: value.suspension }))
      surrounded.innerSucceeded()
      return Effect.succeed(new Ended({ type: "value", value }))
    },
    onFailure: (cause) =>
      surrounded.wasInterrupted() && Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.sync(() => new Ended(surrounded.innerFailed(cause)))
  })
  const outermost = new Around(new Asked(ended, hooks, facts, entry, start, contextOf), 0)
  return Effect.map(outermost, (outcome) => {
    if (outcome instanceof Ended) return outcome.answer
    throw new TypeError("A request hook must return the outcome that `next` gave it.")
  })
}

/** A request within its hooks. */
class Asked {
  readonly ended: Effect.Effect<Outcome, unknown, any>
  readonly hooks: ReadonlyArray<RequestHook>
  readonly start: Node
  readonly contextOf: (node: Node) => Context.Context<never>
  readonly #facts: Told
  readonly #entry: Entry | undefined
  #info: LiveInfo | undefined
  /** The hook that the information was made for. */
  #of: RequestHook | undefined

  constructor(
    ended: Effect.Effect<Outcome, unknown, any>,
    hooks: ReadonlyArray<RequestHook>,
    facts: Told,
    entry: Entry | undefined,
    start: Node,
    contextOf: (node: Node) => Context.Context<never>
  ) {
    this.ended = ended
    this.hooks = hooks
    this.start = start
    this.contextOf = contextOf
    this.#facts = facts
    this.#entry = entry
  }

  /** The hooks of one server are told the same. */
  info(hook: RequestHook, context: Context.Context<any>): LiveInfo {
    if (this.#info !== undefined && this.#of !== undefined && sameServer(this.#of, hook)) return this.#info
    this.#of = hook
    this.#info = new LiveInfo(this.#facts, this.#entry, hook, Context.getUnsafe(context, RequestContext))
    return this.#info
  }
}

const sameServer = (a: RequestHook, b: RequestHook): boolean => a.nameOf === b.nameOf && a.place === b.place

/** The hook at a place, and all that is further in, as one object. */
interface Around extends Effect.Effect<Outcome, unknown, any> {
  readonly asked: Asked
  readonly at: number
}

/** A function: the prototype of a class cannot be replaced. */
const Around = function (this: any, asked: Asked, at: number): void {
  this.asked = asked
  this.at = at
} as unknown as new (
  asked: Asked,
  at: number
) => Around

Around.prototype = Effectable.Prototype<Around>({
  label: "RequestHook",
  evaluate(fiber) {
    const context = fiber.context as Context.Context<any>
    const { asked } = this
    const { hooks, start } = asked
    for (let { at } = this; ; at++) {
      const one = hooks[at]!
      const next = at + 1 < hooks.length ? new Around(asked, at + 1) : asked.ended
      const info = asked.info(one, context)
      const { hook, node } = one
      if (node !== start) {
        // the hook sees the services of its own node, what it surrounds goes on with those it had
        const inner = Effect.updateContext(next, () => context)
        return Effect.updateContext(hook.whole(inner, info), (outer: Context.Context<any>) =>
          Context.merge(outer, asked.contextOf(node))
        )
      }
      const given = hook.begin(next, info, fiber)
      // a hook that only goes on gives the next one: no need to go through the fiber's loop for each
      if (given !== next || next === asked.ended) return hook.settle(given)
    }
  }
})

/** A class, since an object with accessors of its own takes 0.5 µs to make. */
class LiveInfo extends Placed implements RequestInfo {
  readonly method: string
  readonly name: string | undefined
  readonly component: RequestInfo["component"]
  readonly params: RequestInfo["params"]
  readonly #request: RequestContext["Service"]
  constructor(
    facts: Told,
    entry: Entry | undefined,
    { nameOf, place }: RequestHook,
    request: RequestContext["Service"]
  ) {
    super(place)
    this.method = facts.method
    this.name = entry === undefined ? undefined : nameOf?.(calledName(facts, entry))
    this.component = entry?.component
    this.params = facts.params
    this.#request = request
  }
  get callId(): string {
    return this.#request.callId
  }
  get round(): number {
    return this.#request.round
  }
}

const calledName = (facts: Told, entry: Entry): string => {
  const { uri } = facts.params
  return entry.type === "resource" && typeof uri === "string" ? uri : entry.name
}
