import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
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
type Asked = Pick<Facts, "method" | "params">

const isErrorResult = (u: unknown): u is { readonly content: ReadonlyArray<{ readonly text?: string }> } =>
  typeof u === "object" && u !== null && (u as { isError?: unknown }).isError === true

/**
 * Wraps an operation in `request` hooks, outermost first. Hooks see how it ended as an outcome; an interruption passes
 * through them as an interruption, so that finalizers run and nobody takes it for an answer.
 */
export const aroundRequest = (
  inner: Effect.Effect<unknown, unknown, any>,
  hooks: ReadonlyArray<RequestHook>,
  facts: Asked,
  entry: Entry | undefined,
  start: Node,
  contextOf: (node: Node) => Context.Context<never>,
  succeeded: () => void,
  failed: (cause: Cause.Cause<unknown>) => Answer,
  wasInterrupted: () => boolean
): Effect.Effect<Answer, unknown, any> => {
  const ended: Effect.Effect<Outcome, unknown, any> = Effect.matchCauseEffect(inner, {
    onSuccess: (value) => {
      if (value instanceof Paused) return Effect.succeed(new Ended({ type: "paused", suspension: value.suspension }))
      succeeded()
      return Effect.succeed(new Ended({ type: "value", value }))
    },
    onFailure: (cause) =>
      wasInterrupted() && Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.sync(() => new Ended(failed(cause)))
  })
  let wrapped = ended
  for (let at = hooks.length - 1; at >= 0; at--) wrapped = around(wrapped, hooks[at]!, facts, entry, start, contextOf)
  return Effect.map(wrapped, (outcome) => {
    if (outcome instanceof Ended) return outcome.answer
    throw new TypeError("A request hook must return the outcome that `next` gave it.")
  })
}

const around = (
  next: Effect.Effect<Outcome, unknown, any>,
  requestHook: RequestHook,
  facts: Asked,
  entry: Entry | undefined,
  start: Node,
  contextOf: (node: Node) => Context.Context<never>
): Effect.Effect<Outcome, unknown, any> =>
  Effect.withFiber<Outcome, unknown, any>(({ context }) => {
    const { hook, node } = requestHook
    const info = new LiveInfo(
      facts,
      entry,
      requestHook,
      Context.getUnsafe(context as Context.Context<any>, RequestContext)
    )
    if (node === start) return hook(next, info)
    // the hook sees the services of its own node, what it surrounds goes on with those it had
    const inner = Effect.updateContext(next, () => context as Context.Context<any>)
    return Effect.updateContext(hook(inner, info), (outer: Context.Context<any>) =>
      Context.merge(outer, contextOf(node))
    )
  })

/** A class, since an object with accessors of its own takes 0.5 µs to make. */
class LiveInfo extends Placed implements RequestInfo {
  readonly method: string
  readonly name: string | undefined
  readonly component: RequestInfo["component"]
  readonly params: RequestInfo["params"]
  readonly #request: RequestContext["Service"]
  constructor(
    facts: Asked,
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

const calledName = (facts: Asked, entry: Entry): string => {
  const { uri } = facts.params
  return entry.type === "resource" && typeof uri === "string" ? uri : entry.name
}
