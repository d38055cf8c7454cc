import type { InFlight, Ports, Reply, Sink } from "../../protocol/exchange.ts"
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

/** Options of HTTP serving, whichever adapter carries it. */
export interface HttpCoreOptions extends HostRuleOptions {
  /** Path of the endpoint. Default `/mcp`. */
  readonly path?: string | undefined
  /** Whether one proxy stands before us that writes `X-Forwarded-Host`, `-Proto` and `-For`. Default false: they are ignored. */
  readonly trustProxy?: boolean | undefined
  /** Decides who is calling before the body is read. Default: everybody is anonymous. */
  readonly authenticate?: Authenticate | undefined
  /** Largest body in bytes, 1 to 1 GiB; more answers 413. Default 4 MiB. */
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
  return {
    path,
    gate: makeGate({ path, rule: hostRule(options, boundHost), maxBodyBytes }),
    trustProxy: booleanOption("trustProxy", options.trustProxy, false),
    authenticate: options.authenticate,
    maxBodyBytes,
    maxDepth: integerOption("maxDepth", options.maxDepth, 64, 8, 1_000),
    strictJson: booleanOption("strictJson", options.strictJson, false),
    bodyTimeout: integerOption("bodyTimeout", options.bodyTimeout, 30_000, 1, maxTimer)
  }
}

/** Parses a body and hands it to the protocol; `passed` is the gate's verdict. A fault of our own answers a masked 500. */
export const receiveBody = (
  ports: Ports,
  text: string,
  { maxDepth, strictJson }: HttpCore,
  passed: number,
  head: GateHead,
  principal: PrincipalShape,
  sink: Sink
): InFlight | undefined => {
  try {
    if (head.method === "DELETE") {
      sink.reply(ports.http.end(head, principal))
      return undefined
    }
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
    return ports.http.receive(body.value, head, principal, sink)
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
