import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ErrorOf, ServicesOf, SuccessOf } from "../builder/handler.ts"
import { callOf, read, type Told } from "./current-call.ts"
import { Meter, meterOf } from "./progress-meter.ts"
import { type Track, type Tracked, type TrackOptions, trackWith } from "./progress-track.ts"

/** One progress report, as a test sees it. */
export interface ProgressReport {
  readonly progress: number
  readonly total: number | undefined
  readonly message: string | undefined
}

/**
 * All of it does nothing where the client gave no progress token; `track` then runs its work alone. Where the client reads
 * slowly, all of it waits until less than 256 KiB are unread.
 */
export interface ProgressShape {
  /**
   * Reports how far the call is, in units of the caller's choice. Reports that do not exceed the one before are left out,
   * because the protocol demands increasing values.
   */
  readonly report: (progress: number, total?: number, message?: string) => Effect.Effect<void>
  /** Says what progress counts up to, for every later report that does not name a total itself; sends nothing. */
  readonly setTotal: (total: number) => Effect.Effect<void>
  /** Reports `by` more than before, a positive number, 1 by default, with the total of the report before. */
  readonly increment: (by?: number, message?: string) => Effect.Effect<void>
  /**
   * Tells what is going on, at once. Since values must increase, the value told rises by the least there is: after
   * `report(3)` it is 3.000000000000001, and later reports and increments go on from 3.
   */
  readonly message: (text: string) => Effect.Effect<void>
  /**
   * Runs `each`, in any of the forms a handler may have, for every item, reports one more after each, and gives the
   * results in the order of the items. The number of items is added to the total, unless `setTotal` has fixed it. Fails
   * as the items or an `each` do; what is running then is interrupted.
   */
  readonly track: Track
}

/** Progress of the current call, sent to clients that asked for it (MCP basic/utilities/progress). */
export class Progress extends Context.Service<Progress, ProgressShape>()("mcpipe/Progress") {
  declare readonly "~mcpipe/supplied": "request"

  /** Reports progress of the current call; see `ProgressShape.report`. */
  static report(progress: number, total?: number, message?: string): Effect.Effect<void, never, Progress> {
    return Progress.use((service) => service.report(progress, total, message))
  }

  /** Says what progress counts up to; see `ProgressShape.setTotal`. */
  static setTotal(total: number): Effect.Effect<void, never, Progress> {
    return Progress.use((service) => service.setTotal(total))
  }

  /** Reports `by` more than before, 1 by default; see `ProgressShape.increment`. */
  static increment(by?: number, message?: string): Effect.Effect<void, never, Progress> {
    return Progress.use((service) => service.increment(by, message))
  }

  /** Tells what is going on, at once; see `ProgressShape.message`. */
  static message(text: string): Effect.Effect<void, never, Progress> {
    return Progress.use((service) => service.message(text))
  }

  /**
   * Runs `each` for every item and reports after each; see `ProgressShape.track`.
   * @example const sizes = yield* Progress.track(files, (file) => upload(file), { concurrency: 4 })
   */
  static track<A, Ret, E = never, R = never>(
    items: Tracked<A, E, R>,
    each: (item: A, index: number) => Ret,
    options?: TrackOptions<A>
  ): Effect.Effect<Array<SuccessOf<Ret>>, E | ErrorOf<Ret>, Progress | R | ServicesOf<Ret>> {
    return Progress.use((service) => service.track(items, each, options))
  }

  /** Collects in `seen` what a client would be told of one call, for testing a handler without a server. */
  static layerTest(seen: Array<ProgressReport>): Layer.Layer<Progress> {
    return Layer.sync(Progress, () => {
      const meter = new Meter((progress, total, message) => void seen.push({ progress, total, message }))
      return shapeOf(() => meter)
    })
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static get live(): ProgressShape {
    return live
  }
}

const shapeOf = (meterIn: (context: Context.Context<never>) => Meter | undefined): ProgressShape => {
  const tell = (fault: Error | undefined, to: (meter: Meter) => Told): Effect.Effect<void> =>
    Effect.withFiber(({ context }) => {
      if (fault !== undefined) return Effect.die(fault)
      const meter = meterIn(context)
      return meter === undefined ? Effect.void : read(to(meter))
    })
  return {
    report: (progress, total, message) =>
      tell(
        notFinite("report", "progress", progress) ??
          notFinite("report", "total", total ?? 0) ??
          notText("report", message),
        (meter) => meter.report(progress, total, message)
      ),
    setTotal: (total) => tell(notFinite("setTotal", "total", total), (meter) => meter.setTotal(total)),
    increment: (by = 1, message) =>
      tell(notFinite("increment", "by", by) ?? notPositive(by) ?? notText("increment", message), (meter) =>
        meter.increment(by, message)
      ),
    message: (text) => tell(notText("message", text ?? null), (meter) => meter.message(text)),
    track: (items, each, options) =>
      Effect.withFiber(({ context }) => trackWith(meterIn(context), items, each, options as TrackOptions<unknown>))
  }
}

const notFinite = (method: string, name: string, value: number): Error | undefined =>
  Number.isFinite(value)
    ? undefined
    : new RangeError(`Progress.${method}: ${name} is ${value}; it must be a finite number.`)

const notPositive = (by: number): Error | undefined =>
  by > 0 ? undefined : new RangeError(`Progress.increment: by is ${by}; progress only rises, so it must be above 0.`)

const notText = (method: string, message: unknown): Error | undefined =>
  message === undefined || typeof message === "string"
    ? undefined
    : new TypeError(
        `Progress.${method}: message must be a string, not ${message === null ? "missing" : typeof message}.`
      )

const live = shapeOf((context) => meterOf(callOf(context)))
