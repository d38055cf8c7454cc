import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { forwarding } from "./client-log-forward.ts"
import { type Call, callOf, read } from "./current-call.ts"

/** The eight levels of RFC 5424, least severe first. */
export const logLevels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const

export type LogLevel = (typeof logLevels)[number]

export const isLogLevel = (u: unknown): u is LogLevel => (logLevels as ReadonlyArray<unknown>).includes(u)

const severity = new Map<LogLevel, number>(logLevels.map((level, index) => [level, index]))

/** One log message, as a test sees it. */
export interface LogMessage {
  readonly level: LogLevel
  readonly data: unknown
  readonly logger: string | undefined
}

/** Sends one message: `data` is any JSON value, `logger` names the part of the server that speaks. */
export type Log<R = never> = (data: unknown, logger?: string) => Effect.Effect<void, never, R>

export type ClientLogShape = { readonly [K in LogLevel]: Log } & {
  readonly log: (level: LogLevel, data: unknown, logger?: string) => Effect.Effect<void>
}

const sendAt =
  (level: LogLevel): Log<ClientLog> =>
  (data, logger) =>
    ClientLog.log(level, data, logger)

/**
 * Log messages to the client, as far as it wants them (MCP server/utilities/logging); server logs go to `Effect.log`. Where the
 * client reads slowly, sending waits until less than 256 KiB are unread.
 */
export class ClientLog extends Context.Service<ClientLog, ClientLogShape>()("mcpipe/ClientLog") {
  declare readonly "~mcpipe/supplied": "request"

  /** Sends one message at `level`. */
  static log(level: LogLevel, data: unknown, logger?: string): Effect.Effect<void, never, ClientLog> {
    return ClientLog.use((service) => service.log(level, data, logger))
  }

  /** Details for whoever looks for a bug. */
  static readonly debug: Log<ClientLog> = sendAt("debug")
  /** What is going on. */
  static readonly info: Log<ClientLog> = sendAt("info")
  /** Normal, but worth noticing. */
  static readonly notice: Log<ClientLog> = sendAt("notice")
  /** Something that may go wrong. */
  static readonly warning: Log<ClientLog> = sendAt("warning")
  /** Something went wrong. */
  static readonly error: Log<ClientLog> = sendAt("error")
  /** A part of the server is broken. */
  static readonly critical: Log<ClientLog> = sendAt("critical")
  /** Somebody must act now. */
  static readonly alert: Log<ClientLog> = sendAt("alert")
  /** The server cannot be used. */
  static readonly emergency: Log<ClientLog> = sendAt("emergency")

  /**
   * Sends what handlers and middleware log with `Effect.log…` to their client too, as `{ message, annotations?, spans? (ms),
   * error? }`: Trace and Debug as `debug`, Info as `info`, Warn as `warning`, Error as `error`, Fatal as `critical`. Errors
   * that are not public show no words. Effect's `MinimumLogLevel` (Info by default) has its say before. It stands beside
   * the loggers it finds: provide it on the root server, before a layer of loggers.
   * @example server(info).add(search).provide(ClientLog.forward).provide(Logger.layer([Logger.consoleJson]))
   */
  static readonly forward: Layer.Layer<never> = forwarding((context, level) => listening(context, level))

  /** Collects messages in `seen`, for testing a handler without a server. */
  static layerTest(seen: Array<LogMessage>): Layer.Layer<ClientLog> {
    return Layer.succeed(
      ClientLog,
      shapeOf((level, data, logger) => Effect.sync(() => void seen.push({ level, data, logger })))
    )
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static get live(): ClientLogShape {
    return live
  }
}

const shapeOf = (log: ClientLogShape["log"]): ClientLogShape => {
  const at =
    (level: LogLevel): Log =>
    (data, logger) =>
      log(level, data, logger)
  return {
    log,
    debug: at("debug"),
    info: at("info"),
    notice: at("notice"),
    warning: at("warning"),
    error: at("error"),
    critical: at("critical"),
    alert: at("alert"),
    emergency: at("emergency")
  }
}

const listening = (context: Context.Context<never>, level: LogLevel): Call | undefined => {
  const call = callOf(context)
  return call?.log === undefined || severity.get(level)! < severity.get(call.logLevel)! ? undefined : call
}

const live = shapeOf((level, data, logger) =>
  Effect.withFiber(({ context }) => {
    if (!isLogLevel(level)) {
      return Effect.die(new RangeError(`ClientLog.log: there is no level ${level}; there are ${logLevels.join(", ")}.`))
    }
    return read(listening(context, level)?.log?.(level, data, logger))
  })
)
