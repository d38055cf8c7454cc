import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DefinitionError } from "../builder/errors.ts"
import { isServer } from "../builder/server.ts"
import type { Era } from "../protocol/reasons.ts"
import { handshakeRevisions } from "../protocol/revisions.ts"
import { type App, appOf, type AssembleOptions, assembleOptions, assembleServer, isApp } from "../runtime/app.ts"
import type { AssemblyError } from "../runtime/assembly-error.ts"
import type { LifespanError } from "../runtime/lifespan.ts"
import type { LogLevel, LogMessage } from "../services/client-log.ts"
import { anonymous, type PrincipalShape } from "../services/principal.ts"
import type { ProgressReport } from "../services/progress.ts"
import type { ClientInfo } from "../services/request-context.ts"
import type { Servable } from "../transports/front-door.ts"
import type { PrincipalInput } from "../transports/http/authenticate.ts"
import { answering, capabilitiesOf, type Scripts } from "./answers.ts"
import type { TestClient } from "./client.ts"
import { type Introduction, openExchanges } from "./exchange.ts"
import { makeClient } from "./make-client.ts"
import { type VirtualTime, virtualTime } from "./virtual-clock.ts"

/** Who connects, how, and who answers for the user. */
export interface ConnectOptions extends Scripts, AssembleOptions {
  /** `"sessionless"` speaks 2026-07-28, `"handshake"` 2025-11-25. Default `"sessionless"`. */
  readonly era?: Era | undefined
  /** What the client declares, in place of what its scripts say. */
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined
  /** Default `{ name: "mcpipe/testing", version: "1.0.0" }`. */
  readonly clientInfo?: ClientInfo | undefined
  /** Who is calling: an id, or more about them. Default: nobody known. */
  readonly principal?: string | PrincipalInput | undefined
  /** The least severe log messages wanted; after a handshake it takes a request to say so. Default `"info"`. */
  readonly logLevel?: LogLevel | undefined
  /** Hears of all progress; what it throws fails the call. */
  readonly onProgress?: ((report: ProgressReport) => void) | undefined
  /** Hears of all log messages; what it throws fails the call. */
  readonly onLog?: ((message: LogMessage) => void) | undefined
  /**
   * `"virtual"`: the server lives in a time of its own, which begins at 1970 and passes only by `client.clock`, and by
   * itself where layers sleep while they are built or released. Not for an app, whose layers may be built already.
   */
  readonly clock?: "virtual" | undefined
}

/**
 * Connects a client in this process to a server, which it assembles and in the end disposes of, or to an app, which it
 * leaves running. Rejects with `AssemblyError`, `LifespanError` or, for a bad option, `DefinitionError`.
 * @example await using client = await connect(main, { elicitation: [accept({ ok: true })] })
 */
export const connect = async <R, P, L>(
  served: Servable<R, P, L>,
  options: ConnectOptions = {}
): Promise<TestClient> => {
  const checked = settings(served, options)
  const time = options.clock === "virtual" ? await virtualTime() : undefined
  const app = isApp(served) ? served : appOf(assembleServer(served as never, options), time?.context)
  const dispose = isApp(served) ? async () => {} : () => disposeOf(app, time)
  try {
    const started = app["~mcpipe/App"].running()
    const running = await (time === undefined ? started : time.during(started))
    const { onProgress, onLog } = options
    const progress: Array<ProgressReport> = []
    const logs: Array<LogMessage> = []
    const exchanges = openExchanges(running, checked.me, {
      principal: checked.principal,
      answer: answering(options, time?.context ?? Context.empty()),
      onProgress: (report) => {
        progress.push(report)
        onProgress?.(report)
      },
      onLog: (message) => {
        logs.push(message)
        onLog?.(message)
      },
      moved: time?.moved ?? (() => {})
    })
    // a request without a fiber is having its state sealed or opened
    time?.watch(() => exchanges.inFlight() > running.fibers.size)
    const { era, capabilities, clientInfo } = checked.me
    let initialized: Readonly<Record<string, any>> | undefined
    if (era === "handshake") {
      const params = { protocolVersion: handshakeRevisions[0], capabilities, clientInfo }
      initialized = (await exchanges.run("initialize", params)).result
      exchanges.notify("notifications/initialized")
      if (options.logLevel !== undefined) await exchanges.run("logging/setLevel", { level: options.logLevel })
    }
    return makeClient({ running, exchanges, era, initialized, progress, logs, clock: time?.clock, dispose })
  } catch (error) {
    // why it did not begin must not be hidden by what then fails to end
    await dispose().catch(() => {})
    throw error
  }
}

/** `connect` as a scoped Effect: closing the scope closes the client. */
export const connectScoped = <R, P, L>(
  served: Servable<R, P, L>,
  options: ConnectOptions = {}
): Effect.Effect<TestClient, AssemblyError | LifespanError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => connect(served, options),
      catch: (error) => error as AssemblyError | LifespanError
    }),
    (client) => Effect.promise(client.close)
  )

const disposeOf = async (app: App, time: VirtualTime | undefined): Promise<void> => {
  if (time === undefined) return app.dispose()
  try {
    await time.during(app.dispose())
  } finally {
    await time.close()
  }
}

interface Settings {
  readonly me: Introduction
  readonly principal: PrincipalShape
}

const own = [
  "era",
  "elicitation",
  "sampling",
  "roots",
  "capabilities",
  "clientInfo",
  "principal",
  "logLevel",
  "onProgress",
  "onLog",
  "clock"
] as const satisfies ReadonlyArray<Exclude<keyof ConnectOptions, keyof AssembleOptions>>

/** Checks what types cannot: programs without them, and options that an app takes no more. */
const settings = (served: unknown, options: ConnectOptions): Settings => {
  if (!isApp(served) && !isServer(served)) {
    throw new DefinitionError(
      "connect(…) takes a server made by server({ name, version }), or an app made by assemble(server)."
    )
  }
  const known: ReadonlyArray<string> = [...own, ...assembleOptions]
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new DefinitionError(`connect has no option ${unknown}; there are ${known.join(", ")}.`)
  }
  const { era = "sessionless", clock, principal } = options
  if (era !== "sessionless" && era !== "handshake") {
    throw new DefinitionError(`connect: era is ${JSON.stringify(era)}; use "sessionless" or "handshake".`)
  }
  if (clock !== undefined && clock !== "virtual") {
    throw new DefinitionError(`connect: clock is ${JSON.stringify(clock)}; use "virtual", or leave it out.`)
  }
  if (isApp(served)) {
    const assembling = assembleOptions.find((name) => options[name] !== undefined)
    if (assembling !== undefined) {
      throw new DefinitionError(
        `${assembling} is an option of assemble(server, { ${assembling} }): this app is assembled already.`
      )
    }
    if (clock !== undefined) {
      throw new DefinitionError(
        'connect: clock: "virtual" is for a server, which connect assembles: the layers of an app live in real time.'
      )
    }
  }
  return {
    me: {
      era,
      capabilities: options.capabilities ?? capabilitiesOf(options),
      clientInfo: options.clientInfo ?? { name: "mcpipe/testing", version: "1.0.0" },
      // what a server takes for granted after a handshake
      logLevel: options.logLevel ?? "info"
    },
    principal: principalOf(principal)
  }
}

const principalOf = (given: ConnectOptions["principal"]): PrincipalShape => {
  if (given === undefined) return anonymous
  const known = typeof given === "string" ? { id: given } : given
  if (typeof known.id !== "string" || known.id === "") {
    throw new DefinitionError("connect: principal must be an id, or an object with one: a string that is not empty.")
  }
  return { ...anonymous, anonymous: false, ...known }
}
