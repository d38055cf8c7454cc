import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type Middleware, middleware } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import { calledIn } from "./called.ts"
import { type Ending, endedOf } from "./ending.ts"
import { stopwatch } from "./stopwatch.ts"

export interface TimingOptions {
  /** Name of the histogram. Default `"mcp_request_duration_seconds"`. */
  readonly metric?: string | undefined
  /**
   * Upper bounds of the buckets in seconds, positive and increasing; what is slower than the last counts in a bucket without
   * one. Default 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120 and 300, as the OpenTelemetry conventions for MCP have them.
   */
  readonly boundaries?: ReadonlyArray<number> | undefined
  /** The MCP methods to measure, such as `["tools/call"]`. Default: all that are served. */
  readonly methods?: ReadonlyArray<string> | undefined
  /**
   * Names kept apart, 1 to 100,000, where components come and go; those seen later are counted under `"(other)"`.
   * Default 1,000.
   */
  readonly maxNames?: number | undefined
}

/**
 * Measures wire requests in a histogram of Effect's `Metric` module, in seconds, with the labels `method`, `name` and
 * `outcome`; lives on the request level. A logical call of several rounds counts once among the outcomes other than
 * `"paused"`. Names are those clients use of components that exist, URI templates for resources, `""` where there is none;
 * nothing a client makes up becomes a label.
 * @example server(info).use(timing()).provide(PrometheusLive)
 */
export const timing = (options: TimingOptions = {}): Middleware => {
  const read = new OptionReader("timing", options, ["metric", "boundaries", "methods", "maxNames"])
  const methods = read.methods<string>("methods")
  const series = seriesOf(
    Metric.histogram(read.text("metric") ?? "mcp_request_duration_seconds", {
      description: "Seconds a request of an MCP client took",
      boundaries: boundariesOf(read)
    }),
    read.integer("maxNames", { min: 1, max: 100_000 }, 1_000)
  )
  return middleware((next, request) => {
    if (methods !== undefined && !methods.has(request.method)) return next
    return Effect.withFiber((fiber) => {
      const elapsed = stopwatch(fiber)
      const { context } = fiber
      return Effect.onExit(next, (exit) =>
        Effect.sync(() => {
          const name = calledIn(context)?.name ?? ""
          const metric = series(request.method, name, endedOf(exit, request).ending)
          metric.updateUnsafe(elapsed() / 1_000, fiber.context as Context.Context<never>)
        })
      )
    })
  })
}

type Histogram = Metric.Metric<number, Metric.HistogramState>

/** Labelled histograms, made once each; methods and outcomes are few, names are counted. */
const seriesOf = (histogram: Histogram, maxNames: number) => {
  const names = new Map<string, Map<string, Histogram>>()
  return (method: string, given: string, outcome: Ending): Histogram => {
    const name = names.has(given) || names.size < maxNames ? given : "(other)"
    let ofName = names.get(name)
    if (ofName === undefined) {
      ofName = new Map()
      names.set(name, ofName)
    }
    const key = `${method} ${outcome}`
    let found = ofName.get(key)
    if (found === undefined) {
      found = Metric.withAttributes(histogram, { method, name, outcome })
      ofName.set(key, found)
    }
    return found
  }
}

const standard = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]

const boundariesOf = (read: OptionReader<TimingOptions>): ReadonlyArray<number> => {
  const fits = (given: unknown) =>
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : given[i - 1]))
  read.expect("boundaries", fits, "use positive, increasing numbers of seconds, such as [0.1, 1, 10]")
  return [...(read.value("boundaries") ?? standard)]
}
