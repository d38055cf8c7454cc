import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { callOf } from "./current-call.ts"

/** One progress report, as a test sees it. */
export interface ProgressReport {
  readonly progress: number
  readonly total: number | undefined
  readonly message: string | undefined
}

export interface ProgressShape {
  /**
   * Reports how far the call is, in units of the caller's choice; does nothing where the client gave no progress token.
   * Reports that do not exceed the one before are left out, because the protocol demands increasing values.
   */
  readonly report: (progress: number, total?: number, message?: string) => Effect.Effect<void>
}

/** Progress of the current call, sent to clients that asked for it (MCP basic/utilities/progress). */
export class Progress extends Context.Service<Progress, ProgressShape>()("mcpipe/Progress") {
  declare readonly "~mcpipe/supplied": "request"

  /** Reports progress of the current call; see `ProgressShape.report`. */
  static report(progress: number, total?: number, message?: string): Effect.Effect<void, never, Progress> {
    return Progress.use((service) => service.report(progress, total, message))
  }

  /** Collects reports in `seen`, for testing a handler without a server. */
  static layerTest(seen: Array<ProgressReport>): Layer.Layer<Progress> {
    return Layer.succeed(Progress, {
      report: (progress, total, message) => Effect.sync(() => void seen.push({ progress, total, message }))
    })
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static readonly live: ProgressShape = {
    report: (progress, total, message) =>
      Effect.withFiber((fiber) => {
        for (const [name, value] of [
          ["progress", progress],
          ["total", total ?? 0]
        ] as const) {
          if (!Number.isFinite(value)) {
            return Effect.die(new RangeError(`Progress.report: ${name} is ${value}; it must be a finite number.`))
          }
        }
        if (message !== undefined && typeof message !== "string") {
          return Effect.die(new TypeError(`Progress.report: message must be a string, not ${typeof message}.`))
        }
        callOf(fiber.context)?.progress?.(progress, total, message)
        return Effect.void
      })
  }
}
