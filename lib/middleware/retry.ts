import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { isPublicError } from "../builder/errors.ts"
import { type Middleware, middleware, type ToolCall } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import { AskMisuse } from "../runtime/asking.ts"
import { type LiveCall, liveCallOf } from "../runtime/live-call.ts"
import { isTimedOut } from "../builder/timeout.ts"
import { type CallMethod, callMethods, type CallSelection, Picker, selectionOptions } from "./selection.ts"
import { subjectOf } from "./subject.ts"

/** A failed attempt, as `retryIf` sees it. */
export interface FailedAttempt {
  readonly method: CallMethod
  /** The tool, prompt or URI, as the server of the middleware knows it. */
  readonly name: string
  /** 1 for the first one. */
  readonly attempt: number
}

export interface RetryOptions extends CallSelection {
  /** The most attempts of one call, the first one included: a whole number from 2 to 100. Default 3. */
  readonly attempts?: number | undefined
  /** Milliseconds before the second attempt, 0 to 3,600,000. Default 200. */
  readonly baseDelay?: number | undefined
  /** The most milliseconds between two attempts, 0 to 3,600,000. Default 10,000. */
  readonly maxDelay?: number | undefined
  /** What each delay is multiplied by to give the next, 1 to 100. Default 2. */
  readonly factor?: number | undefined
  /** The part of each delay that is left to chance, 0 to 1: at 0.5 it is 50 to 100 % of itself. Default 0.5. */
  readonly jitter?: number | undefined
  /**
   * Whether to try again after an error, typed failure or defect. Default: after unexpected errors, which clients see masked,
   * and timeouts; never after `ToolError`, `PublicError`, the classes of `errors`, or arguments that are refused.
   */
  readonly retryIf?: ((error: unknown, failed: FailedAttempt) => boolean) | undefined
  /**
   * Whether to retry tools that neither `only` names, by more than a wildcard, nor `readOnlyHint` or `idempotentHint` calls
   * harmless. Default false.
   */
  readonly dangerouslyRetryAll?: boolean | undefined
}

const thing = "retry"

const known = [
  "attempts",
  "baseDelay",
  "maxDelay",
  "factor",
  "jitter",
  "retryIf",
  "dangerouslyRetryAll",
  ...selectionOptions
] as const

/**
 * Tries failed calls again after delays that grow: tools that say they are read-only or idempotent, or that `only` names or
 * picks by a tag or function, and all resources and prompts. Within the call an attempt begins as a later round does: what was answered is not asked
 * again, a `Durable.step` that succeeded is not repeated, one that failed is. Cleanups of all attempts run when the call ends.
 * An interruption ends it at once; what runs in later attempts logs with `attempt`, its number.
 * @example server(info).use(retry({ attempts: 4, baseDelay: 100 }))
 */
export const retry = (options: RetryOptions = {}): Middleware => {
  const read = new OptionReader(thing, options, known)
  const methods = read.methods("methods", callMethods) ?? new Set(callMethods)
  const picker = new Picker(read)
  const all = read.flag("dangerouslyRetryAll", false)
  if (all && picker.vouches) {
    read.fail("dangerouslyRetryAll is for all tools, and only names some; leave one of them out.")
  }
  const policy = policyOf(read)
  const harmless = (call: ToolCall) => {
    const { annotations } = call.tool
    return all || annotations?.readOnlyHint === true || annotations?.idempotentHint === true || picker.vouchesFor(call)
  }
  return middleware({
    ...(methods.has("tools/call") && {
      callTool: (next, call) =>
        picker.takes(call) && harmless(call) ? attempted(() => next(call), policy, "tools/call", call.name) : next(call)
    }),
    ...(methods.has("resources/read") && {
      readResource: (next, read) =>
        picker.takes(read) ? attempted(() => next(read), policy, "resources/read", read.uri) : next(read)
    }),
    ...(methods.has("prompts/get") && {
      getPrompt: (next, get) =>
        picker.takes(get) ? attempted(() => next(get), policy, "prompts/get", get.name) : next(get)
    })
  })
}

interface Policy {
  readonly attempts: number
  readonly delays: Schedule.Schedule<unknown>
  readonly retryIf: NonNullable<RetryOptions["retryIf"]> | undefined
}

const policyOf = (read: OptionReader<RetryOptions>): Policy => {
  const millis = { min: 0, max: 3_600_000, unit: "milliseconds" }
  const attempts = read.integer("attempts", { min: 2, max: 100 }, 3)
  const baseDelay = read.number("baseDelay", millis, 200)
  const maxDelay = read.number("maxDelay", millis, 10_000)
  const factor = read.number("factor", { min: 1, max: 100 }, 2)
  const jitter = read.number("jitter", { min: 0, max: 1 }, 0.5)
  if (maxDelay < baseDelay) read.fail(`maxDelay is ${maxDelay}, less than baseDelay, ${baseDelay}; raise it.`)
  const retryIf = read.fn<NonNullable<RetryOptions["retryIf"]>>("retryIf")
  const growing = Schedule.exponential(baseDelay, factor)
  const delays = Schedule.modifyDelay(growing, ({ duration }) =>
    Effect.map(Random.next, (chance) => {
      const whole = Math.min(Duration.toMillis(duration), maxDelay)
      return Duration.millis(Math.round(whole * (1 - jitter * chance)))
    })
  )
  return { attempts, delays, retryIf }
}

const attempted = <A>(
  run: () => Effect.Effect<A, unknown>,
  policy: Policy,
  method: CallMethod,
  name: string
): Effect.Effect<A, unknown> =>
  Effect.withFiber((fiber) => {
    const context = fiber.context
    const call = liveCallOf(context)
    const place = call?.asked?.place()
    let attempt = 1
    const isWorth = (cause: Cause.Cause<unknown>): boolean => {
      if (attempt >= policy.attempts || call?.suspended() === true) return false
      const error = errorOf(cause)
      if (error === undefined) return false
      const { retryIf } = policy
      return retryIf === undefined ? isUnexpected(error.value, call) : retryIf(error.value, { method, name, attempt })
    }
    const subject = () => subjectOf(context, name)
    const { attempts } = policy
    return Effect.catchCause(run(), (first) => {
      if (!isWorth(first)) return Effect.failCause(first)
      return Effect.flatMap(Schedule.toStep(policy.delays), (step) => {
        const again = (cause: Cause.Cause<unknown>): Effect.Effect<A, unknown> =>
          Effect.gen(function* () {
            const [, delay] = yield* Pull.catchDone(step(yield* Clock.currentTimeMillis, undefined), () =>
              Effect.die(endless)
            )
            yield* Effect.annotateLogs(Effect.logWarning(`${subject()} failed and is tried again`, cause), {
              attempt,
              attempts,
              delay: Duration.toMillis(delay)
            })
            yield* Effect.sleep(delay)
            attempt++
            call?.asked?.rewind(place)
            const trial = Effect.annotateLogs(Effect.suspend(run), { attempt })
            return yield* Effect.catchCause(trial, (next) => {
              if (isWorth(next)) return again(next)
              return errorOf(next) === undefined || attempt < attempts
                ? Effect.failCause(next)
                : Effect.andThen(
                    Effect.annotateLogs(Effect.logWarning(`${subject()} failed in all attempts`), { attempts }),
                    Effect.failCause(next)
                  )
            })
          })
        return again(first)
      })
    })
  })

const endless = new Error("A schedule of delays has no end.")

/** What failed; undefined for an interruption, which nobody may hold up. */
const errorOf = ({ reasons }: Cause.Cause<unknown>): { readonly value: unknown } | undefined => {
  let found: { readonly value: unknown } | undefined
  for (const reason of reasons) {
    if (Cause.isInterruptReason(reason)) return undefined
    const value = Cause.isFailReason(reason) ? reason.error : reason.defect
    // what clients would be told comes first
    if (found === undefined || (isPublicError(value) && !isPublicError(found.value))) found = { value }
  }
  return found
}

const isUnexpected = (error: unknown, call: LiveCall | undefined): boolean => {
  if (isTimedOut(error)) return true
  if (isPublicError(error) || error instanceof AskMisuse) return false
  return call === undefined || !call.errors.some((declared) => error instanceof declared)
}
