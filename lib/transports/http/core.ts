import type { HttpPort, HttpPortOptions, HttpSink, InFlight, Reply, SessionLimits } from "../../protocol/exchange.ts"
import { parseJson } from "../../protocol/json.ts"
import { errorOf, type Refusal, refusal, statusOf } from "../../protocol/reasons.ts"
import type { PrincipalShape } from "../../services/principal.ts"
import { shuttingDown } from "../drain.ts"
import { refusedWhileDraining } from "../duplex.ts"
import { booleanOption, integerOption, maxTimer, show } from "../options.ts"
import { report } from "../report.ts"
import { ServeError } from "../serve-error.ts"
import type { Authenticate } from "./authenticate.ts"
import { type Gate, type GateHead, makeGate, onlyAnswers } from "./gate.ts"
import { type HostRuleOptions, hostRule } from "./hosts.ts"
import { type Pulse, pulseOf } from "./pulse.ts"
import { type Router, type RouterOptions, routerOf } from "./router.ts"

/** Options of HTTP serving, whichever adapter carries it. */
export interface HttpCoreOptions extends HostRuleOptions, RouterOptions {
  /** Path of the endpoint. Default `/mcp`. */
  readonly path?: string | undefined
  /** Whether one proxy stands before us that writes `X-Forwarded-Host`, `-Proto` and `-For`. Default false: they are ignored. */
  readonly trustProxy?: boolean | undefined
  /** Decides who is calling before the body is read. Default: everybody is anonymous. */
  readonly authenticate?: Authenticate | undefined
  /**
   * Largest body in bytes, 1 to 1 GiB; more answers 413. Default 4 MiB. Whatever its size, a message of more than 32,000
   * members, objects and arrays, 64,000 strings, 160,000 other items of arrays, or a mix that weighs as much, answers 400.
   */
  readonly maxBodyBytes?: number | undefined
  /** Deepest nesting of a message, 8 to 1,000 levels; deeper answers 400. Default 64. */
  readonly maxDepth?: number | undefined
  /**
   * Whether two members of one name are refused in every object of a message (400). Default false: only in the message itself,
   * its `params` and `params._meta`.
   */
  readonly strictJson?: boolean | undefined
  /** Milliseconds a body may take once its head has arrived; later answers 408. Default 30,000. */
  readonly bodyTimeout?: number | undefined
  /**
   * Sessions of clients up to 2025-11-25: `idleTimeout` is the milliseconds, from 1, after which one ends that has neither a
   * request in flight nor a GET stream, by default 30 minutes; `max` is how many there may be at once, from 1, by default
   * 10,000, and the one unused for longest makes room. False: no session is ever begun, every request stands for itself, and
   * nobody can be asked, told of changes or answered later.
   */
  readonly sessions?: SessionLimits | false | undefined
  /**
   * `"json"`: a POST is only ever answered by JSON, for proxies that cannot carry streams of events. In a session, progress, log
   * messages and questions then go to its GET stream; elsewhere there is no progress and no log. Default `"auto"`: a POST is
   * answered by a stream of events where something is to be told before the answer.
   */
  readonly responses?: "auto" | "json" | undefined
  /**
   * Milliseconds between signs of life on streams of events in which nothing else happens, from 100, or 0 for none. A request
   * that is not answered for so long, or for 5 seconds where its client can resume it, begins its stream. Default 15,000.
   */
  readonly keepAlive?: number | undefined
}

/** HTTP options, checked and with defaults. */
export interface HttpCore {
  readonly path: string
  readonly gate: Gate
  readonly trustProxy: boolean
  readonly authenticate: Authenticate | undefined
  readonly maxBodyBytes: number
  readonly maxDepth: number
  readonly strictJson: boolean
  readonly bodyTimeout: number
  /** How the protocol shall serve clients with sessions. */
  readonly port: HttpPortOptions
  readonly keepAlive: number
  /** Milliseconds after which a silent request begins its stream where its client can resume it. */
  readonly silence: number
  readonly pulse: Pulse
  /** What is served beside MCP. */
  readonly router: Router | undefined
}

/** Checks the options; throws a `ServeError` naming option, value and range. */
export const httpCore = (options: HttpCoreOptions, boundHost: string | undefined): HttpCore => {
  const path = options.path ?? "/mcp"
  if (typeof path !== "string" || !/^\/[^?#\s]*$/.test(path)) {
    throw new ServeError(
      `Option \`path\` is ${show(path)}: use a path that starts with "/" and has no query, such as "/mcp".`
    )
  }
  if (options.authenticate !== undefined && typeof options.authenticate !== "function") {
    throw new ServeError(
      `Option \`authenticate\` is ${show(options.authenticate)}: use a function of the request's head.`
    )
  }
  const maxBodyBytes = integerOption("maxBodyBytes", options.maxBodyBytes, 4 * 1_048_576, 1, 1_073_741_824)
  booleanOption("dangerouslyAllowAnyHost", options.dangerouslyAllowAnyHost, false)
  booleanOption("dangerouslyAllowAnyOrigin", options.dangerouslyAllowAnyOrigin, false)
  const rule = hostRule(options, boundHost)
  const sessions = sessionLimits(options.sessions)
  const { responses = "auto" } = options
  if (responses !== "auto" && responses !== "json") {
    throw new ServeError(`Option \`responses\` is ${show(responses)}: use "auto" or "json".`)
  }
  const keepAlive = options.keepAlive === 0 ? 0 : integerOption("keepAlive", options.keepAlive, 15_000, 100, maxTimer)
  return {
    path,
    gate: makeGate({
      path,
      rule,
      maxBodyBytes,
      sessions: sessions !== false,
      jsonOnly: responses === "json"
    }),
    trustProxy: booleanOption("trustProxy", options.trustProxy, false),
    authenticate: options.authenticate,
    maxBodyBytes,
    maxDepth: integerOption("maxDepth", options.maxDepth, 64, 8, 1_000),
    strictJson: booleanOption("strictJson", options.strictJson, false),
    bodyTimeout: integerOption("bodyTimeout", options.bodyTimeout, 30_000, 1, maxTimer),
    port: { sessions },
    keepAlive,
    silence: Math.min(silenceMillis, keepAlive || silenceMillis),
    pulse: pulseOf(keepAlive || silenceMillis),
    router: routerOf(options, path, rule)
  }
}

/** Streams that are begun for resuming alone are begun this late, in milliseconds: most answers are there before. */
const silenceMillis = 5_000

const sessionLimits = (sessions: HttpCoreOptions["sessions"]): SessionLimits | false => {
  if (sessions === undefined) return {}
  if (sessions === false) return false
  if (typeof sessions !== "object" || sessions === null) {
    throw new ServeError(`Option \`sessions\` is ${show(sessions)}: use { idleTimeout, max }, or false for none.`)
  }
  return {
    idleTimeout: integerOption("sessions.idleTimeout", sessions.idleTimeout, 1_800_000, 1, maxTimer),
    max: integerOption("sessions.max", sessions.max, 10_000, 1, 10_000_000)
  }
}

/** Parses a body and hands it to the protocol; `passed` is the gate's verdict. A fault of our own answers a masked 500. */
export const receiveBody = (
  port: HttpPort,
  text: string,
  { maxDepth, strictJson }: HttpCore,
  passed: number,
  head: GateHead,
  principal: PrincipalShape,
  sink: HttpSink
): InFlight | undefined => {
  try {
    if (head.method === "GET") return port.listen(head, principal, sink)
    if (head.method === "DELETE") return port.end(head, principal, sink)
    const body = parseJson(text, maxDepth, strictJson)
    if (!body.ok) {
      sink.reply(refusedReply(body.refusal))
      return undefined
    }
    const message = (passed & onlyAnswers) === 0 ? undefined : refusedWhileDraining(body.value)
    if (message !== undefined) {
      sink.reply({ status: statusOf(shuttingDown, "handshake"), headers: shuttingDown.headers, message })
      return undefined
    }
    return port.receive(body.value, head, principal, sink)
  } catch (error) {
    sink.reply(refusedReply(internalError("a request failed", error)))
    return undefined
  }
}

/** The reply that carries a transport's own refusal; its request's id is unknown, since the body was not read. */
export const refusedReply = (refused: Refusal): Reply => ({
  status: statusOf(refused, "sessionless"),
  headers: refused.headers,
  message: errorOf(refused, "sessionless", undefined)
})

/** Logs `error` and makes the masked refusal (500) that stands for it. */
export const internalError = (what: string, error: unknown): Refusal =>
  refusal("internal-error", `The server failed (correlation id ${report(what, error)}).`, { status: 500 })
