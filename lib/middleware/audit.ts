import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { PublicError } from "../builder/errors.ts"
import type { Handled, Needs, ServicesOf } from "../builder/handler.ts"
import { type Middleware, middleware, type Outcome, type RequestInfo } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import type { ByLayerOf } from "../builder/server-types.ts"
import { canonical, digest } from "../services/digest.ts"
import { Principal } from "../services/principal.ts"
import { type ClientInfo, RequestContext } from "../services/request-context.ts"
import { CallStarts } from "./call-starts.ts"
import { callback, logFailure } from "./callback.ts"
import { type Ended, type Ending, endedOf } from "./ending.ts"
import { Following, isRefusal, type Reached } from "./reached.ts"
import { stopwatch } from "./stopwatch.ts"

/** Who did what, and what came of it: one logical call. JSON data. */
export interface AuditRecord {
  /** When it ended, as ISO 8601 in UTC. */
  readonly time: string
  /** Unguessable id of the call. */
  readonly callId: string
  /** Id of the principal, `"anonymous"` where nobody was authenticated. */
  readonly principal: string
  /** What the client calls itself; nobody has checked that. */
  readonly client: ClientInfo | undefined
  readonly sessionId: string | undefined
  /** The address at the other end of the HTTP connection, which may be a proxy's; undefined on other transports. */
  readonly remoteAddress: string | undefined
  readonly method: string
  /** The tool or prompt name or the resource URI, as the server that this middleware was written on knows it. */
  readonly name: string | undefined
  /** Arguments of a tool or prompt, as the option `args` wants them. */
  readonly arguments: unknown
  /**
   * `"denied"`: a hook refused the call before its handler ran. `"error"`: arguments did not fit, the handler failed or
   * something broke. `"interrupted"`: cancelled, out of the request's time, disconnected, or the server ended.
   * `"paused"`: a round that waits for answers, only with `rounds`.
   */
  readonly outcome: Ending | "denied"
  /** For what was denied or failed, the message that the client sees. */
  readonly error: string | undefined
  /** The last round, 0 for a call that asked nothing on 2026-07-28. */
  readonly round: number
  /**
   * Milliseconds of the whole logical call, the time in which it waited for answers included; undefined where another
   * process served its first round, or over 10,000 newer calls wait.
   */
  readonly millis: number | undefined
  /** Milliseconds of this wire request. */
  readonly roundMillis: number
}

export interface AuditOptions<Ret extends Handled<unknown>> {
  /**
   * Takes each record: any function, plain, async, Effect or generator; the services its Effects need have to be given by layers.
   * The answer waits for it, so let a slow store be fed from a queue.
   */
  readonly sink: (record: AuditRecord) => Ret
  /**
   * Milliseconds a record may take, 1 to 600,000; longer is a failure, except that an Effect that cannot be interrupted is waited
   * for. Default 5,000.
   */
  readonly timeout?: number | undefined
  /**
   * What a failing sink means. `"log"`: the call goes on, the server's log has the failure and the record is lost. `"refuse"`:
   * the client gets an error instead of the result; what the handler did is done all the same. Default `"log"`.
   */
  readonly onSinkError?: "log" | "refuse" | undefined
  /**
   * Records arguments: `"digest"` as SHA-256 (base64url) of their canonical JSON, by which short ones can be guessed; a
   * function as what it gives, such as redacted ones. Default: not at all.
   */
  readonly args?: "digest" | ((args: unknown) => unknown) | undefined
  /** The MCP methods to record, such as `["tools/call"]`. Default: all that are served. */
  readonly methods?: ReadonlyArray<string> | undefined
  /** Records paused rounds too, with the outcome `"paused"`. Default false. */
  readonly rounds?: boolean | undefined
}

/**
 * Hands one record per logical call to a sink, however it ended: served, failed, denied or interrupted. Lives on the request
 * level, and looks on in calls; use it first, since what a hook outside of it refuses never comes to it, as does nothing that
 * `authenticate` or the protocol itself refuses. A call whose client never comes back with answers has no record but those
 * of `rounds`, and a round that a client sends twice has two. Used on a server and on one mounted in it, it records once.
 * @example server(info).use(audit({ sink: (record) => AuditLog.use((log) => log.append(record)) })).provide(AuditLogLive)
 */
export const audit = <Ret extends Handled<unknown>>(
  options: AuditOptions<Ret>
): Middleware<never, ByLayerOf<Needs<ServicesOf<Ret>>>> => {
  const { methods, rounds, argsOf, write } = settingsOf(options as AuditOptions<Handled<unknown>>)
  const following = new Following()
  const starts = new CallStarts()
  const record = (
    fiber: Fiber.Fiber<any, any>,
    { client, sessionId, http }: RequestContext["Service"],
    request: RequestInfo,
    ended: Ended,
    denied: boolean,
    elapsed: () => number
  ): AuditRecord => {
    const { callId, round } = request
    const whole = round === 0 ? elapsed : starts.take(callId)
    if (ended.ending === "paused" && whole !== undefined) starts.keep(callId, whole)
    return {
      time: new Date(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()).toISOString(),
      callId,
      principal: Context.getUnsafe(fiber.context, Principal).id,
      client: client.info,
      sessionId,
      remoteAddress: http?.remoteAddress,
      method: request.method,
      name: request.name,
      arguments: argsOf(request.params),
      outcome: denied ? "denied" : ended.ending,
      error: ended.message,
      round,
      millis: whole?.(),
      roundMillis: elapsed()
    }
  }
  const hookRequest = (
    next: Effect.Effect<Outcome, unknown>,
    request: RequestInfo
  ): Effect.Effect<Outcome, unknown, any> => {
    if (methods !== undefined && !methods.has(request.method)) return next
    return Effect.withFiber<Outcome, unknown, any>((fiber) => {
      const elapsed = stopwatch(fiber)
      const served = Context.getUnsafe(fiber.context as Context.Context<any>, RequestContext)
      const reached = following.begin(served)
      if (reached === undefined) return next
      return Effect.onExit(next, (exit) => {
        following.end(served)
        const ended = endedOf(exit, request)
        const made = record(fiber, served, request, ended, wasDenied(request, exit, ended, reached), elapsed)
        return ended.ending === "paused" && !rounds ? Effect.void : write(made)
      })
    })
  }
  const { hook } = following
  return middleware({ request: hookRequest, callTool: hook, readResource: hook, getPrompt: hook }) as Middleware<
    never,
    any
  >
}

const wasDenied = (
  { component, method }: RequestInfo,
  exit: Exit.Exit<Outcome, unknown>,
  { ending }: Ended,
  { inside, handler, refusal }: Reached
): boolean => {
  if (ending !== "error" || handler) return false
  if (Exit.isFailure(exit)) return isRefusal(exit)
  if (component === undefined || !followed.has(method)) return false
  // otherwise a hook outside, such as a parent's, has let nothing in
  return inside ? refusal : true
}

const followed: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"])

const settingsOf = (options: AuditOptions<Handled<unknown>>) => {
  const names = ["sink", "timeout", "onSinkError", "args", "methods", "rounds"] as const
  const read = new OptionReader("audit", options, names)
  const sink = read.fn<AuditOptions<Handled<unknown>>["sink"]>("sink") ?? read.refuse("sink", "use a function")
  const send = callback(
    sink,
    read.integer("timeout", { min: 1, max: 600_000, unit: "milliseconds" }, 5_000),
    "The audit sink"
  )
  const lost = (subject: AuditRecord) =>
    logFailure(`audit: the record of ${subject.method}, call ${subject.callId}, was not written`)
  const refuses = read.oneOf("onSinkError", ["log", "refuse"], "log") === "refuse"
  const write = (record: AuditRecord): Effect.Effect<void, unknown, any> =>
    Effect.catchCause(send(record), (cause) => {
      const logged = lost(record)(cause)
      // nobody is there to be refused
      return refuses && record.outcome !== "interrupted" ? Effect.andThen(logged, Effect.fail(refused())) : logged
    })
  return {
    methods: read.methods<string>("methods"),
    rounds: read.flag("rounds", false),
    argsOf: argsReader(read, options.args),
    write
  }
}

const refused = () => new PublicError("This call could not be recorded, so its result is withheld.")

const argsReader = (read: OptionReader<AuditOptions<any>>, args: AuditOptions<any>["args"]) => {
  if (args === undefined) return () => undefined
  if (args !== "digest" && typeof args !== "function") return read.refuse("args", `use "digest" or a function`)
  const recorded = args === "digest" ? (given: unknown) => digest(canonical(given)) : args
  return (params: RequestInfo["params"]): unknown => {
    const given = params["arguments"]
    if (given === undefined) return undefined
    try {
      return recorded(given)
    } catch {
      return "(not recorded: args threw)"
    }
  }
}
