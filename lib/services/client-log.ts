import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { callOf } from "./current-call.ts"

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
export type Log = (data: unknown, logger?: string) => Effect.Effect<void>

export type ClientLogShape = { readonly [K in LogLevel]: Log } & {
  readonly log: (level: LogLevel, data: unknown, logger?: string) => Effect.Effect<void>
}

/** Log messages to the client, as far as it wants them (MCP server/utilities/logging); server logs go to `Effect.log`. */
export class ClientLog extends Context.Service<ClientLog, ClientLogShape>()("mcpipe/ClientLog") {
  declare readonly "~mcpipe/supplied": "request"

  /** Sends one message at `level`. */
  static log(level: LogLevel, data: unknown, logger?: string): Effect.Effect<void, never, ClientLog> {
    return ClientLog.use((service) => service.log(level, data, logger))
  }

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

const live = shapeOf((level, data, logger) =>
  Effect.withFiber((fiber) => {
    const call = callOf(fiber.context)
    if (call?.log === undefined || severity.get(level)! < severity.get(call.logLevel)!) return Effect.void
    call.log(level, data, logger)
    return Effect.void
  })
)
