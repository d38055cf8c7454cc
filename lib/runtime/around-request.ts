import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type { UniformHook } from "../builder/hook-step.ts"
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
  facts: Asked,
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
  let wrapped = ended
  let told: Told | undefined
  for (let at = hooks.length - 1; at >= 0; at--) {
    const one = hooks[at]!
    const { hook, node } = one
    // the hooks of one server are told the same
    if (told === undefined || !told.fits(one)) told = new Told(facts, entry, one)
    wrapped = new Around(wrapped, hook, told, node === start ? undefined : () => contextOf(node))
  }
  return Effect.map(wrapped, (outcome) => {
    if (outcome instanceof Ended) return outcome.answer
    throw new TypeError("A request hook must return the outcome that `next` gave it.")
  })
}

/** A hook around what is further in, as one object. */
interface Around extends Effect.Effect<Outcome, unknown, any> {
  readonly next: Effect.Effect<Outcome, unknown, any>
  readonly hook: UniformHook
  readonly told: Told
  /** The services of the hook's node, where the fiber has those of another one. */
  readonly contextOf: (() => Context.Context<never>) | undefined
}

/** A function: the prototype of a class cannot be replaced. */
const Around = function (
  this: any,
  next: Around["next"],
  hook: Around["hook"],
  told: Told,
  contextOf: Around["contextOf"]
): void {
  this.next = next
  this.hook = hook
  this.told = told
  this.contextOf = contextOf
} as unknown as new (
  next: Around["next"],
  hook: Around["hook"],
  told: Told,
  contextOf: Around["contextOf"]
) => Around

Around.prototype = Effectable.Prototype<Around>({
  label: "RequestHook",
  evaluate(fiber) {
    const context = fiber.context as Context.Context<any>
    let around: Around = this
    while (around.contextOf === undefined) {
      const given = around.hook(around.next, around.told.by(context))
      // a hook that only goes on gives the next one: no need to go through the fiber's loop for each
      if (!(given instanceof Around)) return given
      around = given
    }
    const { next, hook, told, contextOf } = around
    const info = told.by(context)
    // the hook sees the services of its own node, what it surrounds goes on with those it had
    const inner = Effect.updateContext(next, () => context)
    return Effect.updateContext(hook(inner, info), (outer: Context.Context<any>) => Context.merge(outer, contextOf()))
  }
})

/** What the hooks of one server are told of a request. */
class Told {
  readonly #facts: Asked
  readonly #entry: Entry | undefined
  readonly #hook: RequestHook
  #info: LiveInfo | undefined

  constructor(facts: Asked, entry: Entry | undefined, hook: RequestHook) {
    this.#facts = facts
    this.#entry = entry
    this.#hook = hook
  }

  fits({ nameOf, place }: RequestHook): boolean {
    return this.#hook.nameOf === nameOf && this.#hook.place === place
  }

  by(context: Context.Context<any>): LiveInfo {
    this.#info ??= new LiveInfo(this.#facts, this.#entry, this.#hook, Context.getUnsafe(context, RequestContext))
    return this.#info
  }
}

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
