import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Logger from "effect/Logger"
import * as References from "effect/References"
import { isPublicError } from "../builder/errors.ts"
import type { LogLevel } from "./client-log.ts"
import type { Call } from "./current-call.ts"

/** What a forwarded line becomes. */
interface ForwardedLog {
  /** What was logged; a list where it was several values. */
  readonly message?: unknown
  readonly annotations?: Readonly<Record<string, unknown>>
  /** Milliseconds since each span began. */
  readonly spans?: Readonly<Record<string, number>>
  /** The public message of the cause that was logged along. */
  readonly error?: string
}

/** The call of a context, where its client wants messages of a level. */
export type ListeningCall = (context: Context.Context<never>, level: LogLevel) => Call | undefined

/** A layer whose logger sends each line to the client of the call that logs it, beside the loggers already there. */
export const forwarding = (listening: ListeningCall): Layer.Layer<never> =>
  Layer.unwrap(
    Effect.map(
      // 30 ms that servers which forward nothing need not pay at start
      Effect.promise(() => import("effect/Logger")),
      ({ layer, make }) => layer([make(forwarder(listening))], { mergeWithExisting: true })
    )
  )

const forwarder =
  (listening: ListeningCall) =>
  (options: Logger.Options<unknown>): void => {
    const level = levels[options.logLevel]
    const call = listening(options.fiber.context, level)
    if (call?.log === undefined || sending) return
    const slow = waiting.get(call)
    if (slow !== undefined) {
      slow.left++
      return
    }
    sending = true
    try {
      const told = call.log(level, dataOf(options, call), undefined)
      if (told !== undefined) leaveOutUntil(told, call)
    } catch {
      // to throw would fail the handler for having logged; the loggers beside this one have the line
    } finally {
      sending = false
    }
  }

/** Calls whose clients read slowly: whoever logs does not wait for them. */
const waiting = new WeakMap<Call, { left: number }>()

const leaveOutUntil = (told: Promise<void>, call: Call): void => {
  const slow = { left: 0 }
  waiting.set(call, slow)
  void told.then(() => {
    waiting.delete(call)
    if (slow.left === 0) return
    const lines = slow.left === 1 ? "1 line was" : `${slow.left} lines were`
    const message = `${lines} left out here: logged faster than the client reads.`
    const more = call.log!("warning", { message }, undefined)
    if (more !== undefined) leaveOutUntil(more, call)
  })
}

/** Whatever sends a message may log as well, and what it logs must not be sent again. */
let sending = false

const levels: Readonly<Record<Logger.Options<unknown>["logLevel"], LogLevel>> = {
  All: "debug",
  Trace: "debug",
  Debug: "debug",
  Info: "info",
  Warn: "warning",
  Error: "error",
  Fatal: "critical",
  None: "debug"
}

const dataOf = ({ message, cause, date, fiber }: Logger.Options<unknown>, call: Call): ForwardedLog => {
  const parts = (Array.isArray(message) ? message : [message]).map((part) => plain(part, call))
  const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
  const spans = fiber.getRef(References.CurrentLogSpans)
  return {
    ...(parts.length === 0 ? undefined : { message: parts.length === 1 ? parts[0] : parts }),
    ...(annotations.length === 0
      ? undefined
      : { annotations: Object.fromEntries(annotations.map(([key, value]) => [key, plain(value, call)])) }),
    ...(spans.length === 0
      ? undefined
      : { spans: Object.fromEntries(spans.map(([label, start]) => [label, date.getTime() - start])) }),
    ...(cause.reasons.length === 0 ? undefined : { error: causeWords(cause, call) })
  }
}

const hidden = "An error; see the server's log."

/** Errors are as secret in a log message as in an answer: only public ones show their words. */
const errorWords = (error: Error, call: Call): string =>
  isPublicError(error) || call.errors.some((known) => error instanceof known) ? error.message : hidden

const causeWords = (cause: Cause.Cause<unknown>, call: Call): string => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    const words = error instanceof Error ? errorWords(error, call) : hidden
    if (words !== hidden) return words
  }
  return hidden
}

/** A copy of anything as JSON; never throws. */
const plain = (value: unknown, call: Call): unknown => {
  try {
    const text = JSON.stringify([value], function (this: Record<string, unknown>, key, made: unknown) {
      // errors, causes and Effects write themselves as JSON with all they hold, so what is looked at is what was logged
      const original = this[key]
      if (original instanceof Error) return errorWords(original, call)
      if (Cause.isCause(original)) return causeWords(original, call)
      if (Effect.isEffect(original)) return "An Effect."
      if (original instanceof Map) return [...original]
      if (original instanceof Set) return [...original]
      return typeof made === "bigint" || typeof made === "symbol" ? String(made) : made
    })
    return JSON.parse(text)[0]
  } catch {
    return "A value that cannot be written as JSON."
  }
}
