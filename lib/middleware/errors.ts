import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Component } from "../builder/component.ts"
import { isPublicError, isResourceNotFound, isToolError, PublicError, ToolError } from "../builder/errors.ts"
import type { Handled, Needs, ServicesOf } from "../builder/handler.ts"
import { type Hooks, type Middleware, middleware } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import type { ByLayerOf } from "../builder/server-types.ts"
import { InvalidArguments } from "../runtime/invalid-arguments.ts"
import { ClientUnsupported } from "../services/ask-errors.ts"
import { callOf } from "../services/current-call.ts"
import { isUrlElicitationRequired } from "../services/elicitation-url.ts"
import { RequestContext } from "../services/request-context.ts"
import { callback, logFailure } from "./callback.ts"
import { logSubject } from "./log-subject.ts"

/** The request that an error came of. */
export interface FailedRequest {
  readonly method: string
  /**
   * The tool or prompt name or the resource URI, as the server that this middleware was written on knows it; of a completion,
   * the component's own name.
   */
  readonly name: string | undefined
  readonly component: Component | undefined
  readonly callId: string
  readonly round: number
}

/** A failure as it is reported. */
export interface FailureReport extends FailedRequest {
  /** What failed, before it was mapped. */
  readonly error: unknown
  /** The message the client reads; undefined where the runtime is yet to hide it behind a reference. */
  readonly message: string | undefined
  /** Whether the client reads other words than the error's, so that somebody has to look into it. */
  readonly hidden: boolean
  /** What leads from the client's message to the log; undefined without the option `hidden`. */
  readonly reference: string | undefined
}

/** Which errors keep their message: see `ErrorsOptions.show`. */
export type Shown = "public" | "tool" | "none" | ((error: unknown, request: FailedRequest) => boolean)

export interface ErrorsOptions<Ret extends Handled<unknown>> {
  /** Gives clients another error instead, with its message; undefined leaves the error to `show`. */
  readonly map?: ((error: unknown, request: FailedRequest) => PublicError | ToolError | undefined) | undefined
  /**
   * Whose messages clients read. `"public"`: those of `ToolError`, `PublicError` and the classes in a component's `errors`;
   * `"tool"`: only those of `ToolError`; `"none"`: nobody's; a function decides on each, internal ones included. What
   * keywords never hide is that arguments do not fit or a resource does not exist. Default `"public"`.
   */
  readonly show?: Shown | undefined
  /**
   * The words instead of a hidden message; they should contain the reference, the first 8 characters of `callId`, under which
   * the cause is logged. Default: the runtime's `Internal error (reference …)`, which also shows everything where assembled with `dev`.
   */
  readonly hidden?: ((reference: string) => string) | undefined
  /**
   * Is told of each failure with its cause, such as to report it to Sentry: any function, plain, async, Effect or generator,
   * whose services layers have to give. The answer waits for it; where it fails, that is logged and changes nothing.
   */
  readonly onError?: ((cause: Cause.Cause<unknown>, report: FailureReport) => Ret) | undefined
  /** Milliseconds `onError` may take, 1 to 600,000. Default 5,000. */
  readonly timeout?: number | undefined
}

/**
 * Decides what clients read of failures, and reports them. Lives in tool calls, resource reads, prompts and completions, and
 * around requests for what `request` hooks inside of it refuse. Left alone are interruptions, open questions and what the
 * protocol answers itself: that a client cannot be asked, or has to visit a URL. A result with `isError` that a tool returns is
 * no failure.
 * @example server(info).use(errors({ map: (error) => error instanceof Busy ? new ToolError("Try later.") : undefined }))
 */
export const errors = <Ret extends Handled<unknown> = void>(
  options: ErrorsOptions<Ret> = {}
): Middleware<never, ByLayerOf<Needs<ServicesOf<Ret>>>> => {
  const settings = settingsOf(options as ErrorsOptions<Handled<unknown>>)
  const watch = (
    next: Effect.Effect<any, unknown>,
    level: Level,
    describe: () => Pick<FailedRequest, "name" | "component">
  ): Effect.Effect<any, unknown, any> =>
    Effect.catchCause(next, (cause) =>
      Effect.withFiber<never, unknown, any>(({ context }) =>
        settle(settings, cause, level, requestOf(context as Context.Context<any>, describe()), context)
      )
    )
  const hooks: Hooks = {
    request: (next, { name, component }) => watch(next, "request", () => ({ name, component })),
    // suspended: a schema may throw as soon as it is called
    callTool: (next, call) =>
      watch(
        Effect.suspend(() => next(call)),
        "tool",
        () => ({ name: call.name, component: call.tool })
      ),
    readResource: (next, call) =>
      watch(
        Effect.suspend(() => next(call)),
        "other",
        () => ({ name: call.uri, component: call.resource })
      ),
    getPrompt: (next, call) =>
      watch(
        Effect.suspend(() => next(call)),
        "other",
        () => ({ name: call.name, component: call.prompt })
      ),
    complete: (next, call) =>
      watch(
        Effect.suspend(() => next(call)),
        "other",
        () => ({ name: call.component.name, component: call.component })
      )
  }
  return middleware(hooks) as Middleware<never, any>
}

/** What a failure ends: a tool's call, whose errors the model reads, another call, or the request around them. */
type Level = "tool" | "other" | "request"

type Settings = ReturnType<typeof settingsOf>

const requestOf = (context: Context.Context<any>, what: Pick<FailedRequest, "name" | "component">): FailedRequest => {
  const { method, callId, round } = Context.getUnsafe(context, RequestContext)
  return { method, ...what, callId, round }
}

/** Fails with what the client is to get, once it was reported. */
const settle = (
  { map, shows, hidden, report }: Settings,
  cause: Cause.Cause<unknown>,
  level: Level,
  request: FailedRequest,
  context: Context.Context<never>
): Effect.Effect<never, unknown, any> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
  const error = errorOf(cause, request)
  if (error instanceof ClientUnsupported || isUrlElicitationRequired(error)) return Effect.failCause(cause)
  const rehearsal = callOf(context)?.rehearsal === true
  const ends = (
    out: Effect.Effect<never, unknown>,
    message: string | undefined,
    isHidden: boolean,
    reference?: string
  ): Effect.Effect<never, unknown, any> =>
    report === undefined || rehearsal
      ? out
      : Effect.andThen(report(cause, { ...request, error, message, hidden: isHidden, reference }), out)
  const author = <A>(decide: () => A, otherwise: A): A => {
    try {
      return decide()
    } catch (thrown) {
      Effect.runForkWith(context)(Effect.logError("errors: map or show threw", thrown))
      return otherwise
    }
  }
  const mapped = author(() => checkedError(map?.(error, request)), undefined)
  if (mapped !== undefined) return ends(Effect.fail(mapped), mapped.message, false)
  const isPublic = isPublicTo(error, request)
  if (author(() => shows(error, isPublic, request), false)) {
    const message = messageOf(error)
    const out = isPublic ? Effect.failCause(cause) : Effect.fail(inWords(level, message, error))
    return ends(out, message, false)
  }
  if (hidden === undefined)
    return ends(isPublic ? Effect.fail(new Hidden(error)) : Effect.failCause(cause), undefined, true)
  // the same in each round, and in a run that looks whether they are the same
  const reference = request.callId.slice(0, 8)
  const words = author(() => hidden(reference), `Internal error (reference ${reference})`)
  const out = ends(Effect.fail(inWords(level, words, error)), words, true, reference)
  if (rehearsal) return out
  const subject = logSubject(request.method, request.name)
  return Effect.andThen(Effect.logError(`${subject} failed (reference ${reference})`, cause), out)
}

/** A public error whose message shall not be read: none any more, so that the runtime hides and logs it. */
class Hidden extends Error {
  override readonly name = "HiddenError"
  constructor(cause: unknown) {
    super(`Not shown to the client: ${messageOf(cause)}`, { cause })
  }
}

const inWords = (level: Level, message: string, cause: unknown): PublicError =>
  level === "tool" ? new ToolError(message, { cause }) : new PublicError(message, { cause })

/** The error that the runtime would go by. */
const errorOf = (cause: Cause.Cause<unknown>, request: FailedRequest): unknown => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    if (isPublicTo(error, request)) return error
  }
  return Cause.squash(cause)
}

const isPublicTo = (error: unknown, { component }: FailedRequest): boolean =>
  isPublicError(error) ||
  (error instanceof Error &&
    component?.["~mcpipe/Component"].errors.some((declared) => error instanceof declared) === true)

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error))

const checkedError = (mapped: unknown): PublicError | undefined => {
  if (mapped === undefined || isPublicError(mapped)) return mapped
  throw new TypeError("errors: map must return a PublicError, a ToolError or undefined.")
}

const settingsOf = (options: ErrorsOptions<Handled<unknown>>) => {
  const read = new OptionReader("errors", options, ["map", "show", "hidden", "onError", "timeout"])
  const onError = read.fn<NonNullable<typeof options.onError>>("onError")
  const timeout = read.integer("timeout", { min: 1, max: 600_000, unit: "milliseconds" }, 5_000)
  const report = onError && callback(onError, timeout, "onError")
  return {
    map: read.fn<NonNullable<typeof options.map>>("map"),
    shows: showing(options.show, read),
    hidden: read.fn<NonNullable<typeof options.hidden>>("hidden"),
    report:
      report &&
      ((...args: Parameters<typeof report>) =>
        Effect.catchCause(report(...args), logFailure("errors: onError failed to report a failure")))
  }
}

const showing = (show: Shown | undefined, read: OptionReader<ErrorsOptions<any>>) => {
  if (typeof show === "function")
    return (error: unknown, _: boolean, request: FailedRequest) => show(error, request) === true
  const word = show ?? "public"
  if (!["public", "tool", "none"].includes(word)) read.refuse("show", `use "public", "tool", "none" or a function`)
  return (error: unknown, isPublic: boolean): boolean =>
    isPublic &&
    (word === "public" ||
      (word === "tool" && isToolError(error)) ||
      error instanceof InvalidArguments ||
      isResourceNotFound(error))
}
