import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as EffectLevel from "effect/LogLevel"
import * as References from "effect/References"
import { type Middleware, middleware, type RequestInfo } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import { ClientLog, type LogLevel, logLevels } from "../services/client-log.ts"
import { callOf } from "../services/current-call.ts"
import { Principal } from "../services/principal.ts"
import { RequestContext } from "../services/request-context.ts"
import { type Ended, type Ending, endedOf } from "./ending.ts"
import { logSubject } from "./log-subject.ts"
import { payloadWriter, type WritePayload } from "./payload.ts"
import { stopwatch } from "./stopwatch.ts"

/** One record of `logging`: a wire request and how it ended. Fields without a value are left out. */
export interface LogRecord {
  readonly method: string
  /** The tool or prompt name or the resource URI, where the method has one. */
  readonly name?: string
  /** The same in all rounds of one logical call. */
  readonly callId: string
  /** 0 for the first wire request of a call. */
  readonly round: number
  /** Whether the call has ended; false for a round that waits for answers. True once per logical call. */
  readonly last: boolean
  readonly era: "handshake" | "sessionless"
  /** The protocol revision, such as `"2025-11-25"`. */
  readonly revision: string
  /** Id of the principal, `"anonymous"` where nobody was authenticated. */
  readonly principal: string
  readonly outcome: Ending
  /** Milliseconds this wire request took, its inner middleware included. */
  readonly millis: number
  /** For an error, the message that the client will see. */
  readonly error?: string
  /** JSON text of the params without `_meta` and `requestState`; only with `payloads`. */
  readonly params?: string
  /** JSON text of the result before a revision's words; only with `payloads`. */
  readonly result?: string
}

export interface LoggingOptions {
  /** `"stderr"` through `Effect.log` with the record as annotations, `"client"` through `ClientLog`. Default `"stderr"`. */
  readonly to?: "stderr" | "client" | undefined
  /** A record per wire request, or one per logical call: that of its last round. Default `"request"`. */
  readonly once?: "request" | "call" | undefined
  /** Level of records, in the words of RFC 5424. Default `"info"`. */
  readonly level?: LogLevel | undefined
  /** Level of records whose outcome is `"error"`. Default `"warning"`. */
  readonly errorLevel?: LogLevel | undefined
  /** The MCP methods to log, such as `["tools/call"]`. Default: all that are served. */
  readonly methods?: ReadonlyArray<string> | undefined
  /** Includes params and results. Default false. */
  readonly payloads?: boolean | undefined
  /** Characters of a payload's JSON text that are kept, 1 to 1,000,000. Default 1,000. */
  readonly maxPayload?: number | undefined
  /**
   * Changes what is shown of params, results and error messages; gets a copy of each as plain JSON data. Names and URIs stay
   * as they are.
   */
  readonly redact?: ((value: unknown) => unknown) | undefined
}

/**
 * Logs wire requests, one structured record each, however they end; lives on the request level. `last` or `once: "call"`
 * count a logical call of several rounds once.
 * @example server(info).use(logging({ payloads: true, methods: ["tools/call"] }))
 */
export const logging = (options: LoggingOptions = {}): Middleware => {
  const { methods, once, log } = settingsOf(options)
  return middleware((next, request) => {
    if (methods !== undefined && !methods.has(request.method)) return next
    return Effect.withFiber((fiber) => {
      const elapsed = stopwatch(fiber)
      return Effect.onExit(next, (exit) => {
        const ended = endedOf(exit, request)
        return once === "call" && ended.ending === "paused" ? Effect.void : log(fiber, request, ended, elapsed())
      })
    })
  })
}

type Log = (fiber: Fiber.Fiber<any, any>, request: RequestInfo, ended: Ended, millis: number) => Effect.Effect<void>

const settingsOf = (options: LoggingOptions) => {
  const read = new OptionReader("logging", options, [
    "to",
    "once",
    "level",
    "errorLevel",
    "methods",
    "payloads",
    "maxPayload",
    "redact"
  ])
  const redact = read.fn<(value: unknown) => unknown>("redact")
  const write = payloadWriter(read.integer("maxPayload", { min: 1, max: 1_000_000, unit: "characters" }, 1_000), redact)
  const payloads = read.flag("payloads", false) ? write : undefined
  const level = read.oneOf("level", logLevels, "info")
  const errorLevel = read.oneOf("errorLevel", logLevels, "warning")
  const send = read.oneOf("to", ["stderr", "client"], "stderr") === "client" ? toClient : toStderr
  const log: Log = (fiber, request, ended, millis) =>
    send(fiber, ended.ending === "error" ? errorLevel : level, ended.ending, () => {
      const error = ended.message === undefined || redact === undefined ? ended.message : shown(redact, ended.message)
      return recordOf(fiber, request, { ...ended, message: error }, millis, payloads)
    })
  return { methods: read.methods<string>("methods"), once: read.oneOf("once", ["request", "call"], "request"), log }
}

const recordOf = (
  fiber: Fiber.Fiber<any, any>,
  request: RequestInfo,
  { ending, message, result }: Ended,
  millis: number,
  write: WritePayload | undefined
): LogRecord => {
  const { era, revision } = Context.getUnsafe(fiber.context, RequestContext)
  const { method, name, callId, round } = request
  return {
    method,
    ...(name === undefined ? undefined : { name }),
    callId,
    round,
    last: ending !== "paused",
    era,
    revision,
    principal: Context.getUnsafe(fiber.context, Principal).id,
    outcome: ending,
    millis,
    ...(message === undefined ? undefined : { error: message }),
    ...(write === undefined ? undefined : { params: write(payloadOf(request.params)) }),
    ...(write === undefined || result === undefined ? undefined : { result: write(result) })
  }
}

/** What the protocol adds to params is no business of a log, and a state is long and opaque. */
const payloadOf = ({ _meta, requestState, ...params }: RequestInfo["params"]): unknown => params

const shown = (redact: (value: unknown) => unknown, message: string): string => {
  try {
    const redacted = redact(message)
    return typeof redacted === "string" ? redacted : (JSON.stringify(redacted) ?? "")
  } catch {
    return "(not shown: redact threw)"
  }
}

type Send = (
  fiber: Fiber.Fiber<any, any>,
  level: LogLevel,
  ending: Ending,
  record: () => LogRecord
) => Effect.Effect<void>

const effectLevels = {
  debug: "Debug",
  info: "Info",
  notice: "Info",
  warning: "Warn",
  error: "Error",
  critical: "Fatal",
  alert: "Fatal",
  emergency: "Fatal"
} as const satisfies Record<LogLevel, EffectLevel.LogLevel>

const toStderr: Send = (fiber, given, _, record) => {
  const level = effectLevels[given]
  if (EffectLevel.isLessThan(level, fiber.getRef(References.MinimumLogLevel))) return Effect.void
  const made = record()
  const subject = logSubject(made.method, made.name)
  return Effect.annotateLogs(Effect.logWithLevel(level)(`${subject}: ${made.outcome}`), { ...made })
}

const toClient: Send = (fiber, level, ending, record) => {
  if (callOf(fiber.context)?.log === undefined) return Effect.void
  const sent = Context.getUnsafe(fiber.context, ClientLog).log(level, record(), "requests")
  // the client may be gone, and nothing could interrupt a wait for it to read
  return ending === "interrupted" ? Effect.asVoid(Effect.forkDetach(sent, { startImmediately: true })) : sent
}
