import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Context from "effect/Context"
import type { InFlight, Ports } from "../../protocol/exchange.ts"
import { drained, idleListeners } from "../drain.ts"
import { integerOption, maxTimer, show } from "../options.ts"
import { ServeError } from "../serve-error.ts"
import { type HttpCore, type HttpCoreOptions, httpCore } from "./core.ts"
import { answerClientError } from "./client-error.ts"
import { isLoopback, urlHost } from "./hosts.ts"
import { legacySse } from "./legacy-sse.ts"
import { type LegacySseOptions, type LegacySseSettings, legacySseSettings } from "./legacy-sse-settings.ts"
import { exchange, type NodeState } from "./node-exchange.ts"
import { followPipelined } from "./node-pipeline.ts"
import { endTurn } from "./turn-end.ts"

/** Options of the node:http server. */
export interface HttpOptions extends HttpCoreOptions {
  /** TCP port; 0 takes a free one. Default 3000. */
  readonly port?: number | undefined
  /** Address to bind. Default `127.0.0.1`; anything that is not loopback needs `hosts`. */
  readonly host?: string | undefined
  /** Milliseconds the headers of a request may take; later answers 408. Default 10,000. */
  readonly headersTimeout?: number | undefined
  /** Connections open at once, from 1; more are closed unanswered. Default: as many as the system allows. */
  readonly maxConnections?: number | undefined
  /** Milliseconds an idle connection is kept. Default 65,000: longer than the idle minute of common load balancers. */
  readonly keepAliveTimeout?: number | undefined
  /**
   * Serves clients of the 2024-11-05 transport too, which open a stream at one path and post to another: `true` for `/sse` and
   * `/messages`. Each has a session for as long as its stream is open. Default false.
   */
  readonly legacySse?: boolean | LegacySseOptions | undefined
}

/** HTTP options, checked and with defaults. */
export interface HttpSettings {
  readonly core: HttpCore
  readonly port: number
  readonly host: string
  readonly headersTimeout: number
  readonly keepAliveTimeout: number
  readonly maxConnections: number | undefined
  readonly legacySse: LegacySseSettings | undefined
}

/** A listening server. */
export interface HttpListener {
  readonly url: string
  readonly port: number
  /** Answers 503 to newcomers, finishes or after `graceMillis` interrupts what is in flight, then closes. Never rejects. */
  readonly drain: (graceMillis: number) => Promise<void>
}

/** Checks the options; throws a `ServeError` naming option, value and range. */
export const httpSettings = (options: HttpOptions): HttpSettings => {
  const host = options.host ?? "127.0.0.1"
  if (typeof host !== "string" || host === "") {
    throw new ServeError(`Option \`host\` is ${show(host)}: use an address or name to bind, such as "127.0.0.1".`)
  }
  if (!isLoopback(host) && options.hosts === undefined && options.dangerouslyAllowAnyHost !== true) {
    throw new ServeError(
      `Option \`host\` is ${show(host)}, which other machines can reach: name the hosts this server answers to, such as hosts: ["api.example.com"].`
    )
  }
  const core = httpCore(options, host)
  const legacySse = legacySseSettings(options.legacySse, core, options, host)
  for (const path of legacySse === undefined ? [] : [legacySse.path, legacySse.messagesPath]) {
    core.router?.reserve(path, "the legacy SSE endpoint")
  }
  return {
    core,
    legacySse,
    port: integerOption("port", options.port, 3000, 0, 65_535),
    host: host.replace(/^\[|\]$/g, ""),
    headersTimeout: integerOption("headersTimeout", options.headersTimeout, 10_000, 1, maxTimer),
    keepAliveTimeout: integerOption("keepAliveTimeout", options.keepAliveTimeout, 65_000, 1, maxTimer),
    maxConnections:
      options.maxConnections === undefined
        ? undefined
        : integerOption("maxConnections", options.maxConnections, 1, 1, 1_000_000)
  }
}

/**
 * Listens for MCP over HTTP; Effects of routes run in `context`. Rejects with a `ServeError` naming host, port and fix where
 * the address cannot be bound, or a service that a route uses and `context` does not have.
 */
export const listen = async (
  ports: Ports,
  settings: HttpSettings,
  context: Context.Context<never> = Context.empty()
): Promise<HttpListener> => {
  const { core, host, headersTimeout, keepAliveTimeout } = settings
  core.router?.check(context)
  const listeners = idleListeners()
  const inFlight = new Set<InFlight>()
  const state: NodeState = {
    core,
    port: ports.http(core.port),
    context,
    draining: false,
    streams: new Set(),
    legacy: settings.legacySse && (await legacySse(ports, settings.legacySse, core)),
    enter: (work) => inFlight.add(work),
    leave: (work) => {
      if (inFlight.delete(work) && inFlight.size === 0) {
        listeners.notify()
      }
    }
  }
  const server = createServer({
    headersTimeout,
    // Bodies have their own limit, counted from the end of `authenticate`; see node-exchange.ts.
    requestTimeout: 0,
    keepAliveTimeout,
    // Node looks for late headers this often, by default every 30 seconds.
    connectionsCheckingInterval: Math.max(10, Math.min(1_000, Math.floor(headersTimeout / 4)))
  })
  if (settings.maxConnections !== undefined) server.maxConnections = settings.maxConnections
  const serveOne = (request: IncomingMessage, response: ServerResponse) => {
    followPipelined(request, response)
    exchange(state, request, response)
  }
  server.on("request", serveOne)
  // Clients that ask before sending a body hear of a refusal instead of "100 Continue".
  server.on("checkContinue", serveOne)
  server.on("clientError", answerClientError)
  const port = await bind(server, settings.port, host)
  let ended: Promise<void> | undefined
  const end = async (graceMillis: number) => {
    state.draining = true
    // what has come in this turn is in flight too
    endTurn()
    for (const work of [...inFlight]) {
      work.end?.()
    }
    const legacy = state.legacy?.drain(graceMillis)
    await drained(
      {
        pending: () => inFlight.size,
        onIdle: listeners.add,
        interrupt: () => {
          for (const work of [...inFlight]) {
            work.interrupt("drained")
          }
        }
      },
      graceMillis
    )
    await legacy
    // only now: what a call in flight asks may go to them
    for (const stream of [...state.streams]) {
      stream.interrupt("drained")
    }
    await shut(server)
  }
  return {
    url: `http://${urlHost(reachable(host))}:${port}${core.path}`,
    port,
    drain: (graceMillis) => (ended ??= end(graceMillis))
  }
}

const bind = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(bindError(error, host, port))
    server.once("error", failed)
    server.listen({ port, host }, () => {
      server.off("error", failed)
      resolve((server.address() as AddressInfo).port)
    })
  })

const bindError = (error: NodeJS.ErrnoException, host: string, port: number): ServeError =>
  new ServeError(`Cannot listen on ${host}:${port} (${error.code ?? error.message}): ${bindFix(error.code)}`, {
    cause: error
  })

const bindFix = (code: string | undefined): string => {
  switch (code) {
    case "EADDRINUSE":
      return "another process uses this port; stop it, or choose another with `http: { port }` (0 takes a free one)."
    case "EACCES":
      return "this user may not use the port; choose one above 1023 with `http: { port }`."
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return 'this machine has no such address; choose another with `http: { host }`, such as "127.0.0.1".'
    default:
      return "check `http: { host, port }`."
  }
}

/** Answers still on their way out get this long, in milliseconds, before their connections are cut. */
const closingMillis = 500

const shut = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closingMillis)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })

/** An address to call, where the bound one means "all of them". */
const reachable = (host: string): string => (host === "0.0.0.0" || host === "::" ? "localhost" : host)
